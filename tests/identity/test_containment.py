from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.identity.containment import contained
from jetshare.identity.subjects import is_contained

# Few words, so that subjects meet; and what is no subject at all.
_TOKENS = st.sampled_from(["a", "b", "*", ">", ""])
_SUBJECTS = st.lists(_TOKENS, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("subjects", "pairs"),
    [
        ([], []),
        (["a"], []),
        (["a", "b"], []),
        (["a", "a"], [(1, 0)]),
        (["a", "a", "a"], [(1, 0), (2, 0)]),
        (["a.b", "a.*"], [(0, 1)]),
        (["a.>", "a"], []),
        (["a.>", "a.b.c"], [(1, 0)]),
        (["a.*.c", "a.b.*"], []),
        (["*", ">"], [(0, 1)]),
    ],
)
def test_a_contained_subject_comes_with_one_that_contains_it(
    subjects: list[str], pairs: list[tuple[int, int]]
) -> None:
    assert list(contained(subjects)) == pairs


@given(st.lists(_SUBJECTS, max_size=8))
def test_it_finds_what_comparing_each_with_each_finds(subjects: list[str]) -> None:
    def comes_first(one: int, other: int) -> bool:
        """Which of two that contain each other is the outer one."""
        if subjects[one] == subjects[other]:
            return one <= other
        return subjects[one].endswith(">") and not subjects[other].endswith(">")

    found = dict(contained(subjects))
    expected = {
        inner
        for inner, subject in enumerate(subjects)
        for outer, other in enumerate(subjects)
        if is_contained(subject, other)
        and not (is_contained(other, subject) and comes_first(inner, outer))
    }
    assert set(found) == expected
    for inner, outer in found.items():
        assert is_contained(subjects[inner], subjects[outer])
        assert inner != outer


def test_a_subject_of_very_many_tokens_is_no_trouble() -> None:
    deep = ".".join(["a"] * 100_000)
    assert list(contained([deep, f"{deep}.b", "a.>"])) == [(0, 2), (1, 2)]
