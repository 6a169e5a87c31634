"""Rules of a user, and of the permissions that users, scopes and accounts give."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from jetshare.identity.claims import (
    Claims,
    Permission,
    TimeRange,
    User,
    UserPermissionLimits,
    UserScope,
)
from jetshare.identity.findings import Finding, finding, show
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.subjects import fault

# As Go's time.Parse takes "15:04:05": an hour of one digit and a fraction are in order.
_TIME: Final = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?")
_TEMPLATE: Final = re.compile(r"\{\{[^}]+\}\}")
_PREFIX_LENGTH: Final = re.compile(r"[0-9]{1,6}")
_CONNECTION_TYPES: Final = frozenset(
    ["STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"]
)


def check_user(
    claims: Claims[User], scope: UserScope | None, time_zones: Collection[str] | None
) -> Iterator[Finding]:
    user = claims.nats
    yield from check_permissions("nats", user.pub, user.sub)
    yield from check_limits("nats", user, time_zones)
    if user.issuer_account and not is_public(user.issuer_account, Kind.ACCOUNT):
        yield finding(
            "user-issuer-account",
            "nats.issuer_account",
            f"issuer account {show(user.issuer_account)} is not an account's public key",
        )
    if scope is not None:
        yield from _under(scope, claims)


def check_permissions(path: str, pub: Permission, sub: Permission) -> Iterator[Finding]:
    yield from _permission(f"{path}.pub", pub, "to publish", queues=False)
    yield from _permission(f"{path}.sub", sub, "to subscribe", queues=True)


def check_template(path: str, template: UserPermissionLimits) -> Iterator[Finding]:
    """The permissions of a scope, in which ``{{name()}}`` and the like stand for a word."""
    yield from check_permissions(path, _filled(template.pub), _filled(template.sub))


def _filled(permission: Permission) -> Permission:
    return Permission(
        allow=tuple(_TEMPLATE.sub("word", entry) for entry in permission.allow),
        deny=tuple(_TEMPLATE.sub("word", entry) for entry in permission.deny),
    )


def check_limits(
    path: str, limits: User | UserPermissionLimits, time_zones: Collection[str] | None
) -> Iterator[Finding]:
    """Where from, when, and how a user may connect."""
    for index, network in enumerate(limits.src):
        if not _is_network(network):
            yield finding(
                "user-source",
                f"{path}.src[{index}]",
                f"source network {show(network)} is not an address with a prefix length",
            )
    for index, hours in enumerate(limits.times):
        yield from _hours(f"{path}.times[{index}]", hours)
    if not _is_time_zone(limits.times_location, time_zones):
        yield finding(
            "user-time-zone",
            f"{path}.times_location",
            f"there is no time zone {show(limits.times_location)}",
        )
    for index, name in enumerate(limits.allowed_connection_types):
        if name.upper() not in _CONNECTION_TYPES:
            yield finding(
                "user-connection-type",
                f"{path}.allowed_connection_types[{index}]",
                f"servers know no connection type {show(name)}",
            )


def _permission(path: str, permission: Permission, what: str, *, queues: bool) -> Iterator[Finding]:
    for verb, listed in (("allow", permission.allow), ("deny", permission.deny)):
        for index, entry in enumerate(listed):
            place = f"{path}.{verb}[{index}]"
            words = entry.split(" ")
            if len(words) > 2:
                yield finding(
                    "permission-words",
                    place,
                    f"{verb} {what} {show(entry)} is more than a subject and a queue",
                )
                continue
            for word in words:
                if wrong := fault(word):
                    yield finding(
                        "permission-subject",
                        place,
                        f"{verb} {what} {show(entry)}: {show(word)} {wrong}",
                    )
            if len(words) == 2 and not queues:
                yield finding(
                    "permission-queue", place, f"{verb} {what} {show(entry)} names a queue"
                )


def _hours(path: str, hours: TimeRange) -> Iterator[Finding]:
    for end, text in (("start", hours.start), ("end", hours.end)):
        if not _TIME.fullmatch(text):
            yield finding(
                "user-time", f"{path}.{end}", f"the {end} of hours {show(text)} is not hh:mm:ss"
            )


def _under(scope: UserScope, claims: Claims[User]) -> Iterator[Finding]:
    user = claims.nats
    if claims.iss != scope.key:
        yield finding(
            "user-scope-signer",
            "iss",
            f"user {show(claims.name)} is signed by {show(claims.iss)}, "
            f"not by the key {show(scope.key)} of the scope",
        )
    bare = User.scoped(user.issuer_account, tags=user.tags)
    if replace(user, unknown={}) != bare:
        yield finding(
            "user-scope-permissions",
            "nats",
            f"user {show(claims.name)} is under a scope and has permissions or limits of its own",
        )


def _is_network(text: str) -> bool:
    """CIDR notation (RFC 4632, RFC 4291); bits beyond the prefix may be set."""
    address, _, length = text.partition("/")
    if not _PREFIX_LENGTH.fullmatch(length) or "%" in address:
        return False
    try:
        return int(length) <= ipaddress.ip_address(address).max_prefixlen
    except ValueError:
        return False


def _is_time_zone(name: str, time_zones: Collection[str] | None) -> bool:
    if name in ("", "UTC", "Local"):
        return True
    if time_zones is not None:
        return name in time_zones
    return not (name.startswith(("/", "\\")) or ".." in name)
