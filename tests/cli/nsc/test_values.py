"""Values of flags: sizes, durations and lists, as Go and nsc read and print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.nsc import values

INT64 = st.integers(-(2**63) + 1, 2**63 - 1)


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("0", 0),
        ("-1", -1),
        ("64M", 64_000_000),
        ("64m", 64_000_000),
        ("1G", 1_000_000_000),
        ("1GiB", 2**30),
        ("1gib", 2**30),
        ("1 KB", 1000),
        ("1.5k", 1500),
        ("1,000", 1000),
        ("10b", 10),
        ("2TiB", 2 * 2**40),
    ],
)
def test_sizes(text: str, bytes_: int) -> None:
    assert values.size(text) == bytes_


@pytest.mark.parametrize("text", ["", "x", "1X", "1 2", "--1", "1e3", "M", "9E9E", "99999P"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|out of range"):
        values.size(text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1s", 10**9),
        ("2s", 2 * 10**9),
        ("300ms", 300 * 10**6),
        ("1h30m", 5400 * 10**9),
        ("1.5h", 5400 * 10**9),
        (".5s", 5 * 10**8),
        ("1.s", 10**9),
        ("-2s", -2 * 10**9),
        ("+2s", 2 * 10**9),
        ("7us", 7000),
        ("7µs", 7000),
        ("9ns", 9),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert values.duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "s", "1d", "1s x", "1 s", ".s", "-", "1h-30m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        values.duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (2 * 10**9, "2s"),
        (90 * 10**9, "1m30s"),
        (5400 * 10**9, "1h30m0s"),
        (3600 * 10**9, "1h0m0s"),
        (1_500_000, "1.5ms"),
        (1_500, "1.5µs"),
        (1, "1ns"),
        (1_100_000_000, "1.1s"),
        (-2 * 10**9, "-2s"),
    ],
)
def test_durations_as_go_prints_them(nanoseconds: int, text: str) -> None:
    assert values.show_duration(nanoseconds) == text


@given(INT64)
def test_a_duration_is_read_as_it_was_printed(nanoseconds: int) -> None:
    assert values.duration(values.show_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (10, "10 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1500, "1.5 kB"),
        (64_000_000, "64 MB"),
        (1_000_000_000, "1.0 GB"),
        (1_073_741_824, "1.1 GB"),
    ],
)
def test_sizes_as_nsc_shows_them(count: int, text: str) -> None:
    assert values.show_size(count) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        ('"a,b",c', ("a,b", "c")),
        ("a b", ("a b",)),
    ],
)
def test_lists(text: str, words: tuple[str, ...]) -> None:
    assert values.several(text) == words


@pytest.mark.parametrize(("text", "on"), [("true", True), ("T", True), ("1", True), ("0", False)])
def test_switches(text: str, on: bool) -> None:
    assert values.switch(text) is on


@pytest.mark.parametrize("text", ["", "yes", "2"])
def test_what_is_no_switch(text: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        values.switch(text)


@pytest.mark.parametrize("text", ["", "1.5", "x", "٣", "1_000", str(2**63)])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole number|out of range"):
        values.number(text)
