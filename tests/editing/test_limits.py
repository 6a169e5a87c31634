from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.editing import limits
from jetshare.errors import InputError, NotFound, ShareConflict
from jetshare.identity.claims import Account, AccountLimits, Claims, JetStreamLimits
from support.accounts import account

FIELDS = st.sampled_from(["mem_storage", "disk_storage", "streams", "consumer", "max_ack_pending"])
GLOBAL = account(limits=AccountLimits(conn=7, disk_storage=100, streams=3, unknown={"x": 1}))
TIERED = account(
    limits=AccountLimits(
        tiered_limits={"R3": JetStreamLimits(disk_storage=5, unknown={"y": 2})}, unknown={"x": 1}
    )
)


def held(claims: Claims[Account]) -> AccountLimits:
    return claims.nats.limits


def test_a_limit_of_the_account() -> None:
    after = limits.set_limits(GLOBAL, conn=9, leaf=0)
    assert (held(after).conn, held(after).leaf, held(after).disk_storage) == (9, 0, 100)
    assert held(after).unknown == {"x": 1}


@given(st.dictionaries(FIELDS, st.integers(-1, 1000), min_size=1), st.sampled_from([0, 1, 3]))
def test_the_first_limit_leaves_the_others_open(given_: dict[str, int], tier: int) -> None:
    """All that is not storage is unlimited; storage that is not given is none."""
    after = limits.jetstream(held(limits.set_jetstream(account(), tier, **given_)), tier)
    open_ = {"streams": -1, "consumer": -1, "max_ack_pending": -1}
    wanted = {"mem_storage": 0, "disk_storage": 0, **open_, **given_}
    assert {name: getattr(after, name) for name in wanted} == wanted


def test_later_limits_leave_the_others_as_they_are() -> None:
    after = limits.set_jetstream(GLOBAL, streams=4)
    assert held(after) == AccountLimits(conn=7, disk_storage=100, streams=4, unknown={"x": 1})
    after = limits.set_jetstream(TIERED, 3, streams=4)
    assert held(after).tiered_limits == {
        "R3": JetStreamLimits(disk_storage=5, streams=4, unknown={"y": 2})
    }
    after = limits.set_jetstream(TIERED, 1, disk_storage=1)
    assert sorted(held(after).tiered_limits) == ["R1", "R3"]


def test_an_account_has_limits_of_one_sort() -> None:
    with pytest.raises(ShareConflict, match="has a global limit"):
        limits.set_jetstream(GLOBAL, 3, streams=1)
    with pytest.raises(ShareConflict, match="has tiered limits 'R3'"):
        limits.set_jetstream(TIERED, streams=1)
    with pytest.raises(ShareConflict, match="has tiered limits"):
        limits.enable_jetstream(TIERED)


def test_enabling() -> None:
    after = held(limits.enable_jetstream(account(), 1)).tiered_limits["R1"]
    assert after == JetStreamLimits(mem_storage=-1, disk_storage=-1)
    with pytest.raises(ShareConflict, match="tier global is already enabled"):
        limits.enable_jetstream(GLOBAL)
    with pytest.raises(ShareConflict, match="tier R3 is already enabled"):
        limits.enable_jetstream(TIERED, 3)


@pytest.mark.parametrize("claims", [GLOBAL, TIERED, account()])
def test_disabling_leaves_nothing_of_jetstream(claims: Claims[Account]) -> None:
    after = limits.disable_jetstream(claims)
    assert not limits.has_jetstream(held(after))
    limits.check_system_account(after)
    assert (held(after).conn, held(after).unknown) == (held(claims).conn, held(claims).unknown)


def test_deleting_a_tier() -> None:
    assert held(limits.delete_tier(TIERED, 3)).tiered_limits == {}
    assert limits.jetstream(held(limits.delete_tier(GLOBAL, 0))) == JetStreamLimits()
    with pytest.raises(NotFound, match="doesn't have tier R1 limit") as raised:
        limits.delete_tier(TIERED, 1)
    assert raised.value.hint == "it has: R3"


def test_the_system_account_has_no_jetstream() -> None:
    limits.check_system_account(account())
    for claims in (GLOBAL, TIERED, limits.set_limits(account(), streams=1)):
        with pytest.raises(InputError, match="system account cannot have JetStream"):
            limits.check_system_account(claims)


@pytest.mark.parametrize(
    ("claims", "has"),
    [
        (account(), False),
        (GLOBAL, True),
        (TIERED, True),
        (limits.set_limits(account(), mem_storage=-1), True),
        (limits.set_limits(account(), streams=1), False),
    ],
)
def test_jetstream_is_storage(claims: Claims[Account], has: bool) -> None:
    assert limits.has_jetstream(held(claims)) is has
