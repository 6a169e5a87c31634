"""Processing the share of a real server."""

from __future__ import annotations

import asyncio
from typing import Any

from jetshare.net.process import Handler, Process, Processed, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from support.consuming import QUICK
from support.sharing import PREFIX, SHARE, Provider


def process(
    wire: Wire, handler: Handler, concurrency: int = 1, pull: PullOptions = QUICK, **options: Any
) -> Process:
    loop = PullLoop(wire, SHARE, PREFIX, pull)
    return Process(loop, handler, concurrency, ProcessOptions(**options))


async def run_until_settled(work: Process, provider: Provider, floor: int) -> Processed:
    running = asyncio.create_task(work.run())
    await provider.all_settled(floor)
    work.drain()
    async with asyncio.timeout(20):
        return await running
