from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jetshare.cli.nats.durations import SECOND
from jetshare.cli.nats.times import (
    ago,
    go_time,
    left_until,
    parse_until,
    read_time,
    rfc3339,
    show_time,
)
from jetshare.errors import InputError

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_calcutta(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_times_are_read_to_the_microsecond_and_shown_here() -> None:
    at = read_time("2026-11-24T10:59:03.03304397Z")
    assert at == datetime(2026, 11, 24, 10, 59, 3, 33043, tzinfo=UTC)
    assert show_time(at) == "2026-11-24 16:29:03"


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "", "x", None, 5]
)
def test_no_time(value: object) -> None:
    assert read_time(value) is None
    assert show_time(None) == "0001-01-01 00:00:00"


def test_as_go_prints_one() -> None:
    assert go_time("2026-11-24T10:59:03.091887297Z") == "2026-11-24 10:59:03.091887297 +0000 UTC"


def test_how_long_ago_by_the_answers_own_clock() -> None:
    assert ago(NOW, {"ts": "2026-11-24T10:02:22Z"}) == "2m22s"
    assert ago(None, {}) == "never"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1h30m", NOW + timedelta(minutes=90)),
        ("2026-11-24 10:57:34", datetime(2026, 11, 24, 5, 27, 34, tzinfo=UTC)),
        ("2026-11-24T10:57:34Z", datetime(2026, 11, 24, 10, 57, 34, tzinfo=UTC)),
    ],
)
def test_until(text: str, at: datetime) -> None:
    assert parse_until(text, NOW) == at


def test_until_never() -> None:
    with pytest.raises(InputError, match="neither a time nor a duration"):
        parse_until("tomorrow", NOW)


def test_as_the_server_takes_it() -> None:
    there = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 1, 1, 2, tzinfo=there)) == "2026-01-01T00:00:00Z"


def test_what_is_left_is_in_whole_seconds() -> None:
    assert left_until(3600 * SECOND - 1) == "1h0m0s"
