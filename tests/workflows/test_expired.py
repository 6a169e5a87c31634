"""What is past its time: ended on the servers by one command, and by ``up`` itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.errors import InputError, ShareRevoked
from jetshare.sharing import ledger, receipt
from jetshare.sharing.found import offered_share
from jetshare.sharing.receipt import Witness
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.next import NextRequest, Received, next_messages
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, RevokeResult, revoke
from jetshare.workflows.verify import Verdict, VerifyRequest, verify
from support.offline import NOW, granted, memory_store
from support.running_up import up
from support.scene import SHARE, Scene, scene
from support.waiting import until

STILL_OPEN = f"access is STILL OPEN; end it: jetshare revoke {SHARE} --from ACCTC --expired"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path, names=("ACCTA", "ACCTB", "ACCTC", "ACCTD")) as made:
        await made.make_stream()
        yield made


def now() -> int:
    return int(time.time())


async def past(at: int) -> None:
    async def is_past() -> bool:
        return now() >= at

    await until(is_past)


async def expire(live: Scene, *accounts: str) -> None:
    """Grants that are taken, and then over."""
    result = await live.grant(*accounts, expires=now() + 2)
    for given, account in zip(result.grants, accounts, strict=True):
        await live.accept(given.bundle, account=account)
        async with live.speaking_as(account):
            pass  # a server builds the imports when it first needs the account
    await past(result.expires)


async def closed(live: Scene, account: str = "ACCTB") -> str:
    (verdict,) = await live.verify(importer=account)
    return next(p.seen for p in verdict.proofs if p.name.endswith("is closed"))


async def pull(live: Scene, account: str) -> list[Received]:
    got: list[Received] = []
    request = NextRequest(share=SHARE, importer=account)
    await next_messages(live.store, request, live.reach, now(), got.append)
    return got


async def test_what_a_server_goes_on_with_is_ended_and_proven(live: Scene) -> None:
    await live.publish(b"one")
    await expire(live, "ACCTB")
    assert await closed(live) == STILL_OPEN
    ended = await live.revoke(expired=True)
    assert ended.proven, ended.proofs
    ((importer, witness, text),) = ended.receipts
    assert (importer, witness) == (live.members["ACCTB"].public, Witness.IMPORTER)
    assert receipt.read(text).expired
    assert await closed(live) == "nothing is reached any more"
    with pytest.raises(ShareRevoked):
        await pull(live, "ACCTB")
    again = await live.revoke(expired=True)
    assert (again.importers, again.push, again.receipts) == ((), None, ())


async def test_grants_that_are_in_force_go_on(live: Scene) -> None:
    """One of another importer, and one that was renewed after it was over."""
    await live.publish(b"one", b"two")
    await live.share_with("ACCTD")
    await expire(live, "ACCTA", "ACCTB")
    await live.share_with("ACCTB")
    ended = await live.revoke(expired=True)
    assert ended.importers == (live.members["ACCTA"].public,)
    assert ended.proven, ended.proofs
    assert set(ended.others) == {"ACCTB", "ACCTD"}
    assert [m.data for m in await pull(live, "ACCTB")] == [b"one"]
    assert [m.data for m in await pull(live, "ACCTD")] == [b"two"]


async def test_a_renewal_that_was_not_taken_yet_does_not_keep_the_old_tokens_alive(
    live: Scene,
) -> None:
    await live.publish(b"one")
    await expire(live, "ACCTB")
    renewed = await live.grant("ACCTB")
    ended = await live.revoke(expired=True)
    assert ended.importers == (live.members["ACCTB"].public,)
    assert ended.proven, ended.proofs
    with pytest.raises(ShareRevoked):
        await pull(live, "ACCTB")
    await live.accept(renewed.grants[0].bundle)
    assert [m.data for m in await pull(live, "ACCTB")] == [b"one"]


async def test_the_command_of_an_importer_alone_is_to_give_it_back(live: Scene) -> None:
    """Where the provider is another company, its document is in another store."""
    await expire(live, "ACCTB")
    provider = live.members["ACCTC"].public
    with live.store.edit() as edit:
        edit.delete_account("ACCTC")
    command = f"jetshare drop {SHARE} --account ACCTB --from {provider}"
    assert await closed(live) == f"access is STILL OPEN; end it: {command}"


async def test_only_those_who_are_named(live: Scene) -> None:
    await expire(live, "ACCTA", "ACCTB")
    ended = await live.revoke("ACCTA", expired=True)
    assert ended.importers == (live.members["ACCTA"].public,)
    assert await closed(live, "ACCTB") == "nothing is reached any more"  # the same push shows it
    assert (await live.revoke(expired=True)).importers == (live.members["ACCTB"].public,)


async def dated(*, first: int, renewed: int | None, at: int) -> tuple[RevokeResult, int]:
    """What ``--expired`` does at ``at`` after a grant to the end of ``first`` and a renewal."""
    store = memory_store()
    text = (await granted(store, "ACCTB", expires=first)).grants[0].bundle
    taken = AcceptRequest(files=(text,), account="ACCTB", push=False)
    await accept(store, taken, Reach(), NOW)
    if renewed is not None:
        await granted(store, "ACCTB", now=NOW + 10, expires=renewed)
    request = RevokeRequest(share=SHARE, provider="ACCTC", expired=True, push=False)
    result = await revoke(store, request, Reach(), at)
    offer = offered_share(store.account("ACCTC").claims, SHARE)
    assert offer is not None
    importer = store.account("ACCTB").claims.sub
    active = importer in ledger.active(store.ledger("ACCTC"), SHARE)
    assert active is (not result.importers or (renewed is not None and not 0 < renewed <= at))
    return result, offer.revoked_at(importer) or 0


@pytest.mark.parametrize(
    ("first", "renewed", "at", "until_when"),
    [
        (NOW + 100, None, NOW + 99, 0),
        (NOW + 100, None, NOW + 100, NOW),
        (0, None, NOW + 100, 0),
        (NOW + 100, 0, NOW + 100, NOW),  # the renewal stays
        (NOW + 100, NOW + 200, NOW + 150, NOW),
        (NOW + 100, NOW + 200, NOW + 200, NOW + 10),
        (0, NOW + 50, NOW + 60, NOW + 10),  # the last word counts: it was made to end
    ],
)
async def test_up_to_which_tokens(
    first: int, renewed: int | None, at: int, until_when: int
) -> None:
    result, revoked = await dated(first=first, renewed=renewed, at=at)
    assert revoked == until_when
    assert bool(result.importers) is bool(until_when)


async def test_tokens_of_one_second_that_cannot_be_told_apart_are_left_alone() -> None:
    store = memory_store()
    await granted(store, "ACCTB", expires=NOW + 100)
    await granted(store, "ACCTB", expires=0)
    before = store.account("ACCTC").token
    request = RevokeRequest(share=SHARE, provider="ACCTC", expired=True, push=False)
    result = await revoke(store, request, Reach(), NOW + 100)
    assert result.importers == ()
    assert store.account("ACCTC").token == before


async def test_a_public_share_has_no_token_that_could_expire() -> None:
    store = memory_store()
    wanted = GrantRequest(share=SHARE, provider="ACCTC", public=True, push=False)
    await grant(store, wanted, Reach(), NOW)
    request = RevokeRequest(share=SHARE, provider="ACCTC", expired=True, push=False)
    with pytest.raises(InputError, match="public"):
        await revoke(store, request, Reach(), NOW)


def test_up_ends_it_at_its_time(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fresh_home)
    with up(fresh_home) as running:
        reach = Reach(servers=(running.url,))

        async def share() -> None:
            wanted = GrantRequest(
                share=SHARE, provider="ACCTC", importers=("ACCTB",), expires=now() + 2
            )
            text = (await grant(running.store, wanted, reach, now())).grants[0].bundle
            taken = AcceptRequest(files=(text,), account="ACCTB")
            await accept(running.store, taken, reach, now())
            await seen()  # a server builds the imports when it first needs the account

        async def seen() -> Verdict:
            (verdict,) = await verify(running.store, VerifyRequest(share=SHARE), reach, now())
            return verdict

        asyncio.run(share())
        told = running.until("expired", "ACCTB")
        assert "an activation is over" in told["reason"]
        running.until("taken", "ACCTB")

        ended = [p for p in asyncio.run(seen()).proofs if p.name == "what is expired is closed"]
        assert [proof.seen for proof in ended] == ["nothing is reached any more"]
    assert [told["event"] for told in running.seen].count("expired") == 1


def test_up_says_what_it_cannot_end(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key of the operator nobody here can sign the account anew."""
    monkeypatch.chdir(fresh_home)
    with up(fresh_home) as running:
        reach = Reach(servers=(running.url,))

        async def share() -> None:
            wanted = GrantRequest(
                share=SHARE, provider="ACCTC", importers=("ACCTB",), expires=now() + 2
            )
            text = (await grant(running.store, wanted, reach, now())).grants[0].bundle
            taken = AcceptRequest(files=(text,), account="ACCTB")
            await accept(running.store, taken, reach, now())

        asyncio.run(share())
        operator = running.store.operator().claims
        with running.store.edit() as editing:
            for key in (operator.sub, *operator.nats.signing_keys):
                editing.delete_key(key)
        told = running.until("still open", "ACCTB")
        assert "no key that may sign for operator OP" in told["reason"]
