import pytest

from jetshare.net.go_duration import parse_go_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("1m30s", 90.0),
        ("1h0m0s", 3600.0),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("100µs", 1e-4),
        ("7us", 7e-6),
        ("3ns", 3e-9),
        ("2m", 120.0),
        ("", None),
        ("soon", None),
        ("1s soon", None),
        ("10", None),
        ("-1s", None),
    ],
)
def test_durations_as_go_prints_them(text: str, seconds: float | None) -> None:
    assert parse_go_duration(text) == (None if seconds is None else pytest.approx(seconds))
