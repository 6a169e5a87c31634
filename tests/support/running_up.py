"""A ``jetshare up`` that runs, for tests to speak with."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetshare.identity import jwt
from jetshare.net.connect import connect
from jetshare.net.resolver import Resolver
from jetshare.store.folder import FolderStore, open_store
from jetshare.store.locate import locate
from jetshare.workflows.reach import Reach, system_creds
from jetshare.workflows.signers import account_document_signer
from support.cli import environment

WITHIN_S = 10.0


class Up:
    """A running ``jetshare up``, its lines read as they come."""

    def __init__(self, home: Path, *words: str) -> None:
        command = [sys.executable, "-m", "jetshare", "up", "--json", *words]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment({"HOME": str(home)}),
        )
        self.seen: list[dict[str, Any]] = []
        self.url: str = self.until("serving")["url"]
        self.store = store_of(home)

    def until(self, event: str, account: str = "") -> dict[str, Any]:
        """The next line that says so; the test's own time-out ends the wait."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told: dict[str, Any] = json.loads(line)
            self.seen.append(told)
            if told["event"] == event and told.get("account", account) == account:
                return told
        assert self.process.stderr is not None
        raise AssertionError(f"it ended: {self.process.stderr.read()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode


def store_of(home: Path) -> FolderStore:
    return open_store(locate({}, cwd=home, home=home))


@contextmanager
def up(home: Path, *words: str) -> Iterator[Up]:
    running = Up(home, "--port", "0", *words)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def edit(store: FolderStore, account: str, **fields: object) -> str:
    """Change an account as any tool would: by a new document in its file."""
    with store.edit() as editing:
        claims = editing.account(account).claims
        after = replace(claims, nats=replace(claims.nats, **fields))  # type: ignore[arg-type]
        document = jwt.encode(after, account_document_signer(editing, after), int(time.time()))
        editing.put_account(document)
    return document.token


def on_server(running: Up, account: str) -> str | None:
    async def look() -> str | None:
        reach = Reach(servers=(running.url,))
        creds = system_creds(running.store, reach, int(time.time()))
        async with connect(reach.login(running.store, creds)) as client:
            public = running.store.account(account).claims.sub
            return await Resolver(client).lookup(public)

    return asyncio.run(look())
