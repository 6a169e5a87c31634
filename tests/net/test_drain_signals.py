"""Ending at SIGTERM and Ctrl-C, within a program and as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jetshare.identity.creds import format_creds
from jetshare.net.drain_signals import drained_at
from jetshare.net.message import Message
from jetshare.net.process import Process, Processed, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.wire import Wire
from support.cli import environment
from support.consuming import QUICK, scene
from support.sharing import PREFIX, SHARE, Provider
from support.waiting import until

PROGRAM = """
import asyncio, pathlib, sys
import jetshare

async def handle(message):
    print("begun", flush=True)
    while not pathlib.Path("go-on").exists():
        await asyncio.sleep(0.01)

async def main():
    share, server, prefix = sys.argv[2:]
    async with jetshare.connect(server=server, creds="importer.creds", prefix=prefix) as client:
        print(await client.process(share, handle), flush=True)

{"asyncio": asyncio.run, "jetshare": jetshare.run}[sys.argv[1]](main())
"""


@asynccontextmanager
async def program(
    provider: Provider, folder: Path, runner: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One whose first handler has begun."""
    (folder / "importer.creds").write_text(format_creds(provider.world.importer.user()))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, runner, str(SHARE), provider.world.urls[0], PREFIX),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=environment({}),
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"begun\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def drains(provider: Provider) -> None:
    async def pulls_no_more() -> bool:
        return not (await provider.info())["num_waiting"]

    await until(pulls_no_more)


async def run_to_the_end(wire: Wire, count: int) -> list[int]:
    """Which messages came, each acknowledged."""
    came = []

    async def handle(message: Message) -> None:
        came.append(int(message.data))
        if len(came) == count:
            work.drain()

    work = Process(PullLoop(wire, SHARE, PREFIX, QUICK), handle, 1, ProcessOptions())
    async with asyncio.timeout(10):
        await work.run()
    return sorted(came)


@pytest.mark.parametrize("runner", ["asyncio", "jetshare"])
async def test_ctrl_c_drains_and_the_second_interrupts(
    tmp_path: Path, fresh_home: Path, runner: str
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        async with program(provider, tmp_path, runner) as process:
            process.send_signal(signal.SIGINT)
            await drains(provider)
            (tmp_path / "go-on").touch()
            shown, told = await process.communicate()
        assert (process.returncode, told) == (0, b"")
        assert b"acknowledged=1, failed=0, given_back=2, unconfirmed=0" in shown

        (tmp_path / "go-on").unlink()
        async with program(provider, tmp_path, runner) as process:
            process.send_signal(signal.SIGINT)
            await drains(provider)
            process.send_signal(signal.SIGINT)
            _, told = await process.communicate()
        assert process.returncode != 0
        assert told.endswith(b"KeyboardInterrupt\n")
        # Long before the ack wait is over: the one that was cut off was given back as well.
        assert await run_to_the_end(wire, 2) == [2, 3]


async def test_all_that_are_at_work_drain_and_the_handlers_before_are_there_again(
    tmp_path: Path,
) -> None:
    at_work, go_on = [asyncio.Event(), asyncio.Event()], asyncio.Event()
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    def work(wire: Wire, begun: asyncio.Event) -> Process:
        async def handle(_: Message) -> None:
            begun.set()
            await go_on.wait()

        return Process(PullLoop(wire, SHARE, PREFIX, QUICK), handle, 1, ProcessOptions())

    async with scene(tmp_path) as (provider, wire):
        running = asyncio.gather(*(work(wire, begun).run() for begun in at_work))
        await pulling(provider, 2)
        await provider.fill(40)
        for begun in at_work:
            await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await pulling_no_more(provider)
        go_on.set()
        async with asyncio.timeout(10):
            outcomes: list[Processed] = await running
    assert [outcome.acknowledged for outcome in outcomes] == [1, 1]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


async def pulling(provider: Provider, count: int) -> None:
    async def pull() -> bool:
        return bool((await provider.info())["num_waiting"] >= count)

    await until(pull)


async def pulling_no_more(provider: Provider) -> None:
    async def none() -> bool:
        return not (await provider.info())["num_waiting"]

    await until(none)


async def test_a_handler_that_the_application_puts_there_meanwhile_stays() -> None:
    before = signal.getsignal(signal.SIGTERM)
    heard: list[int] = []
    try:
        with drained_at((signal.SIGTERM,), lambda: None):
            signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


async def test_outside_the_main_thread_there_are_no_signals() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def elsewhere() -> None:
        with drained_at((signal.SIGTERM,), lambda: None):
            assert signal.getsignal(signal.SIGTERM) == before

    await asyncio.to_thread(asyncio.run, elsewhere())


FORKS = """
import asyncio, multiprocessing, signal, time
from jetshare.net.drain_signals import drained_at

def work(begun):
    begun.set()
    time.sleep(600)

async def main():
    with drained_at((signal.SIGTERM,), lambda: print("drains")):
        processes = multiprocessing.get_context("fork")
        begun = processes.Event()
        child = processes.Process(target=work, args=(begun,), daemon=True)
        child.start()
        begun.wait()
        child.terminate()
        child.join(10)
        print(child.exitcode)

asyncio.run(main())
"""


def test_a_fork_ends_as_if_nothing_drained() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == f"{-signal.SIGTERM}\n"
