"""Claims whose texts are such as validation looks at: keys, subjects, tokens, near misses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st

from jetshare.identity.claims import Body, Claims
from support import generated
from support.broken.case import ACCOUNT, CURVE, NOW, OPERATOR, PROVIDER, SERVER, USER, token

_TELLING: Final = st.sampled_from(
    [
        *(key.public for key in (ACCOUNT, CURVE, OPERATOR, PROVIDER, SERVER, USER)),
        *("*", ">", ".", "..", "a.*", "a.>", ">.a", "$1", "$", "$-1", "a.$99999999999", "{{", "}}"),
        *("Singleton", "owner", "UTC", "24:00:00", "10.0.0.0/8", "10.0.0.0/99999999", "::/0"),
        *("nats://user:password@[::1%25a]:1/", "//", "1.2.3", "\0", "\x7f", "a\u2028b", "\ufffd"),
        token(),
        token(exp=NOW - 1),
    ]
)
_TEXTS: Final = _TELLING | st.lists(_TELLING, max_size=3).map(".".join)
_FIXED: Final = ("", "stream", "service", "headers")  # what some fields hold and no other text


@st.composite
def telling_claims(draw: st.DrawFn, kind: type[Body]) -> Claims[Body]:
    def season(value: Any) -> Any:
        if isinstance(value, str):
            return value if value in _FIXED else draw(st.just(value) | _TEXTS)
        if isinstance(value, tuple):
            return tuple(map(season, value))
        if isinstance(value, Mapping):
            return {season(name): season(item) for name, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            kept = {f.name: season(getattr(value, f.name)) for f in fields(value) if f.init}
            return replace(value, **kept)
        return value

    made: Claims[Body] = season(generated.claims(kind, draw(st.integers(0, 2**32))))
    return made
