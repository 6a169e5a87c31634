"""A share in a plain ``for`` loop. The servers run beside it, in a loop of their own."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

import jetshare
from jetshare.errors import (
    AckNotShared,
    AckUnconfirmed,
    AlreadySettled,
    InputError,
    ShareRevoked,
    Unreachable,
)
from jetshare.identity.creds import format_creds
from support.consuming import scene
from support.sharing import PREFIX, SHARE, SUBJECT, Provider, Sharing

Change = Callable[[Sharing], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Share:
    url: str
    creds: Path

    def __call__(self, count: int) -> jetshare.Iteration:
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


def test_one_message_may_be_refused(tmp_path: Path, fresh_home: Path) -> None:
    """And what was settled in the loop is not acknowledged over that."""

    def script(share: Share) -> None:
        came = []
        messages = share(5)
        for message in messages:
            came.append((int(message.data), message.metadata.num_delivered))
            if came[-1] == (2, 1):
                messages.wait(message.nak(confirm=True))
            elif message.data == b"3":
                messages.wait(message.term("not for us"))
            elif message.data == b"4":
                messages.wait(message.ack(confirm=True))
                with pytest.raises(AlreadySettled, match=f"{SUBJECT}, stream sequence 4"):
                    messages.wait(message.nak())
        assert sorted(came) == [(1, 1), (2, 1), (2, 2), (3, 1), (4, 1)]
        with pytest.raises(InputError, match="after the loop had ended"):
            messages.wait(message.in_progress())

    through(tmp_path, script, count=4)


@pytest.mark.parametrize("verb", ["nak", "term"])
def test_a_verb_that_came_to_nothing_is_an_error(
    tmp_path: Path, fresh_home: Path, verb: str
) -> None:
    def without_wait(share: Share) -> None:
        for message in share(2):
            with pytest.warns(RuntimeWarning, match="never awaited"):
                getattr(message, verb)()

    def script(share: Share) -> None:
        with pytest.raises(InputError, match=f"{SUBJECT}, stream sequence 1.*not awaited") as told:
            without_wait(share)
        assert "messages.wait" in told.value.hint
        assert [message.metadata.num_delivered for message in share(2)] == [2, 2]

    through(tmp_path, script, count=2)


def beside_a_server(
    folder: Path, script: Callable[[Share, Callable[[Change], None]], None], *, count: int
) -> None:
    """Run ``script``, which may have something changed at the servers."""

    async def beside() -> None:
        async with scene(folder) as (provider, _):
            loop = asyncio.get_running_loop()

            def have(change: Change) -> None:
                asyncio.run_coroutine_threadsafe(change(provider.world), loop).result()

            await provider.fill(count)
            await asyncio.to_thread(script, opener(provider, folder), have)

    asyncio.run(beside())


def consumption_has_ended() -> None:
    while any(each.name == "jetshare" for each in threading.enumerate()):
        time.sleep(0.01)


def test_how_it_ends_is_raised_in_the_loop(tmp_path: Path, fresh_home: Path) -> None:
    def script(share: Share, have: Callable[[Change], None]) -> None:
        messages = share(5)
        for message in messages:
            if message.data == b"2":
                have(Sharing.revoke)
                consumption_has_ended()  # within the body
                with pytest.raises(ShareRevoked):
                    messages.wait(message.nak())

    with pytest.raises(ShareRevoked):
        beside_a_server(tmp_path, script, count=2)


def test_how_it_ends_is_logged_where_it_was_left(
    tmp_path: Path, fresh_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def script(share: Share, have: Callable[[Change], None]) -> None:
        for message in share(5):
            if message.data == b"2":
                have(Sharing.revoke)
                consumption_has_ended()
                break

    beside_a_server(tmp_path, script, count=2)
    told = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert f"the share of {SHARE} was revoked" in told[-1]


FORKED = """
for message in held:
    if os.fork():
        sys.exit(os.wait()[1])
    try:
        next(held)
    except jetshare.JetshareError:
        sys.exit()
"""


TERMINATED = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
for message in held:
    signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize(
    "body",
    [
        "next(held)",
        "for message in held: break",
        "for message in held: raise SystemExit",
        "for message in held: sys.exit(os.fork() and os.wait()[1])",
        FORKED,
        TERMINATED,
    ],
)
def test_a_script_ends_that_holds_it_by_a_name(tmp_path: Path, fresh_home: Path, body: str) -> None:
    """And what it had in hand comes again: at once, not after the ack wait."""

    def script(share: Share) -> None:
        words = f"server={share.url!r}, creds={str(share.creds)!r}, prefix={PREFIX!r}"
        held = f"held = jetshare.iterate({str(SHARE)!r}, {words})"
        program = f"import jetshare, os, signal, sys\n{held}\n{body}\n"
        subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
        assert sorted(int(message.data) for message in share(3)) == [1, 2, 3]

    through(tmp_path, script, count=3)


@pytest.mark.parametrize("left", [False, True])
def test_acknowledgements_that_are_lost_are_told(
    tmp_path: Path, fresh_home: Path, caplog: pytest.LogCaptureFixture, left: bool
) -> None:
    def script(share: Share, have: Callable[[Change], None]) -> None:
        for message in share(5):
            if message.data == b"2":
                have(Sharing.withdraw_acks)
            if message.data == b"4" and left:
                break

    if left:
        beside_a_server(tmp_path, script, count=5)
        assert re.search(f"acknowledgements of {SHARE} (reach nobody|were not)", caplog.text)
    else:
        with pytest.raises((AckNotShared, AckUnconfirmed)):
            beside_a_server(tmp_path, script, count=5)


def test_one_who_cannot_connect_is_told_in_the_loop(fresh_home: Path) -> None:
    with pytest.raises(Unreachable):
        next(jetshare.iterate(SHARE, server="nats://127.0.0.1:1", prefix=PREFIX))
