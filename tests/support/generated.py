"""Documents of every type from a seed: any field, any text, and fields nobody knows."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from random import Random
from typing import Annotated, Any, Final, Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from jetshare.identity import codec
from jetshare.identity.claims import (
    Account,
    AccountLimits,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Body,
    Claims,
    ClientInformation,
    Export,
    Generic,
    JetStreamLimits,
    Operator,
    ServiceLatency,
    User,
    UserScope,
    WeightedMapping,
)
from jetshare.identity.gojson import Number
from jetshare.identity.nkeys import KeyPair, Kind

# A key of each kind, the same in every run.
KEYS: Final = {
    kind: KeyPair(kind, bytes((index,)) * 32) for index, kind in enumerate(Kind, start=1)
}
SIGNERS: Final[Mapping[type[Any], Kind]] = {
    Operator: Kind.OPERATOR,
    Account: Kind.OPERATOR,
    User: Kind.ACCOUNT,
    Activation: Kind.ACCOUNT,
    AuthorizationRequest: Kind.SERVER,
    AuthorizationResponse: Kind.ACCOUNT,
    Generic: Kind.USER,
}
SUBJECTS: Final[Mapping[type[Any], Kind]] = {
    Operator: Kind.OPERATOR,
    Account: Kind.ACCOUNT,
    User: Kind.USER,
    Activation: Kind.ACCOUNT,
    AuthorizationRequest: Kind.USER,
    AuthorizationResponse: Kind.USER,
    Generic: Kind.USER,
}

_ODD: Final = '<>&"\\/\u2028\u2029\ufffd\x00\b\f\n\r\t\x1f\x7f\x80é漢😀ﬀKſ'
_INTEGERS: Final = (-1, 1, 2**31, 2**53 + 1, *codec.INT64)
_EXACT: Final = (-1, 1, 2**31, 2**53 - 1)  # what Go's float64 holds, by which it reads scopes
_NUMBERS: Final = ("1.0", "0.10", "1e400", "-0", "-0.0", "1E5", "12345678901234567890.5")

TEXTS: Final = st.text(st.sampled_from(_ODD) | st.characters(exclude_categories=["Cs"]))
JSON: Final[SearchStrategy[object]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(_NUMBERS).map(Number) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def claims(kind: type[Any], seed: int, *, unknown: bool = True, full: bool = False) -> Claims[Body]:
    """Claims as ``decode`` gives them: lists in their order, but ``iss`` and ``jti`` not set.

    In a ``full`` one no field is empty.
    """
    maker = _Maker(Random(seed), unknown=unknown, share=1.0 if full else 0.7)
    return Claims(
        aud=maker.text(),
        exp=maker.random.choice((0, 1, 2**40)),
        name=maker.text(),
        nbf=maker.random.choice((0, 1, 2**40)),
        sub=KEYS[SUBJECTS[kind]].public,
        nats=maker.generic() if kind is Generic else maker.made(kind),
        unknown=maker.unknown_fields(frozenset({"type", *codec.names(Claims)})),
    )


def without_unknown(value: Any) -> Any:
    """The same with no field that the classes do not declare, as Go would have it."""
    if isinstance(value, tuple):
        return tuple(map(without_unknown, value))
    if isinstance(value, Mapping):
        return {name: without_unknown(item) for name, item in value.items()}
    if not hasattr(value, "unknown"):
        return value
    kept = {f.name: without_unknown(getattr(value, f.name)) for f in fields(value) if f.init}
    return replace(value, **kept | {"unknown": {}})


def unknown_of(value: Any) -> list[str]:
    """The names of all fields, at every level, that the classes do not declare."""
    if isinstance(value, tuple):
        return [name for item in value for name in unknown_of(item)]
    if isinstance(value, Mapping):
        return [name for item in value.values() for name in unknown_of(item)]
    if not hasattr(value, "unknown"):
        return []
    inner = (getattr(value, f.name) for f in fields(value) if f.name != "unknown")
    return [*value.unknown, *(name for item in inner for name in unknown_of(item))]


class _Maker:
    """Values of any type. ``share`` of the fields hold something."""

    def __init__(
        self,
        random: Random,
        *,
        unknown: bool,
        share: float,
        integers: tuple[int, ...] = _INTEGERS,
        numbers: tuple[str, ...] = _NUMBERS,
    ) -> None:
        self.random = random
        self._unknown = unknown
        self._share = share
        self._integers = integers
        self._numbers = numbers

    def text(self) -> str:
        length = self.random.randint(1, 8)
        chars = (self.random.choice(_ODD), chr(self.random.randint(32, 126)))
        return "".join(self.random.choice(chars) for _ in range(length))

    def made(self, kind: Any) -> Any:
        if kind is UserScope and self._integers is _INTEGERS:
            return self._for_scopes().made(kind)
        values = {
            declared.name: self._field(kind, declared)
            for declared in fields(kind)
            if declared.init and declared.name != "unknown"
            if self.random.random() < self._share
        }
        return _settled(kind(**values, unknown=self.unknown_fields(codec.names(kind))))

    def _for_scopes(self) -> _Maker:
        return _Maker(
            self.random,
            unknown=self._unknown,
            share=self._share,
            integers=_EXACT,
            numbers=("1.0", "0.10", "1E5"),
        )

    def generic(self) -> Generic:
        data = self.unknown_fields(frozenset({"type", "version", "tags", "nats"}))
        return Generic(data=data | {"type": self.random.choice(("generic", "mine"))})

    def unknown_fields(self, known: frozenset[str]) -> dict[str, object]:
        names = [self.text() for _ in range(self.random.choice((0, 0, 2)) if self._unknown else 0)]
        return {name: self.json(3) for name in names if name.casefold() not in known}

    def json(self, depth: int) -> object:
        pick = self.random.randint(0, 7 if depth else 5)
        match pick:
            case 0:
                return None
            case 1:
                return self.random.random() < 0.5
            case 2:
                return self.random.choice(self._integers) * 10 ** self.random.randint(0, 30)
            case 3:
                return Number(self.random.choice(self._numbers))
            case 6:
                return [self.json(depth - 1) for _ in range(self.random.randint(0, 3))]
            case 7:
                names = [self.text() for _ in range(self.random.randint(0, 3))]
                return {name: self.json(depth - 1) for name in names}
            case _:
                return self.text()

    def _field(self, kind: Any, declared: Field[Any]) -> Any:
        match kind.__name__, declared.name:
            case ServiceLatency.__name__, "sampling":
                return self.random.choice(("headers", 1, 50, 100))
            case WeightedMapping.__name__, "weight":
                return self.random.randint(1, 255)
            case (Export.__name__, "account_token_position") | (ClientInformation.__name__, "id"):
                return self.random.choice((1, 2**63, 2**64 - 1))
        return self._typed(declared.type)

    def _typed(self, annotation: Any) -> Any:
        """A value for the annotation of a field."""
        if typing.get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        if annotation is str:
            return self.text()
        if annotation is int:
            return self.random.choice(self._integers)
        if annotation is bool:
            return True
        arguments = typing.get_args(annotation)
        origin = typing.get_origin(annotation)
        if origin is None:
            return self.made(annotation)
        if origin is Literal:
            return self.random.choice([value for value in arguments if value])
        if origin is types.UnionType:
            held = [argument for argument in arguments if argument is not types.NoneType]
            return self._typed(self.random.choice(held))
        count = self.random.randint(1, 3)
        if origin is tuple:
            return tuple(self._typed(arguments[0]) for _ in range(count))
        return {self.text(): self._typed(arguments[1]) for _ in range(count)}


def _settled(made: Any) -> Any:
    """Put in order what is in order after reading."""
    match made:
        case Account():
            keys = {key if isinstance(key, str) else key.key: key for key in made.signing_keys}
            return replace(
                made,
                imports=tuple(sorted(made.imports, key=lambda item: item.subject)),
                exports=tuple(sorted(made.exports, key=lambda item: item.subject)),
                signing_keys=tuple(keys[name] for name in sorted(keys)),
            )
        case AccountLimits() if made.tiered_limits:
            none = JetStreamLimits()
            names = {declared.name for declared in fields(none)} - {"unknown"}
            return replace(made, **{name: getattr(none, name) for name in names})
    return made
