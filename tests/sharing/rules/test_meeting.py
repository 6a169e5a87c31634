"""Overlaps found in a tree are those that comparing each with each finds."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from jetshare.identity.subjects import overlaps
from jetshare.sharing.rules.meeting import overlapping

_TOKENS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=4)
_SUBJECTS = st.builds(
    lambda tokens, rest: ".".join([*tokens, ">"] if rest else tokens), _TOKENS, st.booleans()
)


@given(st.lists(_SUBJECTS, max_size=12))
def test_the_tree_finds_what_comparing_all_finds(subjects: list[str]) -> None:
    pairs = combinations(range(len(subjects)), 2)
    expected = {(i, j) for i, j in pairs if overlaps(subjects[i], subjects[j])}
    assert set(overlapping(subjects)) == expected
