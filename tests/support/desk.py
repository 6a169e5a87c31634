"""A served store, and the command line beside it as a person uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from support.cli import Finished, Jetshare
from support.scene import SHARE, Scene, scene

NAME = str(SHARE)
BUNDLE = "ACCTC-RESTOCKEVENTS-C1-ACCTB.share"


class Desk:
    """A served store, and a command line beside it."""

    def __init__(self, live: Scene, cli: Jetshare, folder: Path) -> None:
        self.live, self.cli, self.folder = live, cli, folder

    async def __call__(self, *words: str, stdin: str = "") -> Finished:
        place = ["-H", str(self.live.store.folder.parent)]
        if words[0] not in ("inspect", "ls"):
            place += ["--server", self.live.servers[0].url]
        return await asyncio.to_thread(self.cli, *words, *place, cwd=self.folder, stdin=stdin)

    async def json(self, *words: str) -> Any:
        done = await self(*words, "--json")
        assert done.exit == 0, (done.stdout, done.stderr)
        return done.json()

    async def shared(self) -> None:
        assert (await self("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")).exit == 0
        assert (await self("accept", BUNDLE, "--account", "ACCTB", "--yes")).exit == 0


@asynccontextmanager
async def at_desk(folder: Path, cli: Jetshare) -> AsyncIterator[Desk]:
    """A desk with a stream to share, from here to the end of the block."""
    work = folder / "work"
    work.mkdir()
    async with scene(folder) as live:
        await live.make_stream()
        yield Desk(live, cli, work)
