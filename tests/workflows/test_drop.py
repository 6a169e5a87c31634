"""An importer gives a share back, and it is gone from the servers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.errors import InputError, NotFound
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Side
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.drop import DropRequest, DropResult, drop, plan_drop
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.reach import Reach
from support.offline import NOW, memory_store
from support.scene import SHARE, Scene, scene

OTHER = PullConsumer(SHARE.stream, "OTHER")


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        await made.make_stream()
        yield made


async def give_back(live: Scene, provider: str = "") -> DropResult:
    request = DropRequest(share=SHARE, provider=provider)
    return await drop(live.store, request, live.reach, int(time.time()))


async def test_every_import_of_the_share_goes_at_once_and_no_other(live: Scene) -> None:
    await live.make_consumer(OTHER)
    await live.share_with()
    await live.share_with(share=OTHER)
    plan = plan_drop(live.store, DropRequest(share=SHARE))
    assert [change.sign for change in plan.changes] == ["-"] * 4
    assert (plan.account, plan.provider_name, plan.prefix) == ("ACCTB", "ACCTC", "ACCTC.API")

    result = await give_back(live)
    assert result.plan == plan
    assert result.pushed
    assert result.proven, result.proofs
    assert {p.name for p in result.proofs if p.held} == {
        "the servers hold the document without it",
        "the server has none of the imports",
        "ACCTB: NEXT is refused",
        "ACCTB: ACK is refused",
        "ACCTB: INFO is refused",
    }
    with pytest.raises(NotFound, match="no account in this store imports"):
        await live.verify()
    (still,) = await live.verify(OTHER)
    assert still.held


async def test_what_was_given_back_can_be_taken_again(live: Scene) -> None:
    granted = await live.grant("ACCTB")
    await live.accept(granted.grants[0].bundle)
    await give_back(live)
    await live.accept(granted.grants[0].bundle)
    (verdict,) = await live.verify()
    assert verdict.held


async def test_what_expired_and_goes_on_is_ended_by_giving_it_back(live: Scene) -> None:
    """For who has no say over the provider's document."""
    await live.share_with()
    with live.store.edit() as edit:
        edit.delete_account("ACCTC")
    result = await give_back(live, provider=live.members["ACCTC"].public)
    assert result.proven
    assert result.plan.provider_name == ""


async def test_a_consumer_of_ones_own_with_that_name_is_no_failure(live: Scene) -> None:
    await live.share_with()
    stream = {"name": SHARE.stream, "subjects": ["mine.>"], "storage": "memory"}
    await live.api(f"STREAM.CREATE.{SHARE.stream}", stream, account="ACCTB")
    consumer = {"durable_name": SHARE.consumer, "ack_policy": "explicit"}
    await live.api(
        f"CONSUMER.DURABLE.CREATE.{SHARE.stream}.{SHARE.consumer}",
        {"stream_name": SHARE.stream, "config": consumer},
        account="ACCTB",
    )
    result = await give_back(live)
    assert result.proven
    (ack,) = [p for p in result.proofs if p.name == "ACCTB: ACK is refused"]
    assert ack.held is None


async def test_a_server_that_is_down_leaves_it_stored_and_unproven(live: Scene) -> None:
    await live.share_with()
    live.reach = Reach(servers=("nats://127.0.0.1:1",), timeout_s=1.0)
    result = await give_back(live)
    assert not result.pushed
    assert not result.proven
    assert live.store.account("ACCTB").claims.nats.imports == ()


async def test_an_importer_without_a_user_is_seen_through_the_servers(live: Scene) -> None:
    await live.share_with()
    with live.store.edit() as edit:
        edit.delete_key(live.members["ACCTB"].public)
    result = await give_back(live)
    assert result.proven
    assert {proof.side for proof in result.proofs} == {Side.SERVERS}


async def test_which_one_is_meant_must_be_clear() -> None:
    store = memory_store(names=("ACCTA", "ACCTB", "ACCTC", "ACCTD"))
    for provider, importer, prefix in (
        ("ACCTC", "ACCTA", "C.API"),
        ("ACCTC", "ACCTB", "C.API"),
    ):
        wanted = GrantRequest(share=SHARE, provider=provider, importers=(importer,), push=False)
        text = (await grant(store, wanted, Reach(), NOW)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account=importer, prefix=prefix, push=False)
        await accept(store, taken, Reach(), NOW)
    request = DropRequest(share=SHARE, push=False)
    with pytest.raises(InputError, match="more than once"):
        await drop(store, request, Reach(), NOW)
    with pytest.raises(NotFound, match="ACCTD does not import"):
        plan_drop(store, DropRequest(share=SHARE, importer="ACCTD"))
    with pytest.raises(NotFound, match="from ACCTD"):
        plan_drop(store, DropRequest(share=SHARE, importer="ACCTA", provider="ACCTD"))
    result = await drop(store, DropRequest(share=SHARE, importer="ACCTA", push=False), Reach(), NOW)
    assert result.push is None
    assert store.account("ACCTA").claims.nats.imports == ()
    assert len(store.account("ACCTB").claims.nats.imports) == 4
