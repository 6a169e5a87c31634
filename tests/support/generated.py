"""Documents of every type for hypothesis: any field, any text, and fields nobody knows."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import Field, fields, replace
from functools import cache
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
_SUBJECTS: Final[Mapping[type[Any], Kind]] = {
    Operator: Kind.OPERATOR,
    Account: Kind.ACCOUNT,
    Activation: Kind.ACCOUNT,
}

_ODD: Final = st.sampled_from('<>&"\\/\u2028\u2029\ufffd\x00\b\f\n\r\t\x1f\x7f\x80é漢😀ﬀKſ')
TEXTS: Final = st.text(_ODD | st.characters(exclude_categories=["Cs"]), max_size=8)
INT64: Final = st.sampled_from((-1, 0, 1, 2**53 + 1, *codec.INT64)) | st.integers(*codec.INT64)
TIMES: Final = st.integers(0, 2**40)

_NUMBERS: Final = st.sampled_from(
    ("1.0", "0.10", "1e400", "-0", "-0.0", "1E5", "123456789012345678901234567890.5")
).map(Number)
JSON: Final[SearchStrategy[object]] = st.recursive(
    st.none() | st.booleans() | st.integers() | _NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def claims(kind: type[Body], *, unknown: bool = True) -> SearchStrategy[Claims[Body]]:
    """Claims as ``decode`` gives them: lists in their order, ``iss`` and ``jti`` not set."""
    return st.builds(
        Claims,
        aud=TEXTS,
        exp=TIMES,
        name=TEXTS,
        nbf=TIMES,
        sub=st.just(KEYS[_SUBJECTS.get(kind, Kind.USER)].public),
        nats=_generic() if kind is Generic else _made(kind, unknown),
        unknown=_unknown(frozenset({"type", *codec.names(Claims)}), unknown),
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


def _generic() -> SearchStrategy[Generic]:
    reserved = ("type", "version", "tags", "nats")
    data = st.dictionaries(TEXTS.filter(lambda name: name.casefold() not in reserved), JSON)
    types_ = st.fixed_dictionaries({}, optional={"type": st.sampled_from(("generic", "mine"))})
    return st.builds(lambda held, type_: Generic(data=held | type_), data, types_)


@cache
def _made(kind: type[Any], unknown: bool) -> SearchStrategy[Any]:
    values = {
        declared.name: _field(kind, declared, unknown)
        for declared in fields(kind)
        if declared.init and declared.name != "unknown"
    }
    values["unknown"] = _unknown(codec.names(kind), unknown)
    made: SearchStrategy[Any] = st.builds(kind, **values)
    return made.map(_settled)


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
            untiered = {f.name: getattr(none, f.name) for f in fields(none)}
            del untiered["unknown"]
            return replace(made, **untiered)
    return made


def _unknown(known: frozenset[str], wanted: bool) -> SearchStrategy[dict[str, object]]:
    folded = {name.casefold() for name in known}
    names = TEXTS.filter(lambda name: name.casefold() not in folded)
    return st.dictionaries(names, JSON, max_size=2 if wanted else 0)


def _field(kind: type[Any], declared: Field[Any], unknown: bool) -> SearchStrategy[Any]:
    special: Mapping[tuple[type[Any], str], SearchStrategy[Any]] = {
        (ServiceLatency, "sampling"): st.just("headers") | st.integers(1, 100),
        (WeightedMapping, "weight"): st.integers(*codec.UINT8),
        (Account, "signing_keys"): st.lists(TEXTS | _made(UserScope, unknown), max_size=3).map(
            tuple
        ),
    }
    return special.get((kind, declared.name)) or _typed(declared.type, unknown)


def _typed(annotation: Any, unknown: bool) -> SearchStrategy[Any]:
    """Values for the annotation of a field."""
    if typing.get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    plain: Mapping[Any, SearchStrategy[Any]] = {str: TEXTS, bool: st.booleans(), int: INT64}
    if annotation in plain:
        return plain[annotation]
    arguments = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case origin if origin is Literal:
            return st.sampled_from(arguments)
        case origin if origin is tuple:
            return st.lists(_typed(arguments[0], unknown), max_size=3).map(tuple)
        case origin if origin is types.UnionType:
            return st.none() | _typed(arguments[0], unknown)
        case None:
            return _made(annotation, unknown)
        case _:
            return st.dictionaries(TEXTS, _typed(arguments[1], unknown), max_size=3)
