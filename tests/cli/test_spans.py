import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.spans import parse_expiry, show_left, show_time
from jetshare.errors import InputError

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0", 0),
        ("90d", NOW + 90 * 86400),
        ("12h", NOW + 12 * 3600),
        ("30m", NOW + 1800),
        ("2w", NOW + 14 * 86400),
        ("1M", NOW + 30 * 86400),
        ("1y", NOW + 365 * 86400),
        ("45s", NOW + 45),
        (" 7d ", NOW + 7 * 86400),
        ("2027-01-16", 1_800_057_600),
        ("2027-01-15 08:00:01 UTC", NOW + 1),
        ("2027-01-15T08:00:01Z", NOW + 1),
    ],
)
def test_an_expiry_is_a_span_or_a_date(text: str, at: int) -> None:
    assert parse_expiry(text, NOW) == at


@pytest.mark.parametrize(
    "text",
    ["", "d", "90", "-1d", "90 days", "1.5d", "2027-13-01", "2027-01-15", "yesterday", "0d", "٣d"],
)
def test_anything_else_and_the_past_are_refused_with_the_forms(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_expiry(text, NOW)
    assert "90d" in refused.value.hint


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        at = parse_expiry(text, NOW)
    except InputError:
        return
    assert at == 0 or at > NOW


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        (0, "never expires"),
        (NOW, "expired"),
        (NOW - 1, "expired"),
        (NOW + 59, "59 s left"),
        (NOW + 3661, "1 h 1 min left"),
        (NOW + 90 * 86400 + 7200, "90 d 2 h left"),
    ],
)
def test_the_time_left_is_told_in_two_units(until: int, shown: str) -> None:
    assert show_left(until, NOW) == shown


def test_a_time_is_shown_in_utc_and_one_out_of_range_as_it_is() -> None:
    assert show_time(NOW) == "2027-01-15 08:00:00 UTC"
    assert show_time(10**18) == f"{10**18} s"
