"""Texts that documents hold as sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.editing import lists

TEXTS = st.lists(st.text(min_size=1, max_size=2), max_size=6, unique=True).map(tuple)


@pytest.mark.parametrize(
    ("held", "add", "remove", "after"),
    [
        ((), (), (), ()),
        (("b", "a"), (), (), ("b", "a")),
        (("b", "a"), ("a",), ("x",), ("b", "a")),
        (("b",), ("c", "a"), (), ("a", "b", "c")),
        (("b", "a", "c"), (), ("a",), ("b", "c")),
        (("a",), ("b",), ("b",), ("a",)),
        (("a",), ("",), (), ("a",)),
    ],
)
def test_changed(
    held: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    after: tuple[str, ...],
) -> None:
    assert lists.changed(held, add, remove) == after


@given(TEXTS, TEXTS, TEXTS)
def test_a_change_that_was_made_changes_nothing_more(
    held: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    after = lists.changed(held, add, remove)
    assert set(after) == (set(held) | set(add)) - set(remove)
    assert lists.changed(after, add, remove) == after


def test_added_keeps_the_order_in_which_they_came() -> None:
    assert lists.added(("b",), ("a", "b", "", "a", "c")) == ("b", "a", "c")
    assert lists.removed(("b", "a", "c"), ("a", "x")) == ("b", "c")
