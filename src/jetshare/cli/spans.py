"""Times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jetshare.errors import InputError

_SPAN = re.compile(r"(\d+)\s*(s|m|h|d|w|M|y)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%SZ")
_HINT = "write a span (90d, 12h, 1y), a date (2027-01-31), or never"


def parse_expiry(text: str, now: int) -> int:
    """``90d``, ``2027-01-31``, ``2027-01-31 12:00:00 UTC``, ``never`` or ``0``, as Unix seconds.

    The forms are nsc's (``s m h d w M y``; M is 30 days, y 365); a time that is
    already past is refused.
    """
    text = text.strip()
    if text in ("never", "0"):
        return 0
    at = _parse(text, now)
    if at <= now:
        raise InputError(f'"{text}" is in the past', hint=_HINT)
    return at


def _parse(text: str, now: int) -> int:
    if match := _SPAN.fullmatch(text):
        return now + int(match[1]) * _SECONDS[match[2]]
    for form in _FORMS:
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    raise InputError(f'"{text}" is no expiry', hint=_HINT)
