"""Numbers and amounts of bytes as nats takes and shows them."""

from __future__ import annotations

import re

from jetshare.errors import InputError

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SHIFTS = {"B": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_BYTES = re.compile(r"(\d+)\s*(?:([KMGT])(?:I?B)?|(B))?", re.IGNORECASE | re.ASCII)
_MOST = (1 << 63) - 1


def parse_bytes(text: str) -> int:
    """``10MB``, ``1GiB``, ``512`` or any negative number, which is no limit (-1).

    K is 1024 in all of its spellings, as in natscli ``ParseStringAsBytes``.
    """
    words = text.strip()
    if re.fullmatch(r"-\d+", words):
        return -1
    found = _BYTES.fullmatch(words)
    if found is None:
        raise InputError(
            f'"{text}" is no amount of bytes', hint="write a number with B, KB, MB, GB or TB, or -1"
        )
    amount = int(found[1]) << _SHIFTS[(found[2] or found[3] or "B").upper()]
    if amount > _MOST:
        raise InputError(f'"{text}" is more bytes than a stream can count', hint="write fewer")
    return amount


def show_bytes(amount: int) -> str:
    """In powers of 1024, with one decimal below ten: ``1.5 KiB``, ``300 B``."""
    if amount < 10:
        return f"{amount} B"
    size, power = amount, 0
    while size >= 1024 and power < len(_SIZES) - 1:
        size, power = size // 1024, power + 1
    value = int(amount / 1024**power * 10 + 0.5) / 10
    return f"{value:.{1 if value < 10 else 0}f} {_SIZES[power]}" if power else f"{amount} B"


def show_number(number: int) -> str:
    return f"{number:,}"
