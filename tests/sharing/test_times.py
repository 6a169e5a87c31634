import pytest

from jetshare.sharing.times import show_left, show_time

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC


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
