"""nsc as a process: on a terminal, interrupted, and with nobody to read what it says."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.cli import environment
from support.nsc import Nsc
from support.plain_server import plain_server

NSC = [sys.executable, "-m", "jetshare.cli.nsc"]


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Our end of a terminal, and the other."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_push_tells_on_a_terminal_how_far_it_is(house: Nsc, tmp_path: Path) -> None:
    config = house("generate config --nats-resolver").stdout
    with plain_server(tmp_path / "server", config) as url, terminal() as (ours, theirs):
        done = subprocess.run(
            [*NSC, "push", "-A", "-u", url],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=environment({}),
            check=True,
        )
        shown = os.read(ours, 10_000).decode()
    assert shown.endswith(f"[{'#' * 30}] 3/3\r\n")
    assert "[####" not in done.stdout.decode()


@pytest.mark.parametrize("line", [["describe", "operator"], ["list", "accounts"]])
def test_nothing_but_text_reaches_a_pipe(house: Nsc, line: list[str]) -> None:
    piped = subprocess.run([*NSC, *line], capture_output=True, env=environment({}), check=True)
    assert b"\033" not in piped.stdout
    assert piped.stderr == b""


async def test_an_interrupt_ends_it_at_once(house: Nsc) -> None:
    """A server that takes the connection and then says nothing."""
    reached = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *NSC,
            *("push", "-A", "-u", f"nats://127.0.0.1:{port}", "--timeout", "60"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment({}),
        )
        await asyncio.wait_for(reached.wait(), 15)
        process.send_signal(signal.SIGINT)
        said, complained = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 130
    assert (said, complained.decode().strip()) == (b"", "interrupted")


def test_tls(house: Nsc, tmp_path: Path) -> None:
    files = Path(__file__).parents[2] / "net/tls"
    config = house("generate config --nats-resolver").stdout + (
        f'tls {{ cert_file: "{files / "cert.pem"}", key_file: "{files / "key.pem"}" }}\n'
    )
    with plain_server(tmp_path / "server", config) as url:
        house.refused(f"push -A -u {url}", "no encrypted connection")
        done = house(f"push -A -u {url} --ca-cert {files / 'cert.pem'}")
    assert done.stdout.count("pushed to a total of 1 nats-server") == 3
    house.refused("push -A -u nats://h --ca-cert none.pem", "the certificates cannot be used")
    (house.work / "bad.pem").write_text("bad")
    house.refused("push -A -u nats://h --client-cert bad.pem", "the certificates cannot be used")
