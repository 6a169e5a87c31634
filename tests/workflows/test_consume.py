"""``jetshare consume`` as a process, on a real share."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.cli import environment
from support.scene import SHARE, Scene, scene
from support.waiting import until


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        await made.make_stream()
        await made.share_with()
        yield made


def words(live: Scene, *more: str) -> list[str]:
    place = ["-H", str(live.store.folder.parent), "--server", live.servers[0].url]
    return [sys.executable, "-m", "jetshare", "consume", str(SHARE), *more, *place]


async def ran(live: Scene, *more: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        words(live, *more),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environment({}),
    )


async def test_messages_as_lines_of_json(live: Scene) -> None:
    await live.publish(b"one", b"\xff\xfe", "zwölf".encode())
    done = await ran(live, "--jsonl", "--count", "3")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [m.get("data") or m["data_base64"] for m in told] == ["one", "//4=", "zwölf"]
    assert [m["stream_sequence"] for m in told] == [1, 2, 3]
    assert (await live.counts())["ack_floor"]["stream_seq"] == 3


async def test_a_program_handles_each_message(live: Scene, tmp_path: Path) -> None:
    await live.publish(b"one", b"two", b"three")
    program = tmp_path / "handle.sh"
    program.write_text(f'#!/bin/sh\necho "$NATS_SUBJECT $(cat)" >> {tmp_path}/handled\n')
    program.chmod(0o755)
    done = await ran(live, "--exec", str(program), "--count", "3")
    assert done.returncode == 0, done.stderr
    handled = (tmp_path / "handled").read_text().splitlines()
    assert handled == [f"retail.v1.restock.requested {word}" for word in ("one", "two", "three")]
    assert (await live.counts())["num_ack_pending"] == 0


async def test_what_a_program_does_not_handle_comes_back(live: Scene, tmp_path: Path) -> None:
    await live.publish(b"one")
    program = tmp_path / "second-time.sh"
    program.write_text('#!/bin/sh\n[ "$NATS_TRIES" -gt 1 ]\n')
    program.chmod(0o755)
    done = await ran(live, "--exec", str(program), "--count", "2")
    assert "1 acknowledged, 1 failed" in done.stderr
    assert (await live.counts())["ack_floor"]["stream_seq"] == 1


async def started(live: Scene, *more: str) -> asyncio.subprocess.Process:
    """A consumer that has shown its first message."""
    process = await asyncio.create_subprocess_exec(
        *words(live, "--jsonl", *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
    )
    assert process.stdout is not None
    assert await process.stdout.readline()
    return process


async def test_sigterm_ends_it_with_everything_settled(live: Scene) -> None:
    await live.publish(*(b"%d" % n for n in range(50)))
    process = await started(live)
    process.send_signal(signal.SIGTERM)
    rest, _ = await process.communicate()
    assert process.returncode == 0
    shown = 1 + len(rest.splitlines())

    async def settled() -> bool:
        counts = await live.counts()
        return bool(counts["ack_floor"]["stream_seq"] >= shown)

    await until(settled)


async def test_a_share_that_is_revoked_meanwhile_says_so(live: Scene) -> None:
    await live.publish(b"one")
    process = await started(live, "--heartbeat", "0.5")
    await live.revoke("ACCTB")
    _, told = await process.communicate()
    assert process.returncode == 4
    assert b"jetshare: error: " in told


async def test_it_ends_when_nobody_reads_any_more(live: Scene) -> None:
    await live.publish(*(b"%d" % n for n in range(50)))
    line = " ".join(shlex.quote(word) for word in words(live, "--jsonl"))
    piped = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{line} | head -1; exit ${{PIPESTATUS[0]}}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
    )
    shown, told = await piped.communicate()
    assert len(shown.splitlines()) == 1
    assert b"Traceback" not in told
    assert b"1 acknowledged, 1 failed" in told


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--exec", "no-such-program"), "no-such-program"),
        (("--exec", "'"), "cannot be read"),
        (("--exec", "true", "--jsonl"), "exclude"),
    ],
)
async def test_unusable_words(live: Scene, more: tuple[str, ...], says: str) -> None:
    done = await ran(live, *more)
    assert done.returncode == 2
    assert says in done.stderr
