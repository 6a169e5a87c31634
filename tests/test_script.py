"""A share in a plain ``for`` loop. The servers run beside it, in a loop of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

import jetshare
from jetshare.errors import AckNotShared, AckUnconfirmed, ShareRevoked, Unreachable
from jetshare.identity.creds import format_creds
from support.consuming import scene
from support.sharing import PREFIX, SHARE, Provider


@dataclass(frozen=True)
class Share:
    url: str
    creds: Path

    def __call__(self, count: int) -> Iterator[jetshare.Message]:
        """The first so many messages."""
        pull = jetshare.PullOptions(expires=2, idle_heartbeat=0.3, stop_after=count)
        return jetshare.iterate(SHARE, server=self.url, creds=self.creds, prefix=PREFIX, pull=pull)


def through(folder: Path, script: Callable[[Share], None], *, count: int) -> None:
    """Run ``script`` on a share of ``count`` messages, all of which are settled then."""

    async def beside() -> None:
        async with scene(folder) as (provider, _):
            await provider.fill(count)
            await asyncio.to_thread(script, opener(provider, folder))
            await provider.all_settled(count)

    asyncio.run(beside())


def opener(provider: Provider, folder: Path) -> Share:
    creds = folder / "importer.creds"
    creds.write_text(format_creds(provider.world.importer.user()))
    return Share(provider.world.urls[0], creds)


def test_each_is_acknowledged_when_the_next_is_asked_for(tmp_path: Path, fresh_home: Path) -> None:
    def script(share: Share) -> None:
        assert [int(message.data) for message in share(20)] == list(range(1, 21))

    through(tmp_path, script, count=20)


@pytest.mark.parametrize("how", ["break", "raise"])
def test_leaving_the_loop_gives_back_what_was_in_hand(
    tmp_path: Path, fresh_home: Path, how: str
) -> None:
    def left_in_the_middle(share: Share) -> None:
        for message in share(10):
            if message.data == b"3":
                if how == "raise":
                    raise LookupError
                break

    def script(share: Share) -> None:
        with pytest.raises(LookupError) if how == "raise" else nullcontext():
            left_in_the_middle(share)
        tries = {int(message.data): message.metadata.num_delivered for message in share(8)}
        assert tries.keys() == set(range(3, 11))
        assert tries[3] == 2

    through(tmp_path, script, count=10)


def test_how_it_ends_is_raised_in_the_loop(tmp_path: Path, fresh_home: Path) -> None:
    async def beside() -> None:
        async with scene(tmp_path) as (provider, _):
            loop = asyncio.get_running_loop()

            def script(share: Share) -> None:
                for message in share(5):
                    if message.data == b"2":
                        revoking = asyncio.run_coroutine_threadsafe(provider.world.revoke(), loop)
                        revoking.result()
                        while any(each.name == "jetshare" for each in threading.enumerate()):
                            time.sleep(0.01)  # the consumption ends within the body

            await provider.fill(2)
            with pytest.raises(ShareRevoked):
                await asyncio.to_thread(script, opener(provider, tmp_path))

    asyncio.run(beside())


@pytest.mark.parametrize(
    "body",
    ["next(held)", "for message in held: break", "for message in held: raise SystemExit"],
)
def test_a_script_ends_that_holds_it_by_a_name(tmp_path: Path, fresh_home: Path, body: str) -> None:
    """And what it had in hand comes again: at once, not after the ack wait."""

    def script(share: Share) -> None:
        words = f"server={share.url!r}, creds={str(share.creds)!r}, prefix={PREFIX!r}"
        program = f"import jetshare\nheld = jetshare.iterate({str(SHARE)!r}, {words})\n{body}\n"
        subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
        assert sorted(int(message.data) for message in share(3)) == [1, 2, 3]

    through(tmp_path, script, count=3)


def test_acknowledgements_that_are_lost_are_told(tmp_path: Path, fresh_home: Path) -> None:
    async def beside() -> None:
        async with scene(tmp_path) as (provider, _):
            loop = asyncio.get_running_loop()

            def script(share: Share) -> None:
                for message in share(5):
                    if message.data == b"2":
                        withdrawing = provider.world.withdraw_acks()
                        asyncio.run_coroutine_threadsafe(withdrawing, loop).result()

            await provider.fill(5)
            with pytest.raises((AckNotShared, AckUnconfirmed)):
                await asyncio.to_thread(script, opener(provider, tmp_path))

    asyncio.run(beside())


def test_one_who_cannot_connect_is_told_in_the_loop(fresh_home: Path) -> None:
    with pytest.raises(Unreachable):
        next(jetshare.iterate(SHARE, server="nats://127.0.0.1:1", prefix=PREFIX))
