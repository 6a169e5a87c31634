from __future__ import annotations

import pytest

from jetshare.editing import terms
from support.accounts import account


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, (5, 9)),
        ({"start": 7}, (7, 9)),
        ({"expires": 11}, (5, 11)),
        ({"start": 0, "expires": 0}, (0, 0)),
    ],
)
def test_times(change: dict[str, int], after: tuple[int, int]) -> None:
    claims = terms.set_times(terms.set_times(account(), start=5, expires=9), **change)
    assert (claims.nbf, claims.exp) == after


def test_tags_are_lower_case_and_sorted() -> None:
    claims = terms.set_tags(account(), add=(" Zone:EU ", "a"))
    assert claims.nats.tags == ("a", "zone:eu")
    assert terms.set_tags(claims, remove=("ZONE:eu",)).nats.tags == ("a",)


def test_the_same_tags_in_another_order_are_no_change() -> None:
    claims = account(tags=("b", "a"))
    assert terms.set_tags(claims, add=("A", "B")) == claims
