"""The leases that a process holds for its handlers, over an outage of a real server."""

import asyncio
import contextlib
import time
from pathlib import Path

from jetshare.net.acks import IN_PROGRESS
from jetshare.net.message import Message
from jetshare.net.process import Process, ProcessOptions
from jetshare.net.pull import PullLoop
from support.consuming import QUICK, scene
from support.sharing import PREFIX, SHARE
from support.waiting import until

ACK_WAIT_S = 0.3


async def test_no_lease_is_extended_while_there_is_no_connection(tmp_path: Path) -> None:
    begun: list[Message] = []

    async def handle(message: Message) -> None:
        begun.append(message)
        await asyncio.Event().wait()

    lease = {"ack_wait": round(ACK_WAIT_S * 1e9)}
    async with scene(tmp_path, consumer=lease) as (provider, wire):
        await provider.fill(5)
        loop = PullLoop(wire, SHARE, PREFIX, QUICK)
        task = asyncio.create_task(Process(loop, handle, 3, ProcessOptions()).run())

        async def all_here() -> bool:
            return len(begun) + len(loop.buffer) == 5 and loop.info is not None

        await until(all_here)
        (node,) = provider.world.nodes
        await node.stop()
        lost_at = time.monotonic()

        async def long_enough() -> bool:
            assert not wire.client.is_connected
            return time.monotonic() - lost_at > 2 * ACK_WAIT_S

        await until(long_enough)
        assert [frame for frame in wire._outgoing if IN_PROGRESS in frame] == []
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
