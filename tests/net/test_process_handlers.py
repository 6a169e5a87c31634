"""What passes for a handler, and what becomes of messages whose handler cannot end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import InputError
from jetshare.net.message import Message
from jetshare.net.process import Handler, Processed
from support.consuming import buffered, scene
from support.processing import process, run_until_settled
from support.waiting import until


def plain(_: Message) -> None:
    pass


async def generator(_: Message) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("handler", [plain, generator, partial(plain)])
@pytest.mark.parametrize("limit", [None, 5.0])
async def test_a_handler_that_is_not_asynchronous_ends_it(
    tmp_path: Path, handler: Any, limit: float | None
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        work = process(wire, handler, 2, handler_timeout=limit)
        async with asyncio.timeout(10):
            with pytest.raises(InputError, match=r"orders\.new, stream sequence \d was not ack"):
                await work.run()
        assert (work.counts.acknowledged, work.counts.failed) == (0, 0)
        assert (await provider.info())["ack_floor"]["stream_seq"] == 0


class Refusing:
    """A handler without a name, which raises the very error that a mistake would."""

    async def __call__(self, message: Message) -> None:
        if message.metadata.num_delivered == 1:
            raise TypeError("today not")


def begins_with_an_error(message: Message) -> Awaitable[None]:
    if message.metadata.num_delivered == 1:
        raise TypeError("today not")
    return asyncio.sleep(0)


@pytest.mark.parametrize("handler", [Refusing(), partial(Refusing()), begins_with_an_error])
async def test_whatever_returns_something_to_await_is_a_handler(
    tmp_path: Path, handler: Handler
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(2)
        work = process(wire, handler, backoff=lambda _: 0.0)
        outcome = await run_until_settled(work, provider, 2)
    assert (outcome.acknowledged, outcome.failed) == (2, 2)


async def test_only_what_a_connection_takes_counts_as_given_back(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def handle(_: Message) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(5)
        work = process(wire, handle, 2, drain_timeout=0.1)
        running = asyncio.create_task(work.run())
        await begun.wait()
        await buffered(work._pull, 3)
        (node,) = provider.world.nodes
        await node.stop()

        async def is_down() -> bool:
            return not wire.client.is_connected

        await until(is_down)
        work.drain()
        async with asyncio.timeout(10):
            assert await running == Processed()
