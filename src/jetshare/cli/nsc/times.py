"""Times as nsc reads and shows them, all in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from jetshare.errors import InputError

_SPAN = re.compile(r"(-?[0-9]+)([mhdwMy])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS = {"M": 1, "y": 12}
_EXACT = "%Y-%m-%d %H:%M:%S UTC"
_HINT = "write yyyy-mm-dd, a span such as 90d, 12h, 2M or 1y, or 0 for always"

_DAY = 86400
_WEEK, _MONTH, _YEAR = 7 * _DAY, 30 * _DAY, 365 * _DAY
# up to how many seconds, in what words, counted in what
_WORDS = (
    (1, "now", 1),
    (2, "1 second", 1),
    (60, "{} seconds", 1),
    (120, "1 minute", 1),
    (3600, "{} minutes", 60),
    (7200, "1 hour", 1),
    (_DAY, "{} hours", 3600),
    (2 * _DAY, "1 day", 1),
    (_WEEK, "{} days", _DAY),
    (2 * _WEEK, "1 week", 1),
    (_MONTH, "{} weeks", _WEEK),
    (2 * _MONTH, "1 month", 1),
    (_YEAR, "{} months", _MONTH),
    (18 * _MONTH, "1 year", 1),
    (2 * _YEAR, "2 years", 1),
    (37 * _YEAR, "{} years", _YEAR),
)


def read_limit(text: str, what: str, now: int) -> int | None:
    """``--start`` or ``--expiry``: Unix seconds, 0 for always, None where it was not given."""
    if not text:
        return None
    found = _parse(text.strip(), now)
    if found is None:
        raise InputError(f'{what} "{text}" is invalid', hint=_HINT)
    return found


def _parse(text: str, now: int) -> int | None:
    if text == "0":
        return 0
    if span := _SPAN.fullmatch(text):
        return _after(now, int(span[1]), span[2])
    for form in (_EXACT, "%Y-%m-%d"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None


def _after(now: int, count: int, unit: str) -> int | None:
    if not count:
        return 0
    try:
        if unit in _SECONDS:
            return now + count * _SECONDS[unit]
        at = datetime.fromtimestamp(now, UTC)
        months = at.year * 12 + at.month - 1 + count * _MONTHS[unit]
        # A day that the month does not have runs over into the next, as for Go.
        first = at.replace(year=months // 12, month=months % 12 + 1, day=1)
        return int((first + timedelta(days=at.day - 1)).timestamp())
    except (ValueError, OverflowError):
        return None


def read_moment(text: str, now: int) -> int:
    """``--at``: RFC 3339 or Unix seconds; 0 stands for now."""
    text = text.strip()
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text) or now
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return int(at.timestamp())
    except (ValueError, OverflowError):
        pass
    raise InputError(
        f'provided value "{text}" is not a number nor parsable as RFC3339',
        hint="write seconds since 1970, or 2026-11-24T09:00:00Z",
    )


def show(at: int) -> str:
    """``2026-11-24 09:02:06 UTC``; nothing where there is no limit."""
    return _format(at, _EXACT) if at else ""


def show_rfc3339(at: int) -> str:
    return _format(at, "%Y-%m-%dT%H:%M:%SZ")


def show_rfc1123(at: int) -> str:
    return _format(at, "%a, %d %b %Y %H:%M:%S UTC")


def show_distance(at: int, now: int) -> str:
    """``In 2 Months``, ``3 Days Ago``."""
    seconds = abs(at - now)
    for limit, words, unit in _WORDS:
        if seconds < limit:
            shown = words.format(seconds // unit)
            break
    else:
        shown = "a long while"
    return (f"{shown} ago" if at < now else f"in {shown}").title()


def _format(at: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return f"{at} s"
