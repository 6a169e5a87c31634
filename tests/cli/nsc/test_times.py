"""Times as nsc reads and shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jetshare.cli.nsc import times
from jetshare.errors import InputError

NOW = int(datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC).timestamp())
DAY = 86400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", 0),
        ("0d", 0),
        ("5m", NOW + 300),
        ("2h", NOW + 7200),
        ("90d", NOW + 90 * DAY),
        ("1w", NOW + 7 * DAY),
        ("-1d", NOW - DAY),
        ("1M", at("2026-03-03T12:00:00")),  # there is no 31 February, so it runs over
        ("12M", at("2027-01-31T12:00:00")),
        ("1y", at("2027-01-31T12:00:00")),
        ("2027-05-06", at("2027-05-06T00:00:00")),
        ("2027-05-06 07:08:09 UTC", at("2027-05-06T07:08:09")),
    ],
)
def test_limits(text: str, moment: int) -> None:
    assert times.read_limit(text, "expiry", NOW) == moment


def test_a_limit_that_was_not_given() -> None:
    assert times.read_limit("", "expiry", NOW) is None


@pytest.mark.parametrize(
    "text", ["x", "1", "1.5d", "3 d", "x3d", "3dx", "2027-13-01", "2027/05/06", "99999999y"]
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(InputError, match="expiry") as caught:
        times.read_limit(text, "expiry", NOW)
    assert "yyyy-mm-dd" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", NOW),
        ("1001", 1001),
        ("2026-11-24T09:00:00Z", at("2026-11-24T09:00:00")),
        ("2026-11-24T10:00:00+01:00", at("2026-11-24T09:00:00")),
    ],
)
def test_moments(text: str, moment: int) -> None:
    assert times.read_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["x", "2026-11-24", "2026-11-24T09:00:00", "1.5"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(InputError, match="RFC3339"):
        times.read_moment(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "In Now"),
        (1, "In 1 Second"),
        (59, "In 59 Seconds"),
        (60, "In 1 Minute"),
        (3600, "In 1 Hour"),
        (5 * 3600, "In 5 Hours"),
        (DAY, "In 1 Day"),
        (6 * DAY, "In 6 Days"),
        (7 * DAY, "In 1 Week"),
        (29 * DAY, "In 4 Weeks"),
        (30 * DAY, "In 1 Month"),
        (89 * DAY, "In 2 Months"),
        (365 * DAY, "In 1 Year"),
        (600 * DAY, "In 2 Years"),
        (3 * 365 * DAY, "In 3 Years"),
        (-DAY, "1 Day Ago"),
    ],
)
def test_distances(seconds: int, words: str) -> None:
    assert times.show_distance(NOW + seconds, NOW) == words


def test_how_times_are_shown() -> None:
    assert times.show(0) == ""
    assert times.show(NOW) == "2026-01-31 12:00:00 UTC"
    assert times.show_rfc3339(NOW) == "2026-01-31T12:00:00Z"
    assert times.show_rfc1123(NOW) == "Sat, 31 Jan 2026 12:00:00 UTC"
    assert times.show(10**18) == f"{10**18} s"
