"""Until when a grant lasts that a cure makes again: no longer than the one that it mends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from jetshare.identity.claims import Activation, Claims

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60))


def old_end(tokens: Iterable[Claims[Activation]], now: int) -> str:
    """The end of a grant that is made again, as both command lines read it.

    It is the date of the old end, and where that is over a span as long as the old one was.
    Empty where the tokens have no end, or where there are none to tell.
    """
    held = [token for token in tokens if token.exp]
    ahead = [token.exp for token in held if token.exp > now]
    if ahead:
        return _date(min(ahead))
    return as_long(max(held, key=lambda token: token.exp)) if held else ""


def as_long(token: Claims[Activation]) -> str:
    """The span from a token's issue to its end, such as ``90d``: whole minutes at least."""
    length = token.exp - token.iat
    for unit, seconds in _UNITS:
        if length >= 2 * seconds:
            return f"{round(length / seconds)}{unit}"
    return "1m"


def _date(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return ""  # beyond all calendars, which is no end
