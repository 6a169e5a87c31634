"""Claims with anything in them that a token can hold: the types are right, and no more."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from jetshare.identity.claims import Body, Claims
from support.broken.case import ACCOUNT, CURVE, NOW, OPERATOR, PROVIDER, SERVER, USER, token

INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_TELLING = st.sampled_from(
    [
        *(key.public for key in (ACCOUNT, CURVE, OPERATOR, PROVIDER, SERVER, USER)),
        *("*", ">", ".", "..", "a.*", "a.>", ">.a", "$1", "$", "$-1", "a.$99999999999", "{{", "}}"),
        *("service", "stream", "Singleton", "owner", "UTC", "24:00:00", "10.0.0.0/8", "::/0"),
        *("nats://user:password@[::1%25a]:1/", "//", "1.2.3", "\0", "\x7f", "a\u2028b", "\ufffd"),
        token(),
        token(exp=NOW - 1),
    ]
)
TEXTS = _TELLING | st.text(max_size=12) | st.lists(_TELLING, max_size=3).map(".".join)


def claims_of(kind: type[Body]) -> st.SearchStrategy[Claims[Body]]:
    return st.builds(
        Claims,
        **{name: TEXTS for name in ("aud", "iss", "jti", "name", "sub")},
        **{name: INT64 | st.just(NOW) for name in ("exp", "iat", "nbf")},
        nats=_objects(kind),
    )


def _objects(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    given = {field.name: values(hints[field.name]) for field in fields(kind) if field.init}
    return st.builds(kind, **given)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the fields of claims have it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if hint is Mapping or origin is Mapping:
        return st.dictionaries(TEXTS, values(arguments[1]), max_size=2)
    if is_dataclass(hint):
        return _objects(hint) if isinstance(hint, type) else st.nothing()
    return {
        str: TEXTS,
        int: INT64 | st.integers(min_value=-1, max_value=101),
        bool: st.booleans(),
        type(None): st.none(),
        object: TEXTS | INT64,
    }[hint]
