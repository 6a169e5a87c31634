"""``jetshare consume`` as a process, on a real share."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.cli import Jetshare, environment
from support.scene import SHARE, SUBJECT, Scene, scene
from support.waiting import until

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()
WORDS = ("one", "two", "three")


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


async def test_a_program_handles_each_message(
    live: Scene, tmp_path: Path, jetshare_cli: Jetshare
) -> None:
    told = ["NATS_SUBJECT", "NATS_STREAM_SEQUENCE", "NATS_CONSUMER_SEQUENCE", "NATS_TRIES"]
    await live.publish(*map(str.encode, WORDS))
    line = " ".join(f"${name}" for name in told)
    shell = f"sh -c 'echo \"{line} $(cat)\" >> {tmp_path}/handled'"
    done = await ran(live, "--exec", shell, "--count", "3")
    assert done.returncode == 0, done.stderr
    handled = (tmp_path / "handled").read_text().splitlines()
    assert handled == [f"{SUBJECT} {n} {n} 1 {word}" for n, word in enumerate(WORDS, 1)]
    assert (await live.counts())["num_ack_pending"] == 0
    assert [name for name in told if name not in jetshare_cli("consume", "--help").stdout] == []


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


async def test_a_share_that_is_revoked_meanwhile_says_so_and_what_was_done(live: Scene) -> None:
    await live.publish(b"one")
    process = await started(live, "--heartbeat", "0.5")
    await live.revoke("ACCTB")
    _, told = await process.communicate()
    assert process.returncode == 4
    assert b"jetshare: error: " in told
    assert b"1 acknowledged, 0 failed, 0 given back, 0 unconfirmed" in told


WAITS = """#!/bin/sh
[ "$NATS_STREAM_SEQUENCE" = 1 ] && exit 0
touch begun
until [ -e go-on ]; do sleep 0.05; done
"""


async def test_what_is_handled_after_the_end_is_unconfirmed(live: Scene, tmp_path: Path) -> None:
    await live.publish(*(b"%d" % number for number in range(20)))
    program = tmp_path / "waits.sh"
    program.write_text(WAITS)
    program.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *words(live, "--exec", str(program), "--heartbeat", "1"),
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
        cwd=tmp_path,
    )

    async def begun() -> bool:
        return (tmp_path / "begun").exists()

    await until(begun)
    await live.revoke("ACCTB")
    (tmp_path / "go-on").touch()
    _, told = await process.communicate()
    assert process.returncode == 4
    done = re.search(rb"(\d+) acknowledged, 0 failed, \d+ given back, (\d+) unconfirmed", told)
    assert done, told
    assert int(done[1]) == (await live.counts())["ack_floor"]["stream_seq"] == 1
    assert int(done[2]) >= 1


async def test_the_second_ctrl_c_interrupts(live: Scene, tmp_path: Path) -> None:
    await live.publish(*map(str.encode, WORDS))
    process = await asyncio.create_subprocess_exec(
        *words(live, "--exec", "sh -c 'touch begun; exec sleep 600'"),
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
        cwd=tmp_path,
    )

    async def begun() -> bool:
        return (tmp_path / "begun").exists()

    async def drains() -> bool:
        return not (await live.counts())["num_waiting"]

    for seen in (begun, drains):
        await until(seen)
        process.send_signal(signal.SIGINT)
    _, told = await process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in told
    # Long before the ack wait is over.
    done = await ran(live, "--jsonl", "--count", "3")
    assert [json.loads(line)["tries"] for line in done.stdout.splitlines()] == [2, 2, 2]


async def test_a_reader_that_does_not_read_holds_up_nothing_else(live: Scene) -> None:
    await live.publish(b"x" * 300_000, b"y")  # the first is more than a pipe holds
    reader, writer = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *words(live), stdout=writer, stderr=asyncio.subprocess.PIPE, env=environment({})
        )
        os.close(writer)
        assert await asyncio.to_thread(os.read, reader, 1) == b"x"

        async def drains() -> bool:
            return not (await live.counts())["num_waiting"]

        process.send_signal(signal.SIGINT)
        await until(drains)
        process.send_signal(signal.SIGINT)
        _, told = await process.communicate()
    finally:
        os.close(reader)
    assert process.returncode == 130, told
    done = await ran(live, "--count", "2")
    assert sorted(len(line) for line in done.stdout.splitlines()) == [1, 300_000]


# What a stranger may send.

OBEYED = b"\x1b[2J\x1b]0;title\x07 \xc2\x9b2J \x7f\ttab\r\nline"
SPELT_OUT = "\\x1b[2J\\x1b]0;title\\x07 \\x9b2J \\x7f\ttab\nline"


async def on_a_terminal(live: Scene, *more: str) -> str:
    """What shows where standard output is a terminal."""
    ours, theirs = os.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *words(live, *more), stdout=theirs, env=environment({})
        )
        os.close(theirs)
        await process.wait()
        return os.read(ours, 4096).decode().replace("\r\n", "\n")
    finally:
        os.close(ours)


async def test_a_terminal_obeys_nobody(live: Scene) -> None:
    await live.publish(OBEYED)
    assert await on_a_terminal(live, "--count", "1") == f"{SPELT_OUT}\n"


async def test_a_pipe_gets_the_bytes_as_they_are(live: Scene) -> None:
    await live.publish(OBEYED)
    done = await asyncio.to_thread(
        subprocess.run,
        words(live, "--count", "1"),
        capture_output=True,
        check=True,
        env=environment({}),
    )
    assert done.stdout == OBEYED + b"\n"


async def test_json_has_no_control_characters_in_it(live: Scene) -> None:
    await live.publish(OBEYED)
    done = await ran(live, "--jsonl", "--count", "1")
    (line,) = done.stdout.splitlines()
    assert line.isprintable()
    assert json.loads(line)["data"].encode() == OBEYED


async def test_its_lines_have_the_fields_that_the_page_names(live: Scene) -> None:
    (told,) = re.findall(r"^\*\*consume\*\* (.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    await live.publish(b"text", b"\xff")
    done = await ran(live, "--json", "--count", "2")
    fields = {name for line in done.stdout.splitlines() for name in json.loads(line)}
    assert set(re.findall(r"`([a-z_0-9]+)`", told)) == fields


async def test_next_shows_none_either(live: Scene) -> None:
    await live.publish(OBEYED)
    done = await nexts(live)
    assert SPELT_OUT in done.stdout
    assert done.stdout.replace("\n", "").replace("\t", "").isprintable()


async def test_next_loses_no_byte_in_json(live: Scene) -> None:
    await live.publish(b"text", b"\xff\xfe")
    done = await nexts(live, "--json", "--count", "2")
    text, binary = json.loads(done.stdout)["messages"]
    assert (text["data"], "data_base64" in text) == ("text", False)
    assert binary["data_base64"] == "//4="


async def nexts(live: Scene, *more: str) -> subprocess.CompletedProcess[str]:
    command = [word if word != "consume" else "next" for word in words(live, *more)]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=True, env=environment({})
    )


async def test_it_ends_when_nobody_reads_any_more(live: Scene) -> None:
    # More than a pipe holds, so that it is still writing when its reader goes.
    await live.publish(*(b"%d" % n + b"x" * 16_000 for n in range(20)))
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
    assert re.search(rb"[1-9]\d* acknowledged, 1 failed, .* 0 unconfirmed", told), told


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            ("--exec", "no-such-program"),
            r'no-such-program.*\n.*sh -c "…".*standard input.*NATS_TRIES',
        ),
        (("--exec", "'"), "cannot be read"),
        (("--exec", "true", "--jsonl"), "--exec and --jsonl exclude"),
        (("--exec", "true", "--json"), "--exec and --json exclude"),
        (("--heartbeat", "0"), "--heartbeat"),
    ],
)
def test_unusable_words(jetshare_cli: Jetshare, more: tuple[str, ...], says: str) -> None:
    done = jetshare_cli("consume", str(SHARE), *more)
    assert done.exit == 2
    assert re.search(says, done.stderr)
