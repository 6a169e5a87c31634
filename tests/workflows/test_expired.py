"""What is past its time: ended on the servers by one command, and by ``up`` itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import InputError, ShareRevoked
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import connect
from jetshare.net.resolver import Resolver
from jetshare.sharing import ledger, receipt
from jetshare.sharing.found import offered_share
from jetshare.sharing.receipt import Witness
from jetshare.store.folder import open_store
from jetshare.store.locate import Location
from jetshare.workflows.accept import AcceptRequest, accept
from jetshare.workflows.documents import sign_account
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.in_step import Event, Follower, Step
from jetshare.workflows.lapsed import sign_anew
from jetshare.workflows.next import NextRequest, Received, next_messages
from jetshare.workflows.reach import Reach, system_creds
from jetshare.workflows.revoke import RevokeRequest, RevokeResult, revoke
from jetshare.workflows.verify import Verdict, VerifyRequest, verify
from support.offline import NOW, granted, memory_store
from support.running_up import on_server, up
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
    await live.share_with("ACCTB", expires=0)
    ended = await live.revoke(expired=True)
    assert ended.importers == (live.members["ACCTA"].public,)
    assert ended.proven, ended.proofs
    assert set(ended.others) == {"ACCTB", "ACCTD"}
    assert [m.data for m in await pull(live, "ACCTB")] == [b"one"]
    assert [m.data for m in await pull(live, "ACCTD")] == [b"two"]


async def test_nobody_listening_is_closed_only_where_the_consumer_would_be_heard(
    live: Scene,
) -> None:
    """What was open to a consumer that was deleted is open to the next of its name."""
    over = now() + 3
    for account, info in (("ACCTA", False), ("ACCTB", True)):
        await live.share_with(account, info=info, expires=over)
        async with live.speaking_as(account):
            pass
    await past(over)
    await live.api(f"CONSUMER.DELETE.{SHARE.stream}.{SHARE.consumer}")
    assert await closed(live, "ACCTA") == (
        "not seen: nothing answers, nor would a consumer that is not there"
    )
    assert await closed(live, "ACCTB") == STILL_OPEN  # INFO answers 404
    (verdict,) = await live.verify(importer="ACCTA")
    assert (verdict.over, verdict.closed) == ("expired", None)
    outsider = next(p for p in verdict.proofs if p.name == "a third account is refused")
    assert outsider.held is None
    assert outsider.seen.endswith("503 no responders, as the importer does")
    await live.make_consumer(SHARE)
    assert await closed(live, "ACCTA") == STILL_OPEN
    await live.api(f"CONSUMER.DELETE.{SHARE.stream}.{SHARE.consumer}")
    ended = await live.revoke(expired=True)
    assert ended.proven, ended.proofs
    assert await closed(live, "ACCTA") == "nothing is reached any more"  # as the servers know


async def test_what_was_revoked_in_part_and_is_over_is_ended_as_a_whole(live: Scene) -> None:
    await expire(live, "ACCTB")
    with live.store.edit() as edit:
        held = edit.account("ACCTC").claims
        first, *rest = held.nats.exports  # as a hand does that forgets the others
        part = replace(first, revocations={live.members["ACCTB"].public: now()})
        document = sign_account(edit, held.with_nats(exports=(part, *rest)), now())
        edit.put_account(document)
    ended = await live.revoke(expired=True)
    assert ended.importers == (live.members["ACCTB"].public,)
    assert ended.proven, ended.proofs
    assert ended.receipts[0][1] is Witness.IMPORTER
    assert await closed(live) == "nothing is reached any more"


async def test_a_renewal_that_was_not_taken_yet_does_not_keep_the_old_tokens_alive(
    live: Scene,
) -> None:
    await live.publish(b"one")
    await expire(live, "ACCTB")
    renewed = await live.grant("ACCTB", expires=0)
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
        (0, NOW + 50, NOW + 60, 0),  # the endless grant is in use; the later one was not taken
    ],
)
async def test_up_to_which_tokens(
    first: int, renewed: int | None, at: int, until_when: int
) -> None:
    result, revoked = await dated(first=first, renewed=renewed, at=at)
    assert revoked == until_when
    assert bool(result.importers) is bool(until_when)


async def test_of_an_importer_elsewhere_the_last_word_counts() -> None:
    """Which of its grants it took is not known: it was made to end."""
    store = memory_store()
    stranger = KeyPair.generate(Kind.ACCOUNT).public
    await granted(store, stranger)
    await granted(store, stranger, now=NOW + 10, expires=NOW + 50)
    request = RevokeRequest(share=SHARE, provider="ACCTC", expired=True, push=False)
    assert (await revoke(store, request, Reach(), NOW + 60)).importers == (stranger,)


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


async def test_what_holds_up_the_end_is_told_once(live: Scene) -> None:
    """Here an edit of somebody else, for longer than one waits for it."""
    over = now() + 1000
    await live.share_with("ACCTB", expires=over)
    folder = live.store.folder
    place = Location(stores=folder.parent, keystore=folder.parent, config=folder.parent / "none")
    store = open_store(place, live.store.name, lock_wait_s=0.05)
    clock, told = [now()], list[Event]()
    async with connect(live.reach.login(store, system_creds(store, live.reach, now()))) as client:
        follower = Follower.of(
            accounts=folder / "accounts",
            operator=store.operator().claims,
            resolver=Resolver(client),
            signer=None,
            sign_anew=lambda name: sign_anew(store, name, now()),
            tell=told.append,
            now=lambda: clock[-1],
        )
        await follower.begin()
        clock.append(over)
        with live.store.edit():
            await follower.follow()
            await follower.follow()
        assert [(event.step, event.account) for event in told] == [(Step.STILL_OPEN, "ACCTB")]
        assert "is ended as soon as that can be stored: " in told[0].reason
        assert "is locked by process" in told[0].reason
        await follower.follow()
        assert [event.step for event in told[1:]] == [Step.EXPIRED]


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
    """In a managed store, the operator's key elsewhere, nobody here can sign the account anew
    so that servers take it: with the account's own key they would refuse it."""
    monkeypatch.chdir(fresh_home)
    with up(fresh_home) as first:
        store = first.store

    async def share() -> None:
        text = (await granted(store, "ACCTB", now=now(), expires=now() + 4)).grants[0].bundle
        taken = AcceptRequest(files=(text,), account="ACCTB", push=False)
        await accept(store, taken, Reach(), now())

    asyncio.run(share())
    operator = store.operator().claims
    with store.edit() as editing:
        for key in (operator.sub, *operator.nats.signing_keys):
            editing.delete_key(key)
    marker = store.folder / ".nsc"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "managed": True}))
    with up(fresh_home) as running:
        assert running.store.managed
        before = running.store.account("ACCTB").token
        told = running.until("still open", "ACCTB")
        assert "no key that may sign for operator OP" in told["reason"]
        assert on_server(running, "ACCTB") == running.store.account("ACCTB").token == before
