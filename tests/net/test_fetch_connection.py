"""Batches and single messages over a connection that goes, comes back, and ends."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from jetshare.errors import Unreachable
from jetshare.net.connect import connect
from jetshare.net.fetch import FetchPool
from jetshare.net.message import Message
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from support.consuming import numbers, scene, swallowing
from support.sharing import PREFIX, SHARE
from support.waiting import until

PLAIN = PullOptions()


def pool_on(wire: Wire) -> FetchPool:
    return FetchPool(wire, SHARE, PREFIX)


async def acked(messages: list[Message]) -> list[int]:
    for message in messages:
        await message.ack()
    return numbers(messages)


async def lost(wire: Wire) -> None:
    """Wait until the client knows that its server is gone."""

    async def down() -> bool:
        return not wire.client.is_connected

    await until(down)


async def test_over_an_outage_nothing_is_asked_for(tmp_path: Path) -> None:
    """What a pull brings whose caller has gone is lost, where it is delivered once."""
    async with scene(tmp_path, consumer={"max_deliver": 1}) as (provider, wire):
        await provider.fill(40)
        pool = pool_on(wire)
        seen = await acked(await pool.fetch(10, 5, PLAIN))
        (node,) = provider.world.nodes
        await node.stop()
        await lost(wire)
        for timeout in (0, 0.05, 0.1):
            with pytest.raises(Unreachable, match=f"no connection .* of {timeout:g} s"):
                await pool.fetch(10, timeout, PLAIN)
        waiting = asyncio.create_task(pool.fetch(10, 20, PLAIN))
        await node.start()
        seen += await acked(await waiting)
        while len(seen) < 40:
            batch = await pool.fetch(10, 5, PLAIN)
            assert batch
            seen += await acked(batch)
        assert seen == list(range(1, 41))
        await provider.all_settled(40)
        await pool.close()


async def test_no_proofs_are_queued_while_there_is_no_connection(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        pool = pool_on(wire)
        await acked(await pool.fetch(3, 5, PLAIN))
        assert pool.acks.open
        (node,) = provider.world.nodes
        await node.stop()
        await lost(wire)
        with pytest.raises(Unreachable):
            await pool.fetch(1, 0, PLAIN)
        assert pool._proof is None
        await node.start()
        await pool.close()


async def test_a_pull_that_a_lost_connection_took_along_is_made_anew(tmp_path: Path) -> None:
    async with swallowing(tmp_path) as (provider, wire, relay):
        pool = pool_on(wire)
        waiting = asyncio.create_task(pool.fetch(5, 20, PLAIN))
        await provider.waits()
        (first,) = wire._subjects
        relay.cut()

        async def pulled_anew() -> bool:
            return wire._subjects.isdisjoint({first}) and wire.client.is_connected

        await until(pulled_anew)
        await provider.waits()
        await provider.fill(20)
        assert await acked(await waiting) == [1, 2, 3, 4, 5]
        # The server had kept the old one, too: nobody listens any more to what it would bring.
        info = await provider.info()
        assert (info["num_waiting"], info["delivered"]["consumer_seq"]) == (0, 5)
        await pool.close()


async def test_a_server_that_is_restarted_while_it_waits(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        waiting = asyncio.create_task(pool.fetch(1, 60, PullOptions(idle_heartbeat=15)))
        await provider.waits()
        (node,) = provider.world.nodes
        await node.stop()
        await node.start()
        await provider.waits()
        await provider.fill(1)
        assert await acked(await waiting) == [1]
        await pool.close()


@pytest.mark.parametrize("end", ["close", "drain", "lost for good"])
async def test_the_connection_ends_while_it_waits(tmp_path: Path, end: str) -> None:
    async with scene(tmp_path) as (provider, _):
        world = provider.world
        async with connect(replace(world.login(world.importer), reconnect=False)) as client:
            wire = Wire(client)
            pool = pool_on(wire)
            waiting = asyncio.create_task(pool.fetch(1, 30, PLAIN))
            await provider.waits()
            if end == "lost for good":
                await world.nodes[0].stop(signal.SIGKILL)
            else:
                await getattr(client, end)()
            with pytest.raises(Unreachable, match=r"clos|drain"):
                async with asyncio.timeout(5):
                    await waiting
            with pytest.raises(Unreachable, match=r"clos|drain"):
                await pool.fetch(1, 30, PLAIN)
            await pool.close()


@pytest.mark.parametrize("used_before", [False, True])
async def test_a_connection_that_was_closed(tmp_path: Path, used_before: bool) -> None:
    async with scene(tmp_path) as (_, wire):
        pool = pool_on(wire)
        if used_before:
            assert await pool.fetch(1, 0, PLAIN) == []
        await wire.client.close()
        with pytest.raises(Unreachable, match="closed"):
            await pool.fetch(1, 0, PLAIN)
        await pool.close()


async def test_a_pull_that_was_not_written_yet_is_taken_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        tap = await wire.subscribe("_INBOX.it", lambda *_: None)
        (node,) = provider.world.nodes
        await node.stop()
        await lost(wire)
        pull = (pool_on(wire).subject.encode(), PLAIN.request(batch=1, expires=30), b"_INBOX.it")
        wire.send_now(*pull)
        wire.withdraw(*pull)
        await node.start()
        await wire.flushed(10)
        assert (await provider.info())["num_waiting"] == 0
        await tap.close()


async def test_a_consumer_without_a_leader_is_not_taken_for_revoked(tmp_path: Path) -> None:
    async with scene(tmp_path) as (_, wire):

        async def without_a_leader(message: Msg) -> None:
            await message.respond(b'{"error":{"code":503,"err_code":10008}}')

        info = f"ELSEWHERE.API.CONSUMER.INFO.{SHARE.stream}.{SHARE.consumer}"
        await wire.client.subscribe(info, cb=without_a_leader)
        pool = FetchPool(wire, SHARE, "ELSEWHERE.API")
        with pytest.raises(Unreachable, match="out of reach"):
            await pool.fetch(1, 0, PLAIN)
        await pool.close()
