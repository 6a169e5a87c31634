from __future__ import annotations

import pytest

from jetshare.editing import mappings
from jetshare.errors import NotFound
from jetshare.identity.claims import WeightedMapping
from support.accounts import account

HELD = account(
    mappings={
        "a": (
            WeightedMapping(subject="b", weight=30, unknown={"x": 1}),
            WeightedMapping(subject="c", weight=20, cluster="east"),
            WeightedMapping(subject="b", weight=10, cluster="east"),
        ),
        "z": (WeightedMapping(subject="y"),),
    }
)


def entries(source: str, claims: object = HELD) -> list[tuple[str, int, str]]:
    assert isinstance(claims, type(HELD))
    return [(e.subject, e.weight, e.cluster) for e in claims.nats.mappings.get(source, ())]


def test_adding_and_changing_a_weight() -> None:
    after = mappings.add_mapping(HELD, "a", "d", weight=5, cluster="west")
    assert entries("a", after)[3:] == [("d", 5, "west")]
    after = mappings.add_mapping(after, "a", "b", weight=31)
    assert entries("a", after)[0] == ("b", 31, "")
    assert after.nats.mappings["a"][0].unknown == {"x": 1}
    assert entries("new", mappings.add_mapping(HELD, "new", "n")) == [("n", 0, "")]


@pytest.mark.parametrize(
    ("to", "cluster", "left"),
    [
        ("b", "", [("c", 20, "east"), ("b", 10, "east")]),
        ("b", "east", [("b", 30, ""), ("c", 20, "east")]),
        ("", "east", [("b", 30, "")]),
        ("", "", []),
    ],
)
def test_deleting(to: str, cluster: str, left: list[tuple[str, int, str]]) -> None:
    after = mappings.delete_mapping(HELD, "a", to, cluster=cluster)
    assert entries("a", after) == left
    assert ("a" in after.nats.mappings) == bool(left)
    assert entries("z", after) == [("y", 0, "")]


@pytest.mark.parametrize(
    ("source", "to", "cluster", "says", "hint"),
    [
        ("a", "c", "", "there is no mapping a -> c", 'c in cluster "east"'),
        ("a", "b", "west", 'a -> b in cluster "west"', "there are: b"),
        ("none", "", "", "there is no mapping none -> anything", ""),
    ],
)
def test_what_is_not_there(source: str, to: str, cluster: str, says: str, hint: str) -> None:
    with pytest.raises(NotFound) as raised:
        mappings.delete_mapping(HELD, source, to, cluster=cluster)
    assert says in str(raised.value)
    assert hint in (raised.value.hint or "")
