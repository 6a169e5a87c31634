from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace

import pytest

from jetshare.identity.record import record


@record
class Point:
    """A point."""

    x: int
    y: int = 2
    tags: Mapping[str, int] = field(default_factory=dict)
    kind: str = field(default="point", init=False)
    secret: str = field(default="", repr=False)


@record
class Quiet:
    def __repr__(self) -> str:
        return "Quiet"


def test_it_is_a_dataclass() -> None:
    point = Point(x=1, secret="s")
    assert is_dataclass(point)
    assert [declared.name for declared in fields(Point)] == ["x", "y", "tags", "kind", "secret"]
    assert replace(point, y=3) == Point(x=1, y=3, secret="s")
    assert asdict(point) == {"x": 1, "y": 2, "tags": {}, "kind": "point", "secret": "s"}


def test_its_defaults_are_its_own() -> None:
    assert Point(x=1).tags is not Point(x=1).tags


def test_its_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match="Point needs x"):
        Point()  # type: ignore[call-arg]  # that is what is tried
    with pytest.raises(TypeError, match="Point takes no z"):
        Point(x=1, z=2)  # type: ignore[call-arg]  # that is what is tried
    with pytest.raises(TypeError, match="Point takes no kind"):
        Point(x=1, kind="line")  # type: ignore[call-arg]  # that is what is tried
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]  # that is what is tried


def test_it_does_not_change() -> None:
    point = Point(x=1)
    with pytest.raises(FrozenInstanceError, match="a Point does not change: x"):
        point.x = 2  # type: ignore[misc]  # that is what is tried
    with pytest.raises(FrozenInstanceError):
        point.z = 2  # type: ignore[attr-defined]  # that is what is tried
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises(TypeError):
        vars(point)


def test_equality() -> None:
    assert Point(x=1) == Point(x=1)
    assert Point(x=1) != Point(x=2)
    others: list[object] = [1, {"x": 1}, Quiet()]
    assert Point(x=1) not in others
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(x=1))


def test_how_it_shows() -> None:
    assert repr(Point(x=1, secret="s")) == "Point(x=1, y=2, tags={}, kind='point')"
    assert repr(Quiet()) == "Quiet"


def test_copies() -> None:
    point = Point(x=1, tags={"a": 1})
    assert copy.copy(point) == point
    deep = copy.deepcopy(point)
    assert deep == point
    assert deep.tags is not point.tags
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301  # ours
