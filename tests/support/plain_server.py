"""A nats-server on a configuration that was written as text."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.servers import binary
from support.waiting import until


@contextmanager
def plain_server(folder: Path, config: str) -> Iterator[str]:
    """Run a server in ``folder`` from here to the end of the block; its URL."""
    ports = folder / "ports"
    ports.mkdir(parents=True)
    path = folder / "server.conf"
    listening = f'listen: "127.0.0.1:-1"\nports_file_dir: "{ports}"\n'
    path.write_text(listening + config)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binary(), "-c", path], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
    try:

        async def told() -> str:
            return _url(ports, process, log)

        yield asyncio.run(until(told))
    finally:
        process.terminate()
        process.wait()


def _url(ports: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.poll() is None, log.read_text()
    for path in ports.glob("*.ports"):
        try:
            urls: list[str] = json.loads(path.read_text())["nats"]
        except ValueError:
            continue  # half written
        return urls[0]
    return ""
