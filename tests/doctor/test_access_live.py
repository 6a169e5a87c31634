"""What an importer can do that was not meant, shown on a real server, and taken back."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from jetshare.errors import ShareConflict
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Import
from jetshare.identity.creds import parse_token_file
from jetshare.net import probe
from jetshare.net.connect import Login, connect
from jetshare.net.probe import Heard
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.workflows.accept import AcceptRequest, plan_accept
from jetshare.workflows.grant import GrantRequest, grant
from jetshare.workflows.push import push
from support.one_pull import SECOND
from support.shares import Pair, activation
from support.waiting import until
from support.ward import PREFIX, WELL, Ward, operator_key, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
ALL = (NEXT, ACK, ACK_V2, INFO)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


def now() -> int:
    return int(time.time())


async def replies(client: Client, subject: str, body: bytes = b"") -> int:
    """How many answers one request brings."""
    inbox = client.new_inbox()
    heard = await client.subscribe(inbox)
    await client.publish(subject, body, reply=inbox)
    count = 0
    try:
        while True:
            await heard.next_msg(timeout=0.3)
            count += 1
    except TimeoutError:
        return count


async def test_js102_the_owners_api(made: Ward) -> None:
    def everything(pair: Pair) -> None:
        subject = "$JS.API.STREAM.DELETE.*"
        pair.add_export(name="all", subject=subject)
        pair.add_import(name="all", subject=subject, local_subject=f"{PREFIX}.STREAM.DELETE.*")

    await made.spoil(everything)
    assert await made.health() == WELL
    async with made.importer() as client:
        gone = await probe.ask(client, f"{PREFIX}.STREAM.DELETE.{made.share.stream}", b"", 2.0)
    assert json.loads(gone.body)["success"] is True
    await made.live.make_stream()
    await made.cure("JS102", "nsc")
    async with made.importer() as client:
        kept = await probe.ask(client, f"{PREFIX}.STREAM.DELETE.{made.share.stream}", b"", 2.0)
    assert kept.heard is Heard.NO_RESPONDERS


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js105_a_token_position_lets_the_revoked_in(made: Ward, how: str) -> None:
    """The export's subject names the account, as it must for a position to be valid."""
    subject = f"$JS.API.CONSUMER.INFO.{made.share.stream}.*"

    def position(pair: Pair) -> None:
        pair.drop(INFO)
        own = subject.replace("*", pair.importer.sub)
        pair.add_export(name="info", subject=subject, token_req=True, account_token_position=6,
                        revocations={pair.importer.sub: now()})  # fmt: skip
        token = activation(pair.key, pair.importer.sub, own, pair.now)
        pair.add_import(name="info", subject=own, local_subject=f"{PREFIX}.X", token=token)

    await made.spoil(position)
    importer = made.live.members["ACCTB"].public
    own = PullConsumer(made.share.stream, importer)
    await made.live.make_consumer(own)
    async with made.importer() as client:
        revoked = await probe.ask(client, f"{PREFIX}.X", b"", 1.0)
    assert revoked.heard is Heard.ANSWER
    await made.cure("JS105", how)
    async with made.importer() as client:
        refused = await probe.ask(client, f"{PREFIX}.X", b"", 1.0)
    assert refused.heard is Heard.NO_RESPONDERS


async def test_js106_wildcards_reach_another_consumer(made: Ward) -> None:
    other = PullConsumer(made.share.stream, "OTHER")
    await made.live.make_consumer(other)

    def widen(pair: Pair) -> None:
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{pair.share.stream}.*"
        pair.change_export(NEXT, subject=subject)
        local = f"{PREFIX}.CONSUMER.MSG.NEXT.{pair.share.stream}.OTHER"
        named = other.next_subject()
        token = activation(pair.key, pair.importer.sub, named, pair.now)
        pair.add_import(name="other", subject=named, local_subject=local, token=token)

    await made.spoil(widen)
    await made.live.publish(b"not for you")
    local = f"{PREFIX}.CONSUMER.MSG.NEXT.{made.share.stream}.OTHER"
    async with made.importer() as client:
        inbox = client.new_inbox()
        heard = await client.subscribe(inbox)
        await client.publish(local, b'{"batch":1}', reply=inbox)
        assert (await heard.next_msg(timeout=2)).data == b"not for you"
    await made.cure("JS106", "nsc")
    async with made.importer() as client:
        refused = await probe.ask(client, local, b'{"batch":1,"no_wait":true}', 2.0)
    assert refused.heard is Heard.NO_RESPONDERS


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js107_a_public_ack_is_open_to_a_third_account(made: Ward, how: str) -> None:
    await made.spoil(lambda pair: pair.change_export(ACK, token_req=False))
    third = made.live.members["ACCTA"]
    await made.live.api("INFO", account="ACCTA")

    async def acknowledges() -> Heard:
        creds = third.user()
        async with connect(Login(servers=made.live.reach.servers, creds=creds)) as client:
            return (await probe.ack_reaches(client, made.share.ack_subject())).heard

    await take_as_third(made)
    assert await acknowledges() is Heard.ANSWER
    await made.cure("JS107", how)
    assert await acknowledges() is Heard.NO_RESPONDERS
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_a_change_of_an_export_leaves_the_revoked_out(made: Ward, how: str) -> None:
    """Of the type, of the threshold and of who may import it, one after the other."""
    await made.live.share_with("ACCTA")
    await made.live.revoke("ACCTA")
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("JS101", {"response_type": "Singleton", "description": "orders"}),
        ("JS113", {"response_threshold": 9 * SECOND}),
        ("JS107", {"token_req": False}),
    )
    for code, spoilt in changes:
        await made.spoil(partial(Pair.change_export, role=NEXT, **spoilt))
        await made.cure(code, how)
    for line in ("edit account --name ACCTA --description again", "push --account ACCTA"):
        await made.run(["nsc", *line.split()], must=True)
    await made.fill()
    local = f"{PREFIX}{made.share.next_subject()[7:]}"
    async with made.live.speaking_as("ACCTA") as revoked:
        answer = await probe.ask(revoked, local, b'{"batch":1,"no_wait":true}', 2.0)
    assert answer.heard is Heard.NO_RESPONDERS
    left = {one["code"] for one in await made.doctor("--live")}
    assert left == (set() if how == "cure" else {"JS310"})  # which --fix mends as well
    (described,) = (
        one for one in made.live.store.account("ACCTC").claims.nats.exports if one.description
    )
    assert described.description == "orders"
    assert await made.health() == WELL


async def take_as_third(made: Ward) -> None:
    """ACCTA, which was granted nothing, imports ACK without a token."""
    account = made.live.store.account("ACCTA").claims
    taken = Import(
        name="ack",
        subject=made.share.ack_subject(),
        account=made.live.members["ACCTC"].public,
        type="service",
    )
    document = jwt.encode(account.with_nats(imports=(taken,)), operator_key(made.live), now())
    with made.live.store.edit() as edit:
        edit.put_account(document)
    carried = await push(made.live.store, [document], made.live.reach, now())
    assert carried.complete


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js201_two_accounts_answer(made: Ward, how: str) -> None:
    await made.spoil(lambda pair: pair.change_import(INFO, local_subject=pair.share.info_subject()))
    async with made.importer() as client:
        assert await replies(client, made.share.info_subject()) == 2
    await made.cure_all("JS201", how)
    async with made.importer() as client:
        assert await replies(client, f"{PREFIX}{made.share.info_subject()[7:]}") == 1
    assert await made.health() == WELL


async def test_js201_a_stream_is_made_in_both_accounts(made: Ward) -> None:
    create = "$JS.API.STREAM.CREATE.*"

    def unmapped(pair: Pair) -> None:
        pair.add_export(name="create", subject=create)
        pair.add_import(name="create", subject=create)

    async def make(name: str) -> list[str]:
        """Which of the two accounts has the stream that the importer made."""
        settings = {"name": name, "subjects": [name.lower()], "storage": "memory"}
        async with made.importer() as client:
            await replies(client, create.replace("*", name), json.dumps(settings).encode())
        owners = []
        for account in ("ACCTB", "ACCTC"):
            async with made.live.speaking_as(account) as client:
                seen = await probe.ask(client, f"$JS.API.STREAM.INFO.{name}", b"", 2.0)
            if not probe.api_error(seen):
                owners.append(account)
        return owners

    await made.spoil(unmapped)
    assert await make("TWICE") == ["ACCTB", "ACCTC"]
    await made.cure("JS201", "cure")
    assert await make("ONCE") == ["ACCTB"]
    assert "JS201" not in {finding["code"] for finding in await made.doctor()}


async def shared_by_two(made: Ward, prefix: str) -> None:
    """ACCTA has a stream and a consumer of the same names, and ACCTB imports its share too."""
    live, share = made.live, made.share
    await live.api(
        f"STREAM.CREATE.{share.stream}",
        {"name": share.stream, "subjects": ["retail.v1.restock.>"]},
        account="ACCTA",
    )
    await second_consumer(made)
    request = GrantRequest(share=share, provider="ACCTA", importers=("ACCTB",))
    granted = await grant(live.store, request, live.reach, now())
    # Our own accept refuses; other tools do not.
    wanted = AcceptRequest(files=(granted.grants[0].bundle,), account="ACCTB", prefix=prefix)
    with pytest.raises(ShareConflict):
        plan_accept(live.store, wanted, now())
    bare = [parse_token_file(text) for _, text in granted.grants[0].activations]
    tokens = {jwt.decode(token, Activation).claims.nats.subject: token for token in bare}

    def take_both(pair: Pair) -> None:
        other = live.members["ACCTA"].public
        for subject, token in tokens.items():
            local = subject.replace("$JS.API", prefix)
            pair.add_import(name=f"A {subject}", subject=subject, account=other, token=token,
                            local_subject=local)  # fmt: skip

    await made.spoil(take_both)


async def second_consumer(made: Ward) -> None:
    """ACCTA's consumer, new, and one message that its owner has leased."""
    live, share = made.live, made.share
    async with live.speaking_as("ACCTA") as owner:
        await owner.request(f"$JS.API.CONSUMER.DELETE.{share.stream}.{share.consumer}")
    config = {"durable_name": share.consumer, "ack_policy": "explicit"}
    await live.api(
        f"CONSUMER.DURABLE.CREATE.{share.stream}.{share.consumer}",
        {"stream_name": share.stream, "config": config},
        account="ACCTA",
    )
    async with live.speaking_as("ACCTA") as owner:
        await owner.request("retail.v1.restock.requested", b"theirs", timeout=2)
        held = await owner.jetstream().pull_subscribe_bind(
            durable=share.consumer, stream=share.stream
        )
        assert len(await held.fetch(1, timeout=2)) == 1


async def leased_by_second(made: Ward) -> int:
    name = f"CONSUMER.INFO.{made.share.stream}.{made.share.consumer}"
    return int((await made.live.api(name, account="ACCTA"))["num_ack_pending"])


async def test_js205_acknowledging_one_providers_message_acknowledges_anothers(
    made: Ward,
) -> None:
    await shared_by_two(made, "ACCTA.API")
    assert await leased_by_second(made) == 1
    assert (await made.health()).came == 3  # which of the two hears of it changes from run to run

    async def gone() -> bool:
        return await leased_by_second(made) == 0

    await until(gone)
    await cure_each(made, "JS205")
    await second_consumer(made)
    assert await made.health() == WELL
    assert await leased_by_second(made) == 1


async def test_js208_two_providers_under_one_prefix(made: Ward) -> None:
    await shared_by_two(made, PREFIX)
    next_ = f"{PREFIX}{made.share.next_subject()[7:]}"
    pull = b'{"batch":1,"max_bytes":1,"no_wait":true}'
    async with made.importer() as client:
        assert await replies(client, next_, pull) == 2
    await cure_each(made, "JS208")
    async with made.importer() as client:
        assert await replies(client, next_, pull) == 1


async def cure_each(made: Ward, code: str, how: str = "nsc") -> None:
    """By the commands of one finding after the other, until none has the code."""
    for _ in range(len(ALL)):
        if code in {finding["code"] for finding in await made.doctor()}:
            await made.cure(code, how)
    assert code not in {finding["code"] for finding in await made.doctor()}


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js303_a_token_of_the_second_of_the_revocation(made: Ward, how: str) -> None:
    token = made.live.store.account("ACCTB").claims.nats.imports[0].token
    issued = jwt.decode(token).claims.iat
    await made.spoil(lambda pair: pair.revoke(*ALL, at=issued))
    assert (await made.health()).came == 0
    await made.cure_all("JS303", how)
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js306_only_next_is_revoked(made: Ward, how: str) -> None:
    await made.spoil(lambda pair: pair.revoke(NEXT, at=now()))
    assert (await made.health()).came == 0
    async with made.importer() as client:
        assert (await probe.ack_reaches(client, made.share.ack_subject())).heard is Heard.ANSWER
    await cure_each(made, "JS306", how)
    async with made.importer() as client:
        refused = await probe.ack_reaches(client, made.share.ack_subject())
    assert refused.heard is Heard.NO_RESPONDERS


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js305_a_token_of_another_account_is_refused_with_the_document(
    made: Ward, how: str
) -> None:
    stranger = made.live.members["ACCTA"].public
    pushed = await made.spoil(lambda pair: pair.change_token(NEXT, sub=stranger))
    assert 500 in {answer.code for answer in pushed.answers}
    await made.cure_all("JS305", how)
    assert await made.health() == WELL
