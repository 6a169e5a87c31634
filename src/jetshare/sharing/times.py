"""Times and lengths of time as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def show_time(at: int) -> str:
    """A time of a document, in UTC: ``2027-01-31 12:00:00 UTC``."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{at} s"


def show_span(left: int) -> str:
    """A length of time in its two largest units, from seconds: ``89 d 23 h``."""
    parts = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def show_left(until: int, now: int) -> str:
    """How long a token is still good that ends at ``until``, which is 0 for one without end."""
    if not until:
        return "never expires"
    return "expired" if until <= now else f"{show_span(until - now)} left"
