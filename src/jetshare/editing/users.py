"""Users, and the template that a scoped signing key has for its users."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TypeVar

from jetshare.editing import lists
from jetshare.editing.permissions import PermissionChange, set_permissions
from jetshare.errors import InputError
from jetshare.identity.claims import TimeRange, User, UserPermissionLimits
from jetshare.identity.record import record

U = TypeVar("U", User, UserPermissionLimits)


@record
class UserChange:
    """What to change of a user, or of a template for users. None leaves a field as it is.

    ``payload`` and ``data`` are bytes, -1 for no limit. ``remove_times`` names ranges by
    when they start.
    """

    permissions: PermissionChange = field(default_factory=PermissionChange)
    bearer: bool | None = None
    subs: int | None = None
    data: int | None = None
    payload: int | None = None
    locale: str | None = None
    add_times: tuple[TimeRange, ...] = ()
    remove_times: tuple[str, ...] = ()
    add_networks: tuple[str, ...] = ()
    remove_networks: tuple[str, ...] = ()
    add_connections: tuple[str, ...] = ()
    remove_connections: tuple[str, ...] = ()


def set_user(held: U, change: UserChange) -> U:
    after = set_permissions(held, change.permissions)
    return replace(
        after,
        bearer_token=_or(change.bearer, held.bearer_token),
        subs=_or(change.subs, held.subs),
        data=_or(change.data, held.data),
        payload=_or(change.payload, held.payload),
        times_location=_or(change.locale, held.times_location),
        times=_times(held.times, change),
        src=lists.changed(held.src, _lower(change.add_networks), _lower(change.remove_networks)),
        allowed_connection_types=lists.removed(
            lists.added(held.allowed_connection_types, change.add_connections),
            change.remove_connections,
        ),
    )


def check_unscoped(user: User, role: str) -> None:
    """A user under a scope has no permission of its own; the scope's template counts.

    Raises InputError where ``user`` has some.
    """
    bare = User.scoped(user.issuer_account, tags=user.tags)
    if replace(user, unknown={}) != bare:
        raise InputError(
            f'users of role "{role}" have the permissions and limits of their role only',
            hint=f"change the role instead: nsc edit signing-key --role {role}",
        )


T = TypeVar("T")


def _or(wanted: T | None, held: T) -> T:
    return held if wanted is None else wanted


def _times(held: tuple[TimeRange, ...], change: UserChange) -> tuple[TimeRange, ...]:
    kept = [each for each in (*held, *change.add_times) if each.start not in change.remove_times]
    return tuple(kept)


def _lower(networks: tuple[str, ...]) -> list[str]:
    return [network.strip().lower() for network in networks]
