import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.spans import parse_expiry
from jetshare.errors import InputError

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0", 0),
        ("never", 0),
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
