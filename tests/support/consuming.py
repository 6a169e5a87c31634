"""Consuming through the share of a real server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from jetshare.net.connect import connect
from jetshare.net.message import Message
from jetshare.net.messages import Messages
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from support.relay import Relay, relaying
from support.sharing import PREFIX, SHARE, Provider, provided, sharing
from support.waiting import until

QUICK = PullOptions(max_messages=20, expires=1, idle_heartbeat=0.2)


@asynccontextmanager
async def scene(
    folder: Path,
    *,
    stream: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    **world: Any,
) -> AsyncIterator[tuple[Provider, Wire]]:
    """The provider's side with a stream and a consumer, and the importer's wire."""
    async with sharing(folder, **world) as it, provided(it) as provider:
        await it.make_stream(provider.api, **(stream or {}))
        await it.make_consumer(provider.api, **(consumer or {}))
        async with connect(it.login(it.importer)) as client:
            wire = Wire(client)
            yield provider, wire
            await wire.close()


@asynccontextmanager
async def swallowing(folder: Path) -> AsyncIterator[tuple[Provider, Wire, Relay]]:
    """As ``scene``, with a line to the server that loses what it is told to."""
    async with scene(folder) as (provider, _):
        world = provider.world
        async with relaying(world.nodes[0].settings.port) as relay:
            login = replace(world.login(world.importer), servers=(relay.url,))
            async with connect(login) as client:
                wire = Wire(client)
                yield provider, wire, relay
                await wire.close()


def consume(wire: Wire, options: PullOptions = QUICK, prefix: str = PREFIX) -> Messages:
    return Messages(PullLoop(wire, SHARE, prefix, options))


async def take(messages: Messages, count: int) -> list[Message]:
    """The next ``count`` messages, each acknowledged."""
    taken = []
    async with asyncio.timeout(20):
        async for message in messages:
            await message.ack(timeout=1)
            taken.append(message)
            if len(taken) == count:
                break
    return taken


def numbers(messages: list[Message]) -> list[int]:
    return [int(message.data) for message in messages]


def again_untold(messages: list[Message]) -> list[str]:
    """Those handed out more often by then than ``num_delivered`` says."""
    times: Counter[int] = Counter()
    untold = []
    for message in messages:
        about = message.metadata
        times[about.stream_sequence] += 1
        if about.num_delivered < times[about.stream_sequence]:
            untold.append(message.reply)
    return untold


@asynccontextmanager
async def consuming(messages: Messages) -> AsyncIterator[list[Message]]:
    """Messages acknowledged as they come, in the background; the list grows."""
    seen: list[Message] = []

    async def absorb() -> None:
        async for message in messages:
            await message.ack()
            seen.append(message)

    task = asyncio.create_task(absorb())
    try:
        yield seen
    finally:
        await messages.aclose()
        await task


@asynccontextmanager
async def publishing(client: Client) -> AsyncIterator[None]:
    """An application that publishes in every turn of the loop, on the same connection."""

    async def publish() -> None:
        while True:
            await client.publish("elsewhere", b"x" * 100)
            await asyncio.sleep(0)

    task = asyncio.create_task(publish())
    try:
        yield
    finally:
        task.cancel()


async def buffered(loop: PullLoop, count: int) -> None:
    """Wait until that many messages are here, so that none is on its way when it ends.

    What a server has on its way to a subscription that ends just then is lost, and comes
    back when the ack wait is over.
    """

    async def here() -> bool:
        return len(loop.buffer) >= count

    await until(here)
