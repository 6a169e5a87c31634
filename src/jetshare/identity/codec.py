"""Dataclasses to and from JSON objects, by what their fields say of themselves.

The type of a field is annotated with a ``Form``, which says how its value stands in
JSON and when it is left out. Two rules hold for every object:

- A field that the class does not declare goes to ``unknown`` and is written after the
  declared ones, in the order in which it was read.
- A name that differs from a declared one in letter case only is refused. Go takes it
  for that field, so a document would say one thing here and another on a server.

``null`` mostly stands for a field that is not there, as in Go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from jetshare.identity.record import record

T = TypeVar("T")

INT64: Final = (-(2**63), 2**63 - 1)
UINT64: Final = (0, 2**64 - 1)
UINT8: Final = (0, 2**8 - 1)


class Misfit(Exception):  # internal: becomes an error of the tree with its path
    """A JSON value that does not fit where it stands. ``path`` leads to it."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def within(self, step: str) -> Misfit:
        """The same, seen from the object or list around it."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        return Misfit(self.reason, f"{step}{joint}{self.path}")


@record
class Form:
    """How the value of a field stands in JSON.

    ``read`` takes what json gives, and raises Misfit; it gets None only where the form is
    not ``nullable``. ``missing`` makes the value of a field that is not there, which need
    not be the default of a new object. A value that is empty or zero is left out unless
    ``always``. ``name`` is the field's name in JSON where Python forbids it.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], object] | None = None
    missing: Callable[[], Any] = lambda: None
    always: bool = False
    nullable: bool = True
    name: str = ""


def text(*, name: str = "", always: bool = False) -> Form:
    return Form(read=_text, missing=str, always=always, name=name)


def texts() -> Form:
    return Form(read=read_texts, write=list, missing=tuple)


def flag() -> Form:
    return Form(read=_flag, missing=bool)


def integer(bounds: tuple[int, int] = INT64, *, missing: int = 0, always: bool = False) -> Form:
    return Form(read=_within(bounds), missing=lambda: missing, always=always)


def choice(*values: str) -> Form:
    """One of ``values``; empty where it is not there."""

    def read(value: object) -> object:
        if value not in values:
            raise Misfit(f"must be {' or '.join(map(json.dumps, values))}")
        return value

    return Form(read=read, missing=str, nullable=False)


def constant(value: str | int) -> Form:
    """What says what the object is, and does not vary."""

    def read(found: object) -> object:
        if found != value or isinstance(found, bool):
            raise Misfit(f"must be {json.dumps(value)}")
        return value

    return Form(read=read, missing=lambda: value, always=True)


def nested(kind: type[Any]) -> Form:
    """An object that is always written, even where it is empty."""
    return Form(read=reader(kind), write=write, missing=lambda: read(kind, {}), always=True)


def optional(kind: type[Any]) -> Form:
    """An object, or None where it is not there."""
    return Form(read=reader(kind), write=write)


def listing(kind: type[Any], *, order: Callable[[Any], str] | None = None) -> Form:
    """A list of objects, written in ``order`` where one is given."""

    def read_all(value: object) -> tuple[Any, ...]:
        return read_list(reader(kind), value)

    def write_all(items: Sequence[Any]) -> object:
        return [write(item) for item in (sorted(items, key=order) if order else items)]

    return Form(read=read_all, write=write_all, missing=tuple)


def mapping(
    read_one: Callable[[Any], Any], write_one: Callable[[Any], object] = lambda value: value
) -> Form:
    """Values under free names, written in order of the name."""

    def read_all(value: object) -> dict[str, Any]:
        found = {}
        for name, item in expect_object(value).items():
            try:
                found[name] = read_one(item)
            except Misfit as misfit:
                raise misfit.within(f"[{json.dumps(name[:120])}]") from None
        return found

    def write_all(items: Mapping[str, Any]) -> object:
        return {name: write_one(items[name]) for name in sorted(items)}

    return Form(read=read_all, write=write_all, missing=dict)


def read(kind: Callable[..., T], value: object) -> T:
    """An object of the class ``kind`` from its JSON. Raises Misfit, with the path to it."""
    plan = _plan(kind)
    found = dict(plan.missing)
    unknown = {}
    for name, item in expect_object(value).items():
        entry = plan.by_name.get(name)
        if entry is None:
            if name.casefold() in plan.folded:
                raise Misfit(f"the field {name!r} differs from {name.casefold()!r} in case only")
            unknown[name] = item
        elif item is not None or not entry.form.nullable:
            try:
                content = entry.form.read(item)
            except Misfit as misfit:
                raise misfit.within(name) from None
            if entry.settable:
                found[entry.attribute] = content
    if unknown:
        found["unknown"] = unknown
    return kind(**found)


def write(value: Any) -> dict[str, object]:
    """The JSON of an object. Raises Misfit where ``unknown`` holds a declared name."""
    plan = _plan(value.__class__)
    out: dict[str, object] = {}
    for entry in plan.entries:
        content = getattr(value, entry.attribute)
        form = entry.form
        if content or form.always:
            out[entry.name] = form.write(content) if form.write else content
    for name, item in value.unknown.items():
        if name.casefold() in plan.folded:
            raise Misfit(f"the unknown field {name!r} has the name of a known one")
        out[name] = item
    return out


def names(kind: Callable[..., Any]) -> frozenset[str]:
    """The names that the class ``kind`` declares, as they stand in JSON."""
    return frozenset(_plan(kind).by_name)


def reader(kind: Callable[..., T]) -> Callable[[object], T]:
    return lambda value: read(kind, value)


def read_list(read_one: Callable[[Any], T], value: object) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise Misfit("must be a list")
    found = []
    for index, item in enumerate(value):
        try:
            found.append(read_one(item))
        except Misfit as misfit:
            raise misfit.within(f"[{index}]") from None
    return tuple(found)


def read_texts(value: object) -> tuple[str, ...]:
    return read_list(_text, value)


def read_integer(value: object) -> int:
    """A 64-bit integer."""
    return _within(INT64)(value)


def expect_object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit("must be an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Misfit("must be a text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Misfit("must be true or false")
    return value


def _within(bounds: tuple[int, int]) -> Callable[[object], int]:
    low, high = bounds

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Misfit("must be an integer")
        if not low <= value <= high:
            raise Misfit(f"must be an integer from {low} to {high}")
        return value

    return read


# The forms that most fields have. The full ones are written even where they are empty.
Text: TypeAlias = Annotated[str, text()]
FullText: TypeAlias = Annotated[str, text(always=True)]
Texts: TypeAlias = Annotated[tuple[str, ...], texts()]
Flag: TypeAlias = Annotated[bool, flag()]
Integer: TypeAlias = Annotated[int, integer()]
FullInteger: TypeAlias = Annotated[int, integer(always=True)]

VERSION: Final = 2
Version: TypeAlias = Annotated[int, constant(VERSION)]

Unknown: TypeAlias = Mapping[str, object]
"""What a newer version, or another program, wrote into an object."""


@record
class _Entry:
    attribute: str
    name: str
    form: Form
    settable: bool


@record
class _Plan:
    entries: tuple[_Entry, ...]
    by_name: Mapping[str, _Entry]
    folded: frozenset[str]
    missing: Mapping[str, Any]  # of the fields where it is not the default


@cache
def _plan(kind: Any) -> _Plan:
    entries = []
    missing = {}
    for declared in fields(kind):
        form = next(
            (m for m in getattr(declared.type, "__metadata__", ()) if type(m) is Form), None
        )
        if form is None:
            continue
        entries.append(
            _Entry(
                attribute=declared.name,
                name=form.name or declared.name,
                form=form,
                settable=declared.init,
            )
        )
        default = declared.default
        if declared.default_factory is not MISSING:
            default = declared.default_factory()
        if default is not MISSING and form.missing() != default:
            missing[declared.name] = form.missing()
    by_name = {entry.name: entry for entry in entries}
    return _Plan(
        entries=tuple(entries),
        by_name=by_name,
        folded=frozenset(map(str.casefold, by_name)),
        missing=missing,
    )


def _form(annotation: Any) -> Form | None:
    marks = getattr(annotation, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, Form)), None)
