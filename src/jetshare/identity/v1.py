"""Version 1 of the payload, which nats-io/jwt wrote until 2020, turned into version 2.

``type`` and ``tags`` stood at the top level then, and so did ``issuer_account``. What
version 1 did not know has no meaning in such a token, even where version 2 gives it
one: nats-io/jwt does not look at it, so a server does not either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = 1

_MOVED: Final = ("type", "tags", "issuer_account")

_NATS_LIMITS: Final = ("subs", "data", "payload")
_LIMITS: Final = (
    *_NATS_LIMITS,
    *("imports", "exports", "wildcards", "disallow_bearer", "conn", "leaf"),
)

# What the nats part of each type had that version 2 has too.
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "operator": ("signing_keys", "account_server_url", "operator_service_urls", "system_account"),
    "account": ("imports", "exports", "limits", "signing_keys", "revocations"),
    "user": (
        *("pub", "sub", "resp", "src", "times", "times_location", "bearer_token"),
        *_NATS_LIMITS,
    ),
    "activation": ("subject",),
}
# What it had that is gone.
_GONE: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("max",),
    "activation": ("type", "max", "payload", "src", "times"),
}


def migrate(payload: Mapping[str, Any], kind: str, later: frozenset[str]) -> dict[str, Any]:
    """The payload as version 2 has it.

    ``kind`` is the type that it names, and ``later`` what the nats part of that type has
    in version 2. Fields that neither version knows are carried over.
    """
    top = {name: value for name, value in payload.items() if name not in _MOVED}
    nats = payload.get("nats") or {}
    if not isinstance(nats, dict):
        return top | {"nats": nats}  # which is refused on reading
    if kind not in _KEPT:
        return top | {"nats": nats | {n: payload[n] for n in ("type", "tags") if payload.get(n)}}
    moved = {"tags": payload.get("tags"), "type": kind, "version": 2}
    strange = nats.keys() - later - set(_GONE.get(kind, ()))
    held = {n: value for n, value in nats.items() if n in _KEPT[kind] or n in strange}
    if kind == "activation":
        held["kind"] = nats.get("type")
    if kind == "user":
        held = dict.fromkeys(_NATS_LIMITS, -1) | held
    if kind in ("user", "activation"):
        moved["issuer_account"] = payload.get("issuer_account")
    if kind == "account" and isinstance(held.get("limits"), dict):
        held["limits"] = {n: value for n, value in held["limits"].items() if n in _LIMITS}
    return top | {"nats": held | moved}
