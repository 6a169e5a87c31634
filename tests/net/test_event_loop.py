"""All of it on uvloop, where a program runs on that."""

import asyncio
import sys
from pathlib import Path

import pytest

from jetshare.net.event_loop import run
from jetshare.net.fetch import FetchPool
from jetshare.net.pull_options import PullOptions
from support.consuming import consume, consuming, numbers, scene, take
from support.sharing import PREFIX, SHARE


async def module_of_the_loop() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_uvloop_is_taken_where_it_is_installed() -> None:
    assert run(module_of_the_loop()) == "uvloop"


def test_without_it_the_loop_is_asyncios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run(module_of_the_loop()) == "asyncio"


def test_consuming_on_uvloop(tmp_path: Path) -> None:
    async def work() -> None:
        async with scene(tmp_path, consumer={"ack_wait": 1_000_000_000}) as (provider, wire):
            assert wire.direct
            await provider.fill(400)
            messages = consume(wire)
            taken = await take(messages, 200)
            (node,) = provider.world.nodes
            await node.stop()
            await node.start()
            async with consuming(messages) as more:
                await provider.all_settled(400)
            assert set(numbers(taken + more)) == set(range(1, 401))
            await provider.fill(1, first=401)
            pool = FetchPool(wire, SHARE, PREFIX)
            (last,) = await pool.fetch(1, 10, PullOptions())
            await last.ack(confirm=True)
            assert last.data == b"401"
            await pool.close()

    run(work())
