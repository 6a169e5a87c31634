from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.nats.durations import (
    DAY,
    HOUR,
    LONGEST,
    MINUTE,
    MS,
    SECOND,
    US,
    YEAR,
    go_duration,
    parse_duration,
    show_duration,
)
from jetshare.errors import InputError


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", 0),
        ("5s", 5 * SECOND),
        (" 300ms ", 300 * MS),
        ("1.5h", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("2d", 2 * DAY),
        ("1w", 7 * DAY),
        ("1M", 30 * DAY),
        ("1y2d", YEAR + 2 * DAY),
        ("1Y", YEAR),
        ("3us", 3 * US),
        ("3µs", 3 * US),
        ("-1s", -SECOND),
        ("+1s", SECOND),
        (".5s", 500 * MS),
    ],
)
def test_spans_are_read(text: str, span: int) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "5", "s", "1x", "1h 30m", "1e3s", "--1s", "1hs", "٣s", "300y"]
)
def test_what_is_no_span_says_so(text: str) -> None:
    with pytest.raises(InputError):
        parse_duration(text)


# What Go's Duration.String prints.
@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1100, "1.1µs"),
        (21_060_591, "21.060591ms"),
        (SECOND, "1s"),
        (90 * SECOND, "1m30s"),
        (HOUR, "1h0m0s"),
        (HOUR + 61 * SECOND + 500 * MS, "1h1m1.5s"),
        (-90 * SECOND, "-1m30s"),
        (LONGEST, "2562047h47m16.854775807s"),
    ],
)
def test_as_go_prints_them(span: int, text: str) -> None:
    assert go_duration(span) == text


@given(st.integers(-LONGEST, LONGEST))
def test_what_go_prints_is_read_again(span: int) -> None:
    assert parse_duration(go_duration(span)) == span


# What natscli's reports show.
@pytest.mark.parametrize(
    ("span", "text"),
    [
        (LONGEST, "never"),
        (0, "0s"),
        (1_499, "1µs"),
        (91_300, "91µs"),
        (50_400_000, "50ms"),
        (30 * SECOND, "30.00s"),
        (59_999 * MS, "60.00s"),
        (142 * SECOND, "2m22s"),
        (HOUR, "1h0m0s"),
        (25 * HOUR, "1d1h0m0s"),
        (YEAR + 35 * DAY, "1y35d0h0m0s"),
    ],
)
def test_as_reports_show_them(span: int, text: str) -> None:
    assert show_duration(span) == text
