"""Rules of an account, beside those of its exports and imports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from jetshare.identity.claims import (
    NO_LIMIT,
    Account,
    AccountLimits,
    Claims,
    ExternalAuthorization,
    MsgTrace,
    UserScope,
    WeightedMapping,
)
from jetshare.identity.findings import Finding, at, finding, show
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.subjects import fault, has_wildcards
from jetshare.identity.validate_exports import check_exports, check_info
from jetshare.identity.validate_imports import check_imports
from jetshare.identity.validate_user import check_limits, check_permissions, check_template

_NOTHING: Final = AccountLimits(
    subs=0, data=0, payload=0, imports=0, exports=0, wildcards=False, conn=0, leaf=0
)


def check_account(
    claims: Claims[Account], now: int, time_zones: Collection[str] | None
) -> Iterator[Finding]:
    account = claims.nats
    yield from check_imports(account.imports, claims.sub, now)
    yield from check_exports(account.exports)
    yield from _limits(claims)
    permissions = account.default_permissions
    yield from check_permissions("nats.default_permissions", permissions.pub, permissions.sub)
    for subject, destinations in account.mappings.items():
        yield from _mapping(subject, destinations)
    yield from _authorization(account.authorization)
    if account.trace is not None:
        yield from _trace(account.trace)
    yield from _signing_keys(account, time_zones)
    yield from check_info("nats", "account", account.description, account.info_url)
    if account.cluster_traffic not in ("", "system", "owner"):
        yield finding(
            "account-cluster-traffic",
            "nats.cluster_traffic",
            f"cluster traffic {show(account.cluster_traffic)} is neither system nor owner",
        )
    yield from _revocations(account.revocations)


def _limits(claims: Claims[Account]) -> Iterator[Finding]:
    account, limits = claims.nats, claims.nats.limits
    if limits.tiered_limits and _has_jetstream(limits):
        yield finding(
            "account-limits-jetstream",
            "nats.limits",
            "JetStream limits stand beside tiered ones; an account has one or the other",
        )
    if "" in limits.tiered_limits:
        yield finding(
            "account-limits-tier",
            at("nats.limits.tiered_limits", ""),
            "a tier of the JetStream limits has no name",
        )
    for held, count, allowed in (
        ("imports", len(account.imports), limits.imports),
        ("exports", len(account.exports), limits.exports),
    ):
        if allowed != NO_LIMIT and count > allowed:
            yield finding(
                f"account-limits-{held}",
                f"nats.{held}",
                f"{count} {held} where the operator allows {allowed}",
            )
    if not limits.wildcards:
        yield from _wildcard_exports(account)
    if is_public(claims.iss, Kind.ACCOUNT) and replace(limits, unknown={}) != _NOTHING:
        yield finding(
            "account-limits-self-signed",
            "nats.limits",
            "the account signed itself, and an operator's limits in it mean nothing",
        )


def _has_jetstream(limits: AccountLimits) -> bool:
    return bool(
        limits.mem_storage
        or limits.disk_storage
        or limits.streams
        or limits.consumer
        or limits.max_ack_pending
        or limits.mem_max_stream_bytes
        or limits.disk_max_stream_bytes
        or limits.max_bytes_required
    )


def _wildcard_exports(account: Account) -> Iterator[Finding]:
    bounded = account.limits.exports != NO_LIMIT
    for index, export in enumerate(account.exports):
        if has_wildcards(export.subject):
            yield finding(
                "account-limits-wildcards" if bounded else "account-limits-wildcards-unbounded",
                f"nats.exports[{index}].subject",
                f"export {show(export.subject)} has wildcards, which the operator does not allow",
            )


def _mapping(subject: str, destinations: tuple[WeightedMapping, ...]) -> Iterator[Finding]:
    path = at("nats.mappings", subject)
    if wrong := fault(subject):
        yield finding(
            "account-mapping-subject", path, f"mapping {show(subject)}: the subject {wrong}"
        )
    totals = Counter[str]()
    for index, destination in enumerate(destinations):
        if wrong := fault(destination.subject):
            yield finding(
                "account-mapping-destination",
                f"{path}[{index}].subject",
                f"mapping {show(subject)} leads to {show(destination.subject)}, which {wrong}",
            )
        if 0 <= destination.weight <= 100:
            totals[destination.cluster] += destination.weight or 100
        else:
            yield finding(
                "account-mapping-weight",
                f"{path}[{index}].weight",
                f"mapping {show(subject)} to {show(destination.subject)}: "
                f"weight {destination.weight} is not within 0 to 100",
            )
    for cluster, total in totals.items():
        if total > 100:
            where = f" in cluster {show(cluster)}" if cluster else ""
            yield finding(
                "account-mapping-total",
                path,
                f"mapping {show(subject)}: the weights{where} come to {total}, over 100",
            )


def _authorization(authorization: ExternalAuthorization) -> Iterator[Finding]:
    path = "nats.authorization"
    users, accounts = authorization.auth_users, authorization.allowed_accounts
    if accounts and not users:
        yield finding(
            "account-authorization-users",
            f"{path}.allowed_accounts",
            "accounts are allowed for an authorization callout that has no users",
        )
    for index, user in enumerate(users):
        if not is_public(user, Kind.USER):
            yield finding(
                "account-authorization-user",
                f"{path}.auth_users[{index}]",
                f"{show(user)} is not a user's public key",
            )
    for index, account in enumerate(accounts):
        place = f"{path}.allowed_accounts[{index}]"
        if account == "*" and len(accounts) > 1:
            yield finding(
                "account-authorization-any", place, "'*' allows every account and stands alone"
            )
        elif account != "*" and not is_public(account, Kind.ACCOUNT):
            yield finding(
                "account-authorization-account",
                place,
                f"{show(account)} is allowed, which is not an account's public key",
            )
    if authorization.xkey and not is_public(authorization.xkey, Kind.CURVE):
        yield finding(
            "account-authorization-xkey",
            f"{path}.xkey",
            f"xkey {show(authorization.xkey)} is not a curve key",
        )


def _trace(trace: MsgTrace) -> Iterator[Finding]:
    wrong = fault(trace.dest)
    if not wrong and has_wildcards(trace.dest):
        wrong = "holds wildcards"
    if wrong:
        yield finding(
            "account-trace-destination",
            "nats.trace.dest",
            f"the subject {show(trace.dest)} of traces {wrong}",
        )
    if not 0 <= trace.sampling <= 100:
        yield finding(
            "account-trace-sampling",
            "nats.trace.sampling",
            f"traces: sampling of {trace.sampling} is not within 0 to 100",
        )


def _signing_keys(account: Account, time_zones: Collection[str] | None) -> Iterator[Finding]:
    for index, key in enumerate(account.signing_keys):
        path = f"nats.signing_keys[{index}]"
        if isinstance(key, UserScope):
            yield from _scope(path, key, time_zones)
        elif not is_public(key, Kind.ACCOUNT):
            yield finding(
                "account-signing-key",
                path,
                f"signing key {show(key)} is not an account's public key",
            )


def _scope(path: str, scope: UserScope, time_zones: Collection[str] | None) -> Iterator[Finding]:
    if not is_public(scope.key, Kind.ACCOUNT):
        yield finding(
            "account-scope-key",
            f"{path}.key",
            f"key {show(scope.key)} of scope {show(scope.role)} is not an account's public key",
        )
    for found in (
        *check_template(f"{path}.template", scope.template),
        *check_limits(f"{path}.template", scope.template, time_zones),
    ):
        yield finding(
            "account-scope-template", found.path, f"scope {show(scope.role)}: {found.text}"
        )


def _revocations(revocations: Mapping[str, int]) -> Iterator[Finding]:
    for key in revocations:
        if key != "*" and not is_public(key, Kind.USER):
            yield finding(
                "account-revocation-key",
                at("nats.revocations", key),
                f"{show(key)} is revoked, which is neither a user's public key nor '*'",
            )
