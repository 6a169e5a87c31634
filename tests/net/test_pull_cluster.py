"""Consuming through a share on three servers, of which one or the other goes away."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import nats.errors
import pytest

from jetshare.errors import JetshareError
from jetshare.net.connect import connect, server_name
from jetshare.net.message import Message
from jetshare.net.process import Process, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from support.consuming import again_untold, consume, consuming, numbers
from support.sharing import PREFIX, SHARE, SUBJECT, Node, Provider, provided, sharing
from support.waiting import until

# A leader is elected within a few seconds; what a pull lost with the old one must not be
# taken for the end of the share before that.
OPTIONS = PullOptions(max_messages=50, expires=4, idle_heartbeat=1)


async def store(provider: Provider, count: int, *, first: int) -> None:
    """Publish, each message until it is stored: a leader may just be chosen."""
    for number in range(first, first + count):

        async def stored(number: int = number) -> Any:
            # Stored once, however often it is tried.
            headers = {"Nats-Msg-Id": str(number)}
            try:
                return await provider.client.request(SUBJECT, b"%d" % number, 1.0, headers=headers)
            except (OSError, nats.errors.Error):
                return None

        await until(stored, within_s=30)


async def leader(provider: Provider) -> Node:
    """The node that leads the consumer."""

    async def found() -> str:
        try:
            return str((await provider.info())["cluster"].get("leader", ""))
        except JetshareError:
            return ""

    name = await until(found, within_s=30)
    return next(node for node in provider.world.nodes if node.settings.name == name)


async def test_leaders_change_and_servers_go_away(tmp_path: Path) -> None:
    async with sharing(tmp_path, nodes=3) as world, provided(world) as provider:
        await world.make_stream(provider.api, num_replicas=3)
        await world.make_consumer(provider.api, ack_wait=2_000_000_000)
        async with connect(world.login(world.importer)) as client:
            wire = Wire(client)
            async with consuming(consume(wire, OPTIONS)) as taken:
                await store(provider, 20, first=1)
                await provider.all_settled(20)

                await provider.api.ask(f"CONSUMER.LEADER.STEPDOWN.{SHARE.stream}.{SHARE.consumer}")
                await store(provider, 20, first=21)
                await provider.all_settled(40)

                killed = await leader(provider)
                await killed.stop(signal.SIGKILL)
                await store(provider, 20, first=41)
                await provider.all_settled(60)
                await killed.start()

                ours = server_name(client)
                nearest = next(node for node in world.nodes if node.settings.name == ours)
                await nearest.stop()
                await store(provider, 20, first=61)
                await provider.all_settled(80)
                assert server_name(client) != ours
            await wire.close()
    assert set(numbers(taken)) == set(range(1, 81))
    assert again_untold(taken) == []


async def test_handlers_go_on_while_leaders_change(tmp_path: Path) -> None:
    """While nobody leads, an acknowledgement finds nobody; that is no reason to give up."""
    handled: list[Message] = []

    async def handle(message: Message) -> None:
        await asyncio.sleep(0.002)
        handled.append(message)

    async def done(count: int) -> None:
        async def enough() -> bool:
            return len(handled) >= count

        await until(enough, within_s=30)

    count = 2_000
    async with sharing(tmp_path, nodes=3) as world, provided(world) as provider:
        await world.make_stream(provider.api, num_replicas=3)
        await world.make_consumer(provider.api, ack_wait=5_000_000_000)
        await store(provider, 1, first=1)
        await provider.fill(count - 1, first=2)
        async with connect(world.login(world.importer)) as client:
            wire = Wire(client)
            work = Process(PullLoop(wire, SHARE, PREFIX, OPTIONS), handle, 1, ProcessOptions())
            running = asyncio.create_task(work.run())
            for fraction in (4, 2):
                await done(count // fraction)
                await leader(provider)
                stepdown = f"CONSUMER.LEADER.STEPDOWN.{SHARE.stream}.{SHARE.consumer}"
                await provider.api.ask(stepdown)
            await provider.all_settled(count)
            work.drain()
            counts = await running
            await wire.close()
    assert set(numbers(handled)) == set(range(1, count + 1))
    assert again_untold(handled) == []
    assert counts.acknowledged >= count
    assert counts.unconfirmed == 0


@pytest.mark.slow
async def test_a_server_in_lame_duck_mode_is_left(tmp_path: Path) -> None:
    async with sharing(tmp_path, nodes=3) as world, provided(world) as provider:
        await world.make_stream(provider.api, num_replicas=3)
        await world.make_consumer(provider.api, ack_wait=2_000_000_000)
        async with connect(world.login(world.importer)) as client:
            wire = Wire(client)
            async with consuming(consume(wire, OPTIONS)) as taken:
                await store(provider, 20, first=1)
                await provider.all_settled(20)
                ours = server_name(client)
                duck = next(node for node in world.nodes if node.settings.name == ours)
                duck.lame_duck()

                async def left() -> bool:
                    return client.is_connected and server_name(client) != ours

                await until(left, within_s=60)
                await store(provider, 20, first=21)
                await provider.all_settled(40)
            await wire.close()
    assert set(numbers(taken)) == set(range(1, 41))
    assert again_untold(taken) == []
