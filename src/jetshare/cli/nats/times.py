"""Times in JetStream's answers, and as nats shows them: local, to the second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from jetshare.cli.nats.durations import (
    LONGEST,
    SECOND,
    go_duration,
    parse_duration,
    show_duration,
)
from jetshare.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: object) -> datetime | None:
    """A time of an answer; None where there is none, and for Go's and Unix' zero times."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    if at.tzinfo is None or at.year <= 1 or at == _EPOCH:
        return None
    return at


def show_time(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else "0001-01-01 00:00:00"


def go_time(text: str) -> str:
    """A time of an answer, to the nanosecond, as Go prints one: ``… +0000 UTC``."""
    return f"{text.removesuffix('Z').replace('T', ' ')} +0000 UTC" if text.endswith("Z") else text


def ago(at: datetime | None, answer: Mapping[str, object]) -> str:
    """How long before the answer's own time ``at`` was; ``never`` where it was not."""
    if at is None:
        return show_duration(LONGEST)
    now = read_time(answer.get("ts")) or datetime.now(UTC)
    return show_duration(nanoseconds_between(at, now))


def nanoseconds_between(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * SECOND)


def parse_until(text: str, now: datetime) -> datetime:
    """A time, ``2026-11-24 10:57:34``, or a span from ``now`` on. Raises InputError.

    A time without a zone is one of this machine's zone.
    """
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        pass
    try:
        span = parse_duration(text)
    except InputError:
        raise InputError(
            f'"{text}" is neither a time nor a duration',
            hint='write 1h30m, or "2026-11-24 10:57:34"',
        ) from None
    return datetime.fromtimestamp(now.timestamp() + span / SECOND, UTC)


def rfc3339(at: datetime) -> str:
    """A time as the server takes it, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def left_until(span: int) -> str:
    """A time that is left, to whole seconds, as Go prints it."""
    return go_duration((span + SECOND // 2) // SECOND * SECOND)
