"""What a share gives that need not be meant: nothing fails, and somebody can do too much."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from jetshare.errors import AccessRefused
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims, Import, User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net import probe
from jetshare.net.connect import Login, connect
from jetshare.net.probe import Heard
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.workflows.push import push
from support.one_pull import NO_RESPONDERS, pull
from support.shares import Pair
from support.waiting import until
from support.ward import PREFIX, WELL, Ward, operator_key, ward


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


def now() -> int:
    return int(time.time())


async def notes(made: Ward) -> set[str]:
    return {finding["code"] for finding in await made.doctor("--notes")}


async def take(made: Ward, account: str, *imports: Import) -> None:
    """Give an account these imports, in the store and on the servers."""
    claims = made.live.store.account(account).claims.with_nats(imports=imports)
    document = jwt.encode(claims, operator_key(made.live), now())
    with made.live.store.edit() as edit:
        edit.put_account(document)
    assert (await push(made.live.store, [document], made.live.reach, now())).complete


@asynccontextmanager
async def speaking_as(made: Ward, account: str) -> AsyncIterator[Client]:
    creds = made.live.members[account].user()
    async with connect(Login(servers=made.live.reach.servers, creds=creds)) as client:
        yield client


async def pulled(client: Client, made: Ward, prefix: str = PREFIX) -> str:
    """What one pull hears first; 503 where nobody answers."""
    listening = await pull(client, made.share, prefix=prefix, batch=1, no_wait=True)
    return await listening.heard()


def public(pair: Pair) -> None:
    for role in Role:
        pair.change_export(role, token_req=False)
        pair.change_import(role, token="")


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js108_a_public_share_is_taken_by_anybody(made: Ward, how: str) -> None:
    await made.spoil(public)
    await made.fill()
    assert "JS108" in await notes(made)
    subject = made.share.next_subject()
    item = Import(
        name="next",
        subject=subject,
        account=made.live.members["ACCTC"].public,
        local_subject=f"ANY{subject[7:]}",
        type="service",
    )
    await take(made, "ACCTA", item)
    async with speaking_as(made, "ACCTA") as anybody:
        assert await pulled(anybody, made, "ANY") == "one"
    await made.cure("JS108", how, "--notes")
    async with speaking_as(made, "ACCTA") as anybody:
        assert await pulled(anybody, made, "ANY") == NO_RESPONDERS
    assert "JS108" not in await notes(made)
    # The importer that is meant gets its tokens by the cure of the next finding.
    await take(made, "ACCTA")
    await made.cure_all("JS301")
    assert await made.health() == WELL


async def test_js112_one_of_two_kinds_is_open(made: Ward) -> None:
    def both_kinds(pair: Pair) -> None:
        pair.add_export(name="ask for prices", subject="prices", token_req=True)
        pair.add_export(name="prices", subject="prices", type="stream")

    await made.spoil(both_kinds)
    provider = made.live.members["ACCTC"].public
    await take(made, "ACCTA", Import(name="p", subject="prices", account=provider, type="stream"))

    async def hears() -> bool:
        async with speaking_as(made, "ACCTA") as stranger, speaking_as(made, "ACCTC") as owner:
            heard = await stranger.subscribe("prices")
            await stranger.flush()
            await owner.publish("prices", b"1.95")
            await owner.flush()
            try:
                return (await heard.next_msg(timeout=0.3)).data == b"1.95"
            except TimeoutError:
                return False

    async def hears_nothing() -> bool:
        return not await hears()

    await until(hears)
    await made.cure("JS112")
    await until(hears_nothing)
    assert "JS112" not in {finding["code"] for finding in await made.doctor()}


async def test_js114_an_importer_makes_a_consumer(made: Ward) -> None:
    create = f"$JS.API.CONSUMER.CREATE.{made.share.stream}.*"

    def may_create(pair: Pair) -> None:
        pair.add_export(name="create", subject=create)
        pair.add_import(name="create", subject=create, local_subject=f"{PREFIX}{create[7:]}")

    await made.spoil(may_create)
    await made.live.publish(b"one")
    assert "JS114" in await notes(made)
    body = {
        "stream_name": made.share.stream,
        "config": {"name": "MINE", "deliver_subject": "stolen.orders", "ack_policy": "none"},
    }
    ask = f"{PREFIX}{create[7:].replace('*', 'MINE')}"
    async with speaking_as(made, "ACCTC") as owner, made.importer() as client:
        heard = await owner.subscribe("stolen.orders")
        await owner.flush()
        answer = await client.request(ask, json.dumps(body).encode(), timeout=2)
        assert "error" not in json.loads(answer.data)
        assert (await heard.next_msg(timeout=2)).data == b"one"
    await made.cure("JS114", "nsc", "--notes")
    async with made.importer() as client:
        assert (await probe.ask(client, ask, b"{}", 2.0)).heard is Heard.NO_RESPONDERS
    assert "JS114" not in await notes(made)


async def bearer(made: Ward) -> str:
    """A user of the importer's that needs no key to log in; its JWT."""
    key = KeyPair.generate(Kind.USER)
    claims = Claims(name="bob", sub=key.public, nats=User(bearer_token=True))
    document = jwt.encode(claims, made.live.members["ACCTB"].key, now() - 60)
    with made.live.store.edit() as edit:
        edit.put_key(key)
        edit.put_user("ACCTB", document)
    return document.token


def without_its_key(made: Ward, token: str) -> Login:
    """What somebody has who saw a user's JWT and no more."""
    anybody = KeyPair.generate(Kind.USER)
    return Login(servers=made.live.reach.servers, creds=Creds(jwt=token, key=anybody))


async def logs_in(made: Ward, token: str) -> bool:
    try:
        async with connect(without_its_key(made, token)):
            return True
    except AccessRefused:
        return False


async def test_js210_the_provider_is_sent_a_credential(made: Ward) -> None:
    def told_who_asks(pair: Pair) -> None:
        pair.add_export(name="prices", subject="ask.prices")
        pair.add_import(name="prices", subject="ask.prices", share=True)

    await made.spoil(told_who_asks)
    token = await bearer(made)
    sent: list[str] = []

    async def answer(message: Msg) -> None:
        sent.append(json.loads((message.headers or {})["Nats-Request-Info"])["jwt"])
        await message.respond(b"1.95")

    async with speaking_as(made, "ACCTC") as owner:
        await owner.subscribe("ask.prices", cb=answer)
        await owner.flush()
        async with connect(without_its_key(made, token)) as client:
            await client.request("ask.prices", b"", timeout=2)
    assert sent == [token]
    assert await logs_in(made, sent[0])
    await made.cure("JS210", "nsc")
    assert not await logs_in(made, sent[0])
    renewed = made.live.store.user("ACCTB", "bob")
    assert not renewed.claims.nats.bearer_token
    assert not await logs_in(made, renewed.token)
    assert "JS210" not in {finding["code"] for finding in await made.doctor()}


async def test_js402_one_importer_acknowledges_for_the_other(made: Ward) -> None:
    await made.live.share_with("ACCTA")
    assert "JS402" in await notes(made)
    await made.fill([b"one"])
    async with made.importer() as first, speaking_as(made, "ACCTA") as second:
        message = await (await pull(first, made.share, batch=1)).message()
        assert message.data == b"one"
        assert (await made.live.counts())["num_ack_pending"] == 1
        await second.request(message.reply, b"+ACK", timeout=2)
        assert (await made.live.counts())["num_ack_pending"] == 0
    # The cure: a consumer for each.
    own = PullConsumer(made.share.stream, "FOR-ACCTA")
    await made.live.make_consumer(own)
    await made.live.revoke("ACCTA")
    await made.live.share_with("ACCTA", share=own)
    await made.fill([b"two"])
    async with made.importer() as first, speaking_as(made, "ACCTA") as second:
        message = await (await pull(first, made.share, batch=1)).message()
        with pytest.raises(nats.errors.NoRespondersError):
            await second.request(message.reply, b"+ACK", timeout=2)
    assert "JS402" not in await notes(made)


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js307_tokens_get_an_end(made: Ward, how: str) -> None:
    def ends() -> list[int]:
        imports = made.live.store.account("ACCTB").claims.nats.imports
        return [jwt.decode(item.token, Activation).claims.exp for item in imports]

    assert ends() == [0, 0, 0, 0]
    await made.cure("JS307", how, "--notes")
    assert len(ends()) == 4
    assert all(89 < (end - now()) / 86_400 <= 90 for end in ends())
    assert await made.health() == WELL
    assert await notes(made) == set()
