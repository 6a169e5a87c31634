from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError
from jetshare.identity.subjects import (
    check,
    fault,
    has_wildcards,
    is_contained,
    local_fault,
    local_pattern,
    local_to_remote,
    overlaps,
    tokens,
)

words = st.sampled_from(("a", "b"))
patterns = st.builds(
    lambda head, rest: ".".join([*head, *rest]),
    st.lists(words | st.just("*"), min_size=1, max_size=3),
    st.sampled_from(([], [">"])),
)
NAMES = [".".join(name) for size in range(1, 6) for name in product("abc", repeat=size)]


def matches(pattern: str, name: str) -> bool:
    """Whether a subscription to ``pattern`` gets what is published as ``name``."""
    wanted, given_ = tokens(pattern), tokens(name)
    if wanted[-1] == ">":
        return len(given_) >= len(wanted) and matches_all(wanted[:-1], given_)
    return len(given_) == len(wanted) and matches_all(wanted, given_)


def matches_all(wanted: list[str], given_: list[str]) -> bool:
    return all(want in ("*", got) for want, got in zip(wanted, given_, strict=False))


@pytest.mark.parametrize(
    "subject",
    ["a", "a.b", "*", ">", "a.*.b", "a.>", "*.*", "$JS.API.>", "a*", "a>b", "é.漢", "$1", "a.$SYS"],
)
def test_subjects(subject: str) -> None:
    check(subject)
    assert not fault(subject)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("", "is empty"),
        (".", "dot too many"),
        (".a", "dot too many"),
        ("a.", "dot too many"),
        ("a..b", "dot too many"),
        ("a b", "white space"),
        (" a", "white space"),
        ("a\tb", "white space"),
        ("a\n", "white space"),
        ("a\u00a0b", "white space"),
        ("a\x00", "control character"),
        ("a\x7f", "control character"),
        ("a\ud800", "control character"),
        (">.a", "> before its end"),
        ("a.>.b", "> before its end"),
    ],
)
def test_text_that_is_no_subject(subject: str, reason: str) -> None:
    assert reason in fault(subject)
    with pytest.raises(InputError, match=reason) as raised:
        check(subject)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("a", False),
        ("a*", False),
        ("a.b*.c", False),
        ("a>", False),
        (">a.b", False),
        ("*", True),
        (">", True),
        ("a.*", True),
        ("*.a", True),
        ("a.*.b", True),
        ("a.>", True),
    ],
)
def test_wildcards(subject: str, expected: bool) -> None:
    assert has_wildcards(subject) is expected


@pytest.mark.parametrize(
    ("subject", "by", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a.b", "a.*", True),
        ("a.b", "*.b", True),
        ("a.*", "a.b", False),
        ("a.*", "a.*", True),
        ("a.b", "a.>", True),
        ("a", "a.>", False),
        ("a.>", "a.>", True),
        ("a.>", ">", True),
        (">", "a.>", False),
        ("a.b.c", "a.*", False),
        ("a.*.c", "a.>", True),
        ("a.>", "a.b.>", False),
        ("a.>", "a.*", True),  # as in nats-io/jwt, though it holds more
        ("a.>", "a.*.>", False),
    ],
)
def test_containment(subject: str, by: str, expected: bool) -> None:
    assert is_contained(subject, by) is expected


@given(patterns, patterns)
def test_what_is_contained_matches_no_more(subject: str, by: str) -> None:
    if is_contained(subject, by) and tokens(subject)[-1] != ">":
        assert not [name for name in NAMES if matches(subject, name) and not matches(by, name)]
    if not is_contained(subject, by):
        assert [name for name in NAMES if matches(subject, name) and not matches(by, name)]


@given(patterns, patterns)
def test_overlapping_subjects_share_a_name(one: str, other: str) -> None:
    shared = [name for name in NAMES if matches(one, name) and matches(other, name)]
    assert overlaps(one, other) is bool(shared)
    assert overlaps(other, one) is bool(shared)


@pytest.mark.parametrize(
    ("local", "subject"),
    [
        ("b", "a"),
        ("b.>", "a.>"),
        (">", "a.>"),
        ("b.*", "a.*"),
        ("b.$1", "a.*"),
        ("$1.b", "a.*"),
        ("b.$2.$1", "a.*.*"),
        ("b.*.$2", "a.*.*"),
        ("b.$1.c.>", "a.*.>"),
        ("$JS.b", "a"),
        ("b.$x", "a"),
    ],
)
def test_local_subjects(local: str, subject: str) -> None:
    assert not local_fault(local, subject)


@pytest.mark.parametrize(
    ("local", "subject", "reason"),
    [
        ("", "a", "is empty"),
        ("b c", "a", "white space"),
        ("b..c", "a", "dot too many"),
        ("b", "a.>", "must end in >"),
        ("b.>", "a", "must end in >"),
        ("b.$1", "a", r"refers to \$1, and the imported subject has 0 of *"),
        ("b.$3.$1", "a.*.*", r"refers to \$3"),
        ("b", "a.*", "as many of"),
        ("b.*", "a", "as many of"),
        ("b.*.$1", "a.*", "as many of"),
        ("b.*", "a.*.*", "as many of"),
    ],
)
def test_local_subjects_that_are_refused(local: str, subject: str, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(local_fault(local, subject))


@pytest.mark.parametrize(
    ("local", "pattern"),
    [
        ("a.b", "a.b"),
        ("a.$1.b.$22", "a.*.b.*"),
        ("a.*.>", "a.*.>"),
        ("$JS.$x.$", "$JS.$x.$"),
        ("$0.$-1", "*.*"),
    ],
)
def test_local_pattern(local: str, pattern: str) -> None:
    assert local_pattern(local) == pattern


@pytest.mark.parametrize(
    ("local", "subject", "name", "remote"),
    [
        ("b", "a", "b", "a"),
        ("b", "a", "c", None),
        ("b.>", "a.>", "b.x.y", "a.x.y"),
        ("b.>", "a.>", "b", None),
        ("b.*", "a.*.c", "b.x", "a.x.c"),
        ("b.$2.$1", "a.*.*", "b.x.y", "a.y.x"),
        ("p.$1.q.>", "a.*.>", "p.x.q.y.z", "a.x.y.z"),
        ("P.CONSUMER.INFO.S.C", "$JS.API.CONSUMER.INFO.S.C", "P.CONSUMER.INFO.S.C", None),
    ],
)
def test_where_a_local_name_leads(local: str, subject: str, name: str, remote: str | None) -> None:
    assert local_to_remote(local, subject, name) == (remote or (subject if local == name else None))
