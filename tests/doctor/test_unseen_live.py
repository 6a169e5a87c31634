"""What goes wrong and leaves nothing that could be seen: the symptom, and a silent doctor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.js.errors import NotFoundError

from support.one_pull import SECOND, Pull, pull
from support.shares import Pair
from support.waiting import until
from support.ward import WELL, Ward, ward


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


async def test_pulls_go_deaf_when_the_provider_is_pushed(made: Ward) -> None:
    await made.fill([], ack_wait=30 * SECOND)
    async with made.importer() as client:
        deaf = await pull(client, made.share, batch=1, expires=20 * SECOND)
        beating = await pull(
            client, made.share, batch=1, expires=20 * SECOND, idle_heartbeat=SECOND // 5
        )
        assert await beating.heard() == "Idle Heartbeat"

        def describe(pair: Pair) -> None:
            pair.provider = pair.provider.with_nats(description="pushed again")

        async def silent() -> bool:
            """Two heartbeats stay away: so a client knows that it must pull again."""
            return await beating.heard(0.5) == ""

        await made.spoil(describe)
        await until(silent)
        await made.live.publish(b"one", b"two")
        assert await deaf.heard(0.5) == ""
        assert await beating.heard(0.1) == ""
    assert (await made.live.counts())["num_ack_pending"] == 2
    assert await made.doctor("--live") == []
    assert await made.health() == WELL


async def test_a_nats_stream_is_no_jetstream_stream(made: Ward) -> None:
    """Its messages come; asked for as a stream of JetStream it is not there."""

    def plain(pair: Pair) -> None:
        pair.add_export(name="prices", subject="prices.>", type="stream")
        pair.add_import(name="prices", subject="prices.>", type="stream")

    await made.spoil(plain)
    async with made.live.speaking_as("ACCTC") as owner, made.importer() as client:
        listening = Pull(await client.subscribe("prices.>"))
        await client.flush()

        async def heard() -> bool:
            await owner.publish("prices.apples", b"1.95")
            return await listening.heard(0.2) == "1.95"

        await until(heard)
        with pytest.raises(NotFoundError, match="stream not found"):
            await client.jetstream().stream_info("prices")
    assert await made.doctor("--live") == []
    assert "prices.> (plain stream) from ACCTC to ACCTB" in await made.run(["jetshare", "doctor"])
