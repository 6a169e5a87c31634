"""What an account may use: connections, data, and JetStream, as a whole or by tier.

A tier is for the streams of one replication: "R1", "R3". An account has limits for all
streams or limits by tier, never both.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from jetshare.errors import InputError, NotFound, ShareConflict
from jetshare.identity.claims import (
    NO_LIMIT,
    Account,
    AccountLimits,
    Claims,
    JetStreamLimits,
)

GLOBAL = 0  # in the place of a tier's number: all streams

_NAMES = tuple(each.name for each in fields(JetStreamLimits) if each.name != "unknown")

# What the other limits are when the first of them is set: an account that is given
# storage, and nothing else, can use it.
_OPEN = JetStreamLimits(
    streams=NO_LIMIT,
    consumer=NO_LIMIT,
    max_ack_pending=NO_LIMIT,
    mem_max_stream_bytes=NO_LIMIT,
    disk_max_stream_bytes=NO_LIMIT,
)


def set_limits(account: Claims[Account], **limits: Any) -> Claims[Account]:
    """Change fields of ``limits`` that are not JetStream's; numbers, -1 for none."""
    return account.with_nats(limits=replace(account.nats.limits, **limits))


def tier_name(tier: int) -> str:
    return f"R{tier}" if tier else "global"


def jetstream(limits: AccountLimits, tier: int = GLOBAL) -> JetStreamLimits:
    """The JetStream limits for all streams, or of one tier."""
    if tier:
        return limits.tiered_limits.get(tier_name(tier), JetStreamLimits())
    return JetStreamLimits(**{name: getattr(limits, name) for name in _NAMES})


def has_jetstream(limits: AccountLimits) -> bool:
    """Whether the account may store anything, in memory or on disk."""
    every = [jetstream(limits), *limits.tiered_limits.values()]
    return any(each.mem_storage or each.disk_storage for each in every)


def set_jetstream(account: Claims[Account], tier: int = GLOBAL, **limits: Any) -> Claims[Account]:
    """Change JetStream limits: bytes and numbers, -1 for none, 0 storage for no JetStream.

    Raises ShareConflict where the account has the other sort of limits.
    """
    held = account.nats.limits
    _check_sort(held, tier)
    before = jetstream(held, tier)
    after = replace(_OPEN if before == JetStreamLimits() else before, **limits)
    return _with_tier(account, tier, after)


def enable_jetstream(account: Claims[Account], tier: int = GLOBAL) -> Claims[Account]:
    """Give unlimited storage. Raises ShareConflict where there are limits already."""
    held = account.nats.limits
    if jetstream(held, tier) != JetStreamLimits():
        raise ShareConflict(
            f"jetstream tier {tier_name(tier)} is already enabled",
            hint="change single limits, or disable JetStream first",
        )
    _check_sort(held, tier)
    return _with_tier(account, tier, JetStreamLimits(mem_storage=NO_LIMIT, disk_storage=NO_LIMIT))


def disable_jetstream(account: Claims[Account]) -> Claims[Account]:
    """Take away all JetStream limits, and with them JetStream."""
    limits = replace(account.nats.limits, tiered_limits={}, **_values(JetStreamLimits()))
    return account.with_nats(limits=limits)


def delete_tier(account: Claims[Account], tier: int) -> Claims[Account]:
    """Take away the limits of one tier, or those for all streams."""
    held = account.nats.limits
    if not tier:
        return _with_tier(account, tier, JetStreamLimits())
    if tier_name(tier) not in held.tiered_limits:
        raise NotFound(
            f"account doesn't have tier {tier_name(tier)} limit",
            hint=f"it has: {', '.join(sorted(held.tiered_limits)) or 'no tiers'}",
        )
    tiers = {name: each for name, each in held.tiered_limits.items() if name != tier_name(tier)}
    return account.with_nats(limits=replace(held, tiered_limits=tiers))


def check_system_account(account: Claims[Account]) -> None:
    """Raises InputError where an account has JetStream, as the system account must not."""
    limits = account.nats.limits
    if limits.tiered_limits or jetstream(limits) != JetStreamLimits():
        raise InputError(
            "system account cannot have JetStream limits",
            hint=f"take them away: nsc edit account {account.name} --js-disable",
        )


def _check_sort(held: AccountLimits, tier: int) -> None:
    if tier and jetstream(held) != JetStreamLimits():
        raise ShareConflict(
            "cannot set a jetstream tier limit when a configuration has a global limit",
            hint="take the global limit away first: --rm-js-tier 0",
        )
    if not tier and held.tiered_limits:
        raise ShareConflict(
            "cannot set a jetstream global limit when a configuration has tiered limits"
            f" '{','.join(sorted(held.tiered_limits))}'",
            hint="set the limit of a tier (--js-tier), or take the tiers away (--rm-js-tier)",
        )


def _with_tier(account: Claims[Account], tier: int, after: JetStreamLimits) -> Claims[Account]:
    held = account.nats.limits
    if tier:
        tiers = {**held.tiered_limits, tier_name(tier): after}
        return account.with_nats(limits=replace(held, tiered_limits=tiers))
    return account.with_nats(limits=replace(held, **_values(after)))


def _values(limits: JetStreamLimits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in _NAMES}
