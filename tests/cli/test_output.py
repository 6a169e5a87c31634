"""What is shown to a person is text, and nothing that a terminal obeys."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.cli.output import plain, plain_text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain, and zwölf", "plain, and zwölf"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("one\rtwo", "one\\x0dtwo"),
        ("one\r\ntwo\n\tthree", "one\ntwo\n\tthree"),
        ("\u202eover", "\\x202eover"),
    ],
)
def test_what_is_no_text_is_spelt_out(said: str, shown: str) -> None:
    assert plain_text(said) == shown


@given(st.text())
def test_no_control_character_is_left(said: str) -> None:
    kept = {unicodedata.category(char) for char in plain_text(said) if char not in "\n\t"}
    assert not {category for category in kept if category.startswith(("C", "Zl", "Zp"))}
    assert plain(said).isprintable()
