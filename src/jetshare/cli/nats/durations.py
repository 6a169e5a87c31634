"""Spans of time as nats takes and shows them, in nanoseconds.

Source: fisk ``ParseDuration`` for the units beyond Go's own (a day is 24 hours, a month
30 days, a year 365 days), Go ``Duration.String``, natscli ``columns.HumanizeDuration``.
"""

from __future__ import annotations

import re

from jetshare.errors import InputError

US, MS, SECOND = 1_000, 1_000_000, 1_000_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR
LONGEST = (1 << 63) - 1  # Go's largest, which stands for "never"

_UNITS = {
    "ns": 1,
    "us": US,
    "µs": US,
    "ms": MS,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "D": DAY,
    "w": 7 * DAY,
    "W": 7 * DAY,
    "M": 30 * DAY,
    "y": YEAR,
    "Y": YEAR,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|[smhdDwWMyY])", re.ASCII)
_WHOLE = re.compile(rf"([-+]?)((?:{_PART.pattern})+)", re.ASCII)


def parse_duration(text: str) -> int:
    """``1d12h``, ``250ms``, ``-1s`` or ``0``. Raises InputError."""
    words = text.strip()
    if words == "0":
        return 0
    found = _WHOLE.fullmatch(words)
    if found is None:
        raise InputError(
            f'"{text}" is no duration', hint="write a number and its unit: 30s, 5m, 1h30m, 2d"
        )
    total = sum(_span(part[1], _UNITS[part[2]]) for part in _PART.finditer(found[2]))
    if total > LONGEST:
        raise InputError(f'"{text}" is longer than 292 years', hint="write a shorter duration")
    return -total if found[1] == "-" else total


def _span(number: str, unit: int) -> int:
    """A decimal number of a unit, cut to whole nanoseconds."""
    whole, _, part = number.partition(".")
    scale: int = 10 ** len(part)
    return int(whole or 0) * unit + int(part or 0) * unit // scale


def go_duration(span: int) -> str:
    """As Go prints a duration: ``1m30s``, ``21.060591ms``, ``0s``."""
    if span == 0:
        return "0s"
    sign, left = ("-", -span) if span < 0 else ("", span)
    for unit, size in (("ns", 1), ("µs", US), ("ms", MS)):
        if left < size * 1000:
            return f"{sign}{_decimal(left, size)}{unit}"
    hours, left = divmod(left, HOUR)
    minutes, left = divmod(left, MINUTE)
    text = f"{_decimal(left, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return sign + (f"{hours}h{text}" if hours else text)


def show_duration(span: int) -> str:
    """As nats shows a span in a report: two decimals below a minute, whole seconds above."""
    if span == LONGEST:
        return "never"
    if span < MS:
        return go_duration(_rounded(span, US))
    if span < SECOND:
        return go_duration(_rounded(span, MS))
    seconds = span // SECOND
    if seconds < 60:
        return f"{span / SECOND:.2f}s"
    parts: list[str] = []
    for unit, size in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60)):
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return "".join(parts) + f"{seconds}s"


def _decimal(span: int, size: int) -> str:
    whole, part = divmod(span, size)
    if not part:
        return str(whole)
    return f"{whole}.{str(part).zfill(len(str(size)) - 1).rstrip('0')}"


def _rounded(span: int, to: int) -> int:
    """To the nearest multiple, halves away from zero, as Go's ``Duration.Round``."""
    sign = -1 if span < 0 else 1
    return sign * ((abs(span) + to // 2) // to * to)
