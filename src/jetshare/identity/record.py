"""Frozen, slotted, keyword-only dataclasses that cost little to define.

The standard decorator compiles six methods for each class. For the thirty classes of the
documents that takes 15 ms at each start of a command, as long as Python itself takes to
start. Here the methods are the same few functions for every class; ``fields``,
``replace`` and ``asdict`` of ``dataclasses`` work as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make ``cls`` such a dataclass. Methods that it defines itself stay."""
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # or the decorator composes one from the signature
    made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
    for name, method in _METHODS.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _init(self: Any, /, **given: object) -> None:
    put = object.__setattr__
    for name, declared in _fields(self).items():
        if declared.init and name in given:
            put(self, name, given.pop(name))
        elif declared.default is not MISSING:
            put(self, name, declared.default)
        elif declared.default_factory is not MISSING:
            put(self, name, declared.default_factory())
        else:
            raise TypeError(f"{type(self).__name__} needs {name}")
    if given:
        raise TypeError(f"{type(self).__name__} takes no {', '.join(given)}")


def _eq(self: object, other: object) -> bool:
    return type(self) is type(other) and all(
        bool(getattr(self, name) == getattr(other, name)) for name in _fields(self)
    )


def _repr(self: object) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, held in _fields(self).items() if held.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


def _frozen(self: object, name: str, value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"a {type(self).__name__} does not change: {name}")


def _reduce(self: object) -> tuple[Callable[..., object], tuple[object, ...]]:
    given = {name: getattr(self, name) for name, held in _fields(self).items() if held.init}
    return _remake, (type(self), given)


def _remake(cls: type[T], given: Mapping[str, object]) -> T:
    return cls(**given)


def _fields(self: Any) -> Mapping[str, Field[Any]]:
    held: Mapping[str, Field[Any]] = self.__dataclass_fields__
    return held


_METHODS: Final[Mapping[str, Any]] = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": None,  # some fields are mappings
    "__repr__": _repr,
    "__setattr__": _frozen,
    "__delattr__": _frozen,
    "__reduce__": _reduce,
}
