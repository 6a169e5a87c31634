"""What users may publish, subscribe to and answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from jetshare.editing import lists
from jetshare.identity.claims import (
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserPermissionLimits,
)
from jetshare.identity.record import record

P = TypeVar("P", Permissions, User, UserPermissionLimits)


@record
class PermissionChange:
    """Subjects to allow or deny, and ``remove`` to take out of all four lists.

    ``max_responses`` and ``response_ttl`` (nanoseconds) let a user answer what it
    receives; None leaves one as it is.
    """

    allow_pub: tuple[str, ...] = ()
    allow_sub: tuple[str, ...] = ()
    deny_pub: tuple[str, ...] = ()
    deny_sub: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    max_responses: int | None = None
    response_ttl: int | None = None
    no_responses: bool = False


def set_permissions(held: P, change: PermissionChange) -> P:
    """``held`` is anything that has ``pub``, ``sub`` and ``resp``."""
    return replace(
        held,
        pub=_changed(held.pub, change.allow_pub, change.deny_pub, change.remove),
        sub=_changed(held.sub, change.allow_sub, change.deny_sub, change.remove),
        resp=_responses(held.resp, change),
    )


def _changed(
    held: Permission, allow: Iterable[str], deny: Iterable[str], remove: Iterable[str]
) -> Permission:
    gone = tuple(remove)
    return replace(
        held,
        allow=lists.changed(held.allow, allow, gone),
        deny=lists.changed(held.deny, deny, gone),
    )


def _responses(
    held: ResponsePermission | None, change: PermissionChange
) -> ResponsePermission | None:
    if change.no_responses:
        return None
    if change.max_responses is None and change.response_ttl is None:
        return held
    before = held or ResponsePermission()
    return replace(
        before,
        max=before.max if change.max_responses is None else change.max_responses,
        ttl=before.ttl if change.response_ttl is None else change.response_ttl,
    )
