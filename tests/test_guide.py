"""docs/guide.md as it stands: each block in a shell of its own, with the shims on PATH."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from jetshare.net.connect import connect
from jetshare.net.resolver import Resolver
from jetshare.store.folder import open_store
from jetshare.store.locate import locate
from jetshare.workflows.reach import Reach, system_creds
from support.cli import environment
from support.seed_guard import SeedGuard
from support.waiting import until

GUIDE = (Path(__file__).resolve().parents[1] / "docs" / "guide.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent


class Reader:
    """Somebody who follows the guide, and waits no shorter than until the server is in step."""

    def __init__(self, home: Path, guard: SeedGuard) -> None:
        self.home, self.guard = home, guard
        self.environment = environment(
            {"HOME": str(home), "PATH": f"{home}/.jetshare/bin:{BIN}:/usr/bin:/bin"}
        )
        self.url = ""

    def follow(self, block: str) -> str:
        done = subprocess.run(
            ["sh", "-eu", "-c", block],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.guard.watch_output("the guide", (done.stdout + done.stderr).encode())
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def serve(self, block: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {block.strip()} --port 0"],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        self.url = re.findall(r"nats://\S+", line)[0]
        return process

    @contextmanager
    def answering(self, block: str) -> Iterator[None]:
        """Run a block that goes on until it is stopped, from when it listens."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {block.strip()}"],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        try:
            assert "Listening on" in process.stdout.readline()
            yield
        finally:
            process.terminate()
            self.guard.watch_output("the guide", process.communicate(timeout=30)[0].encode())

    def in_step(self) -> None:
        asyncio.run(self._in_step())

    async def _in_step(self) -> None:
        store = open_store(locate({}, cwd=self.home, home=self.home))
        reach = Reach(servers=(self.url,))
        login = reach.login(store, system_creds(store, reach, int(time.time())))
        async with connect(login) as client:
            resolver = Resolver(client)

            async def same() -> bool:
                documents = [store.account(name) for name in store.accounts()]
                return all([await resolver.lookup(d.claims.sub) == d.token for d in documents])

            await until(same)


@pytest.mark.timeout(120)
def test_the_guide_does_what_it_says(fresh_home: Path, seed_guard: SeedGuard) -> None:
    reader = Reader(fresh_home, seed_guard)
    process = reader.serve(BLOCKS[0])
    said = []
    try:
        with ExitStack() as running:
            for block in BLOCKS[1:]:
                if block.startswith("nats reply"):
                    running.enter_context(reader.answering(block))
                else:
                    said.append(reader.follow(block))
                    reader.in_step()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
    text = "\n".join(said)
    assert '{"stream":"RESTOCKEVENTS","domain":"ngstest","seq":1}' in text
    assert "Restock for item 5678 pronto!" in text
    assert "Restock for item 9012, no hurry." in text
    assert text.count("Acknowledged message") == 2
    assert re.search(
        r"subj: retail.v1.restock.requested / tries: 1 / cons seq: 1 / str seq: 1", text
    )
    assert "observed from the importer's side" in text
    assert "FAILED" not in text
    asked, _, ended = said[-3:]
    assert "Item 5678 costs 12.50." in asked
    at_the_import, within = ended.split("exit 1\n")
    assert "12.50" not in at_the_import
    assert "Item 5678 costs 12.50." in within


def test_it_has_the_nine_commands_and_the_two() -> None:
    nine = re.findall(r"^nsc (add export|generate activation|add import) .*RESTOCK", GUIDE, re.M)
    assert [nine.count(each) for each in ("add export", "generate activation", "add import")] == [
        3,
        3,
        3,
    ]
    assert len(re.findall(r"^jetshare (?:grant|accept) ", GUIDE, re.M)) == 2
