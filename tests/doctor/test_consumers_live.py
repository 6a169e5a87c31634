"""Failures of the consumer and the stream behind a share: what an importer's pulls hear,
what ``--live`` says, and the same pulls after the cure."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jetshare.net import probe
from jetshare.sharing.kinds import PullConsumer, Role
from support.one_pull import SECOND, pull
from support.shares import Pair, Spoil
from support.waiting import until
from support.ward import BODIES, NOT_AT_ALL, WELL, Health, Ward, ward

REPLY_LIFE_S = 120
PULLED_NOTHING = Health(bound=True, came=0, acked=0, again=0)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


async def codes(made: Ward, *words: str) -> set[str]:
    return {finding["code"] for finding in await made.doctor("--live", *words)}


async def test_js701_the_consumer_is_not_there(made: Ward) -> None:
    await made.fill()
    await made.live.api(f"CONSUMER.DELETE.{made.share.stream}.{made.share.consumer}")
    sick = await made.health(fill=False)
    assert (sick, sick.refused) == (NOT_AT_ALL, {"pull"})
    async with made.importer() as client:
        assert (await probe.ack_reaches(client, made.share.ack_subject())).code == 503
    await made.cure("JS701", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await made.doctor("--live") == []


async def test_js701_as_the_importer_alone_is_told(made: Ward) -> None:
    """Its INFO says that there is none, also where somebody listens and answers no pull."""
    await made.fill()
    await made.live.api(f"CONSUMER.DELETE.{made.share.stream}.{made.share.consumer}")
    with made.live.store.edit() as edit:
        edit.delete_account("ACCTC")
    async with made.live.speaking_as("ACCTC") as audit:
        await audit.subscribe("$JS.API.CONSUMER.MSG.NEXT.>")
        await audit.flush()
        assert {"JS701"} == await codes(made)
    found = await made.finding("JS701", "--live")
    assert found["account"]["key"] == made.live.members["ACCTC"].public
    await made.cure("JS701", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await codes(made) == set()


async def test_js702_a_push_consumer(made: Ward) -> None:
    await made.fill(deliver_subject="elsewhere")
    assert await made.health(fill=False) == PULLED_NOTHING
    async with made.importer() as client:
        refused = await pull(client, made.share, batch=1, expires=SECOND)
        assert await refused.heard() == "Consumer is push based"
    await made.cure("JS702", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await made.doctor("--live") == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js703_one_pull_leases_everything(made: Ward, how: str) -> None:
    many = [b"%d" % number for number in range(101)]
    await made.fill(many, max_ack_pending=1000)

    async def leased() -> bool:
        return bool((await made.live.counts())["num_ack_pending"] == len(many))

    async with made.importer() as client:
        await pull(client, made.share, batch=len(many), expires=SECOND)
        await until(leased)
    assert "JS703" in await codes(made, "--notes")
    await made.cure("JS703", how, "--live", "--notes")
    async with made.importer() as client:
        refused = await pull(client, made.share, batch=len(many), expires=SECOND)
        assert await refused.heard() == "Exceeded MaxRequestBatch of 100"
        served = await pull(client, made.share, batch=100, expires=SECOND)
        assert (await served.heard()).encode() in many  # when the leases of the first ran out
    assert "JS703" not in await codes(made, "--notes")


async def test_js703_more_pulls_may_wait_than_a_server_lets_by_itself(made: Ward) -> None:
    """The consumer has the other caps. It is made anew, for what may wait cannot be changed."""
    caps = {"max_batch": 100, "max_expires": 60 * SECOND, "max_deliver": 10}

    async def refused(most: int) -> bool:
        """Whether there is no room for a client beside one with 512 pulls."""
        await made.fill([], **caps, max_waiting=most)
        async with made.importer() as careless, made.importer() as client:

            async def waiting(count: int) -> None:
                async def so_many() -> bool:
                    return bool((await made.live.counts())["num_waiting"] == count)

                await until(so_many)

            for _ in range(512):
                await pull(careless, made.share, batch=1, expires=60 * SECOND)
            await waiting(512)
            last = await pull(client, made.share, batch=1, expires=60 * SECOND)
            if most == 512:
                return await last.heard() == "Exceeded MaxWaiting"
            await waiting(513)
            return False

    assert not await refused(1000)
    found = await made.finding("JS703", "--live", "--notes")
    assert found["text"].endswith("lets 1,000 pulls wait (max_waiting)")
    assert found["cure"] == found["nsc"] == []
    assert await refused(512)
    assert "JS703" not in await codes(made, "--notes")


async def test_js704_pulls_without_an_end_fill_the_consumer(made: Ward) -> None:
    await made.fill([], max_waiting=3)
    async with made.importer() as careless, made.importer() as client:

        async def waiting(count: int) -> None:
            async def so_many() -> bool:
                return bool((await made.live.counts())["num_waiting"] == count)

            await until(so_many)

        for _ in range(3):
            await pull(careless, made.share, batch=1)
        await waiting(3)
        crowded = await pull(client, made.share, batch=1, expires=SECOND)
        assert await crowded.heard() == "Exceeded MaxWaiting"
        found = await made.finding("JS704", "--live")
        assert "end the clients of ACCTB" in found["text"]
        await careless.close()
        await waiting(0)
        alone = await pull(client, made.share, batch=1, expires=SECOND)
        await made.live.publish(b"one")
        assert await alone.heard() == "one"
    assert "JS704" not in await codes(made)


async def test_js705_everything_is_leased(made: Ward) -> None:
    await made.fill(max_ack_pending=3, ack_wait=60 * SECOND)
    async with made.importer() as client:
        first = await pull(client, made.share, batch=3, expires=SECOND)
        assert [await first.heard() for _ in range(3)] == ["one", "two", "three"]
        await made.live.publish(b"four")
        starved = await pull(client, made.share, batch=1, expires=SECOND // 10)
        assert await starved.heard() == "Request Timeout"
        await made.cure("JS705", "nsc", "--live")
        fed = await pull(client, made.share, batch=1, expires=SECOND)
        assert await fed.heard() == "four"
    assert "JS705" not in await codes(made)


async def test_js706_an_empty_message_ends_a_batch(made: Ward) -> None:
    await made.fill([b"one", b"", b"three"])
    await made.finding("JS706", "--live")
    sick = await made.health(fill=False)
    assert sick.came == 2, sick
    # The cure is the publisher's: the same with a header.
    await made.fill([b"one"])
    async with made.live.speaking_as("ACCTC") as owner:
        for body, headers in ((b"", {"Kind": "marker"}), (b"three", None)):
            await owner.request("retail.v1.restock.requested", body, headers=headers)
    assert await made.health(fill=False) == WELL
    assert "JS706" not in await codes(made)


async def test_js706_an_empty_message_of_another_filter_is_none_of_the_consumers(
    made: Ward,
) -> None:
    await made.fill([b""], filter_subjects=["retail.v1.restock.a", "retail.v1.restock.b"])
    async with made.live.speaking_as("ACCTC") as owner:
        await owner.request("retail.v1.restock.a", b"one")
        assert "JS706" not in await codes(made)
        await owner.request("retail.v1.restock.b", b"")
    await made.finding("JS706", "--live")


async def test_js707_a_paused_consumer(made: Ward) -> None:
    await made.fill(pause_until="2100-01-01T00:00:00Z")
    assert await made.health(fill=False) == PULLED_NOTHING
    assert await codes(made) == {"JS707"}
    await made.cure("JS707", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await codes(made) == set()


@pytest.mark.parametrize(
    ("config", "right"),
    [
        ({"priority_groups": ["jobs"], "priority_policy": "overflow"}, {"group": "jobs"}),
        ({"max_expires": SECOND // 10}, {"expires": SECOND // 10}),
    ],
)
async def test_js709_a_consumer_of_unusual_pulls(
    made: Ward, config: dict[str, Any], right: dict[str, Any]
) -> None:
    await made.fill(**config)
    assert await made.health(fill=False) == PULLED_NOTHING
    await made.finding("JS709", "--live")
    async with made.importer() as client:
        served = await pull(client, made.share, **({"batch": 1, "no_wait": True} | right))
        assert await served.heard() == "one"


async def test_js710_a_consumer_of_the_importers_own_has_the_same_names(made: Ward) -> None:
    share = made.share
    stream = {"name": share.stream, "subjects": ["own.>"]}
    await made.live.api(f"STREAM.CREATE.{share.stream}", stream, account="ACCTB")

    async def acks_both(own: PullConsumer) -> bool:
        """Whether the provider's message is acknowledged when the importer's own is."""
        settings = {"durable_name": own.consumer, "ack_policy": "explicit"}
        body = {"stream_name": own.stream, "config": settings}
        made_at = f"CONSUMER.DURABLE.CREATE.{own.stream}.{own.consumer}"
        await made.live.api(made_at, body, account="ACCTB")
        await made.live.api(f"STREAM.DELETE.{share.stream}")
        await made.live.make_stream()
        await made.live.publish(b"theirs")
        async with made.importer() as client:
            theirs = await (await pull(client, share, batch=1)).message()
            mine = await (await pull(client, own, prefix="$JS.API", batch=1)).message()
            assert (theirs.data, mine.data) == (b"theirs", b"mine")
            await client.request(mine.reply, b"+ACK", timeout=2)
            await client.flush()
        return int((await made.live.counts())["num_ack_pending"]) == 0

    async with made.importer() as client:
        await client.jetstream().publish("own.one", b"mine")
    assert await acks_both(share)
    await made.finding("JS710", "--live")
    await made.live.api(f"CONSUMER.DELETE.{share.stream}.{share.consumer}", account="ACCTB")
    assert not await acks_both(PullConsumer(share.stream, "OWN"))
    assert await codes(made) == set()


def pushed_beside(deliver: str) -> Spoil:
    """A share without NEXT, beside a stream."""

    def spoil(made: Pair) -> None:
        made.drop(Role.NEXT)
        made.add_export(name="s", subject=deliver, type="stream")
        made.add_import(name="s", subject=deliver, type="stream")

    return spoil


async def test_js711_a_pull_consumer_without_next_beside_a_stream(made: Ward) -> None:
    await made.spoil(pushed_beside("prices.>"))
    assert (await made.health()).came == 0
    assert await made.doctor() == []  # so is a push consumer shared
    await made.cure("JS711", "cure", "--live")
    assert await made.health() == WELL
    assert await codes(made) == set()


async def test_js711_a_push_consumer_delivers_elsewhere(made: Ward) -> None:
    await made.spoil(pushed_beside("prices.>"))

    async def heard() -> int:
        """How many of three messages come, at the deliver subject."""
        async with made.importer() as client:
            inbox = await client.subscribe("deliver.here")
            await client.flush()
            await made.fill(deliver_subject="deliver.here")
            count = 0
            while count < len(BODIES):
                try:
                    await inbox.next_msg(timeout=0.3)
                except TimeoutError:
                    break
                count += 1
        return count

    assert await heard() == 0
    await made.cure("JS711", "nsc", "--live")
    assert await heard() == len(BODIES)
    assert await codes(made) == set()


@pytest.mark.slow
@pytest.mark.timeout(420)
async def test_js708_a_pull_waits_longer_than_its_way_back_lives(made: Ward) -> None:
    await made.fill([], max_expires=300 * SECOND, ack_wait=300 * SECOND)
    async with made.importer() as client:
        idle = await pull(client, made.share, batch=1, expires=280 * SECOND)
        since = time.monotonic()

        async def forgotten() -> bool:
            return time.monotonic() - since > 2 * REPLY_LIFE_S + 5

        await until(forgotten, within_s=2 * REPLY_LIFE_S + 30)
        assert (await made.live.counts())["num_waiting"] == 1
        await made.live.publish(b"one")

        async def leased() -> bool:
            return bool((await made.live.counts())["num_ack_pending"])

        await until(leased)
        assert await idle.heard() == ""
        await made.cure("JS708", "nsc", "--live", "--notes")
        refused = await pull(client, made.share, batch=1, expires=280 * SECOND)
        assert await refused.heard() == "Exceeded MaxRequestExpires of 1m30s"
    assert "JS708" not in await codes(made, "--notes")
