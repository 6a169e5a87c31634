from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.nats.figures import parse_bytes, show_bytes, show_number
from jetshare.errors import InputError


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("512", 512),
        ("-1", -1),
        ("-20", -1),
        ("10B", 10),
        ("1K", 1024),
        ("1kb", 1024),
        ("1KiB", 1024),
        ("2M", 2 << 20),
        ("3GB", 3 << 30),
        ("1 TB", 1 << 40),
    ],
)
def test_amounts_are_read(text: str, amount: int) -> None:
    assert parse_bytes(text) == amount


@pytest.mark.parametrize("text", ["", "x", "1X", "1.5MB", "MB", "99999999TB", "1 2"])
def test_what_is_no_amount_says_so(text: str) -> None:
    with pytest.raises(InputError):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (300, "300 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (10 * 1024, "10 KiB"),
        (1 << 20, "1.0 MiB"),
        (256 << 20, "256 MiB"),
        (1 << 62, "4.0 EiB"),
    ],
)
def test_amounts_are_shown(amount: int, text: str) -> None:
    assert show_bytes(amount) == text


@given(st.integers(0, 1 << 39), st.sampled_from(("K", "KB", "KiB")))
def test_kilobytes_are_1024_in_every_spelling(count: int, unit: str) -> None:
    assert parse_bytes(f"{count}{unit}") == count * 1024


def test_numbers_have_commas() -> None:
    assert show_number(1234567) == "1,234,567"
