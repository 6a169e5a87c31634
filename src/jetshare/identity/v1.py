"""Version 1 of the payload, which nats-io/jwt wrote until 2020, turned into version 2.

``type`` and ``tags`` stood at the top level then, and so did ``issuer_account``. What
version 1 did not know has no meaning in such a token, even where version 2 gives it
one: nats-io/jwt does not look at it, so a server does not either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jetshare.identity import codec
from jetshare.identity.claims import NO_LIMIT, Account, AccountLimits, Activation, Operator, User

_MOVED: Final = ("type", "tags", "issuer_account")

_USER_LIMITS: Final = ("subs", "data", "payload")
_ACCOUNT_LIMITS: Final = (
    *_USER_LIMITS,
    *("imports", "exports", "wildcards", "disallow_bearer", "conn", "leaf"),
)

# What the nats part of each type had that version 2 has too.
_KEPT: Final[Mapping[type[Any], tuple[str, ...]]] = {
    Operator: ("signing_keys", "account_server_url", "operator_service_urls", "system_account"),
    Account: ("imports", "exports", "limits", "signing_keys", "revocations"),
    User: (
        *("pub", "sub", "resp", "src", "times", "times_location", "bearer_token"),
        *_USER_LIMITS,
    ),
    Activation: ("subject",),
}
# What it had that is gone.
_GONE: Final[Mapping[type[Any], tuple[str, ...]]] = {
    User: ("max",),
    Activation: ("type", "max", "payload", "src", "times"),
}


def migrate(payload: Mapping[str, Any], body: type[Any]) -> dict[str, Any]:
    """The payload as version 2 has it, with a nats part of class ``body``.

    Fields that neither version knows are carried over.
    """
    top = {name: value for name, value in payload.items() if name not in _MOVED}
    nats = {name: value for name, value in (payload.get("nats") or {}).items() if value is not None}
    moved = {name: payload[name] for name in _MOVED if payload.get(name) is not None}
    if body not in _KEPT:
        return top | {"nats": nats | moved}
    held = _without(nats, codec.names(body) - set(_KEPT[body]) | set(_GONE.get(body, ())))
    if body is Activation and "type" in nats:
        held["kind"] = nats["type"]
    if body is User:
        held = dict.fromkeys(_USER_LIMITS, NO_LIMIT) | held
    if body is Account and isinstance(limits := held.get("limits"), dict):
        held["limits"] = _without(limits, codec.names(AccountLimits) - set(_ACCOUNT_LIMITS))
    if body not in (User, Activation):
        moved = _without(moved, ("issuer_account",))
    return top | {"nats": held | moved}


def _without(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
