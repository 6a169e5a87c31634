"""The values of flags, as Go and the libraries of nsc read and show them.

Each reader raises ValueError with what is wrong.
"""

from __future__ import annotations

import re

_TRUE = ("1", "t", "true")
_FALSE = ("0", "f", "false")

_UNITS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgtpe", 1):
    _UNITS[_letter] = _UNITS[f"{_letter}b"] = 1000**_power
    _UNITS[f"{_letter}i"] = _UNITS[f"{_letter}ib"] = 1024**_power
_SIZE = re.compile(r"(-?)\s*([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s*([A-Za-z]*)")

_NANOSECONDS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_INT64 = 2**63


def switch(text: str) -> bool:
    """What Go's ``strconv.ParseBool`` takes."""
    lower = text.lower()
    if lower in _TRUE:
        return True
    if lower in _FALSE:
        return False
    raise ValueError("must be true or false")


def number(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        raise ValueError("must be a whole number")
    return _int64(int(text))


def size(text: str) -> int:
    """Bytes or a count: ``64M`` is 64,000,000, ``1GiB`` 1,073,741,824, ``-1`` no limit."""
    found = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(found[3].lower()) if found else None
    if found is None or unit is None:
        raise ValueError("must be a number, with a unit such as k, M, G or GiB if it is large")
    amount = _times(found[2].replace(",", ""), unit)
    return _int64(-amount if found[1] else amount)


def several(text: str) -> tuple[str, ...]:
    """Words with commas between them; one with a comma in it stands in double quotes."""
    if '"' not in text:
        return tuple(text.split(",")) if text else ()
    import csv

    rows = list(csv.reader([text], strict=True))
    return tuple(rows[0]) if rows else ()


def duration(text: str) -> int:
    """Nanoseconds of a duration in Go's spelling: ``300ms``, ``1h30m``, ``-2s``, ``0``."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    parts = list(_DURATION.finditer(rest))
    if not parts or "".join(part[0] for part in parts) != rest:
        raise ValueError("must be a duration such as 300ms, 5s or 1h30m")
    return _int64(sign * sum(_times(part[1], _NANOSECONDS[part[2]]) for part in parts))


def show_duration(nanoseconds: int) -> str:
    """The same as Go prints it: ``2s``, ``1h30m0s``, ``1.5ms``."""
    if nanoseconds == 0:
        return "0s"
    sign, left = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if left < _NANOSECONDS["s"]:
        for unit in ("ms", "µs", "ns"):
            if left >= _NANOSECONDS[unit]:
                return f"{sign}{_decimal(left, _NANOSECONDS[unit])}{unit}"
    hours, left = divmod(left, _NANOSECONDS["h"])
    minutes, left = divmod(left, _NANOSECONDS["m"])
    start = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{start}{_decimal(left, _NANOSECONDS['s'])}s"


def show_size(count: int) -> str:
    """Bytes in three digits, decimal units: ``64 MB``, ``1.0 GB``."""
    if count < 10:
        return f"{count} B"
    value, unit = float(count), 0
    while value >= 1000 and unit < 6:
        value, unit = value / 1000, unit + 1
    value = int(value * 10 + 0.5) / 10
    shown = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return f"{shown} {'B' if not unit else 'kMGTPE'[unit - 1] + 'B'}"


def _times(decimal: str, unit: int) -> int:
    """``1.5`` times a unit, without the rounding of floats; what is left over is cut."""
    whole, _, fraction = decimal.partition(".")
    ones: int = 10 ** len(fraction)
    return int(f"0{whole}{fraction}") * unit // ones


def _decimal(count: int, unit: int) -> str:
    whole, fraction = divmod(count, unit)
    if not fraction:
        return str(whole)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}"


def _int64(value: int) -> int:
    if not -_INT64 <= value < _INT64:
        raise ValueError("is out of range")
    return value
