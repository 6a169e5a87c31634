"""Many messages through a share while everything around them breaks, and the count at the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jetshare.errors import JetshareError
from jetshare.net.connect import connect
from jetshare.net.message import Message
from jetshare.net.process import Process, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from support.sharing import PREFIX, SHARE, Provider, provided, sharing
from support.waiting import until

_STEP = 1_000
_LEASE_NS = 2_000_000_000
_PULL = PullOptions(max_messages=500, expires=2, idle_heartbeat=0.3)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``pushes`` and ``restarts`` are spread over the run, one after the other at random;
    ``failures`` is the share of handlings that raise."""

    messages: int
    pushes: int
    restarts: int
    failures: float = 0.001
    seconds: float = 120.0
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    seconds: float
    stored: int
    acknowledged: int  # by the consumer's own count
    handled: int  # different messages that a handler returned from
    again: int  # deliveries beyond the first
    unannounced: int  # of those, how many did not say that they were
    failed: int
    pushes: int
    restarts: int


async def soak(folder: Path, plan: Plan) -> Outcome:
    """Run the plan to its end. Raises TimeoutError where it does not end in its time."""
    rng = random.Random(plan.seed)
    deliveries: Counter[int] = Counter()
    handled: set[int] = set()
    unannounced = failed = 0

    async def handle(message: Message) -> None:
        nonlocal unannounced, failed
        metadata = message.metadata
        sequence = metadata.stream_sequence
        deliveries[sequence] += 1
        unannounced += metadata.num_delivered < deliveries[sequence]
        if rng.random() < plan.failures:
            failed += 1
            raise RuntimeError("a failure of the application, on purpose")
        handled.add(sequence)

    async with sharing(folder) as world, provided(world) as provider:
        await _stock(provider, plan.messages)
        began = time.monotonic()
        stop = asyncio.Event()
        async with asyncio.timeout(plan.seconds), connect(world.login(world.importer)) as client:
            wire = Wire(client)
            options = ProcessOptions(backoff=lambda _: 0.1, stop=stop)
            work = Process(PullLoop(wire, SHARE, PREFIX, _PULL), handle, 4, options)
            running = asyncio.create_task(work.run())
            try:
                await _break_things(provider, plan, rng, handled)
                await _all_acknowledged(provider, plan.messages, running)
            finally:
                stop.set()
                await running
                await wire.close()
        info = await provider.info()
        stream = await provider.api.stream_info(SHARE.stream)
    return Outcome(
        seconds=time.monotonic() - began,
        stored=stream["state"]["messages"],
        acknowledged=info["ack_floor"]["stream_seq"],
        handled=len(handled),
        again=deliveries.total() - len(deliveries),
        unannounced=unannounced,
        failed=failed,
        pushes=plan.pushes,
        restarts=plan.restarts,
    )


async def _stock(provider: Provider, count: int) -> None:
    world = provider.world
    await world.make_stream(provider.api)
    await world.make_consumer(provider.api, ack_wait=_LEASE_NS)
    for first in range(0, count, _STEP):
        await provider.fill(min(_STEP, count - first), first=first)

    async def stored() -> bool:
        stream = await provider.api.stream_info(SHARE.stream)
        return bool(stream["state"]["messages"] == count)

    await until(stored, within_s=60)


async def _break_things(
    provider: Provider, plan: Plan, rng: random.Random, handled: set[int]
) -> None:
    """Each push and restart when its part of the messages has been handled."""
    events = ["push"] * plan.pushes + ["restart"] * plan.restarts
    rng.shuffle(events)
    for number, event in enumerate(events, 1):
        due = plan.messages * number // (len(events) + 1)

        async def reached(due: int = due) -> bool:
            return len(handled) >= due

        await until(reached, within_s=plan.seconds)
        if event == "push":
            await provider.world.touch_provider(f"push {number}")
        else:
            (node,) = provider.world.nodes
            await node.stop()
            await node.start()


async def _all_acknowledged(provider: Provider, count: int, running: asyncio.Task[object]) -> None:
    while not running.done():
        with suppress(JetshareError):  # the server may have gone away a moment ago
            info = await provider.info()
            if info["ack_floor"]["stream_seq"] == count and not info["num_ack_pending"]:
                return
        await asyncio.sleep(0.05)
