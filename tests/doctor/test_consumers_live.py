"""Failures of the consumer and the stream behind a share: what an importer's pulls hear,
what ``--live`` says, and the same pulls after the cure."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.one_pull import SECOND, pull
from support.waiting import until
from support.ward import NOT_AT_ALL, WELL, Health, Ward, ward

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
    assert await made.health(fill=False) == NOT_AT_ALL
    await made.cure("JS701", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await made.doctor("--live") == []


async def test_js702_a_push_consumer(made: Ward) -> None:
    await made.fill(deliver_subject="elsewhere")
    assert await made.health(fill=False) == PULLED_NOTHING
    await made.cure("JS702", "nsc", "--live")
    assert await made.health(fill=False) == WELL
    assert await made.doctor("--live") == []


async def test_js703_one_pull_leases_everything(made: Ward) -> None:
    many = [b"%d" % number for number in range(101)]
    await made.fill(many, max_ack_pending=1000)

    async def leased() -> bool:
        return bool((await made.live.counts())["num_ack_pending"] == len(many))

    async with made.importer() as client:
        await pull(client, made.share, batch=len(many), expires=SECOND)
        await until(leased)
    assert "JS703" in await codes(made, "--notes")
    await made.cure("JS703", "nsc", "--live", "--notes")
    async with made.importer() as client:
        refused = await pull(client, made.share, batch=len(many), expires=SECOND)
        assert await refused.heard() == "Exceeded MaxRequestBatch of 100"
        served = await pull(client, made.share, batch=100, expires=SECOND)
        assert (await served.heard()).encode() in many  # when the leases of the first ran out
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
