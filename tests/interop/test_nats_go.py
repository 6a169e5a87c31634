"""A program on nats.go beside this one: it takes what jetshare shares, and nothing once that
is revoked, by a context and creds that jetshare wrote."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jetshare.identity.creds import format_creds
from support.cli import Finished, Jetshare
from support.go_programs import built
from support.nats_face import Nats
from support.scene import SHARE, SUBJECT, Scene, scene
from support.seed_guard import SeedGuard
from support.waiting import until

pytestmark = pytest.mark.go

SOURCE = Path(__file__).with_name("consumer")
BUNDLE = "ACCTC-RESTOCKEVENTS-C1-ACCTB.share"
EACH = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """A served store, jetshare's two faces, and the program."""

    live: Scene
    cli: Jetshare
    nats: Nats
    folder: Path

    async def jetshare(self, *words: str) -> Finished:
        place = ["-H", str(self.live.store.folder.parent), "--server", self.live.servers[0].url]
        done = await asyncio.to_thread(self.cli, *words, *place, cwd=self.folder)
        assert done.exit == 0, done
        return done

    async def program(self, *words: str) -> subprocess.CompletedProcess[str]:
        def run() -> subprocess.CompletedProcess[str]:
            command = [str(built(SOURCE)), *words]
            return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        return await asyncio.to_thread(run)

    async def sees(self, *words: str) -> Any:
        done = await self.program(*words)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def context(self, account: str, *words: str) -> None:
        creds = self.folder / f"{account}.creds"
        creds.write_text(format_creds(self.live.members[account].user()))
        server = self.live.servers[0].url
        self.nats.ok("ctx", "add", account, "--server", server, "--creds", creds, *words)


@pytest.fixture
async def desk(
    tmp_path: Path,
    fresh_home: Path,
    jetshare_cli: Jetshare,
    seed_guard: SeedGuard,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    # Go finds a home in the password database, and contexts by this variable.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(fresh_home / "config"))
    async with scene(tmp_path) as live:
        yield Desk(live, jetshare_cli, Nats(seed_guard), tmp_path)


async def test_it_takes_a_share_in_each_way_until_that_is_revoked(desk: Desk) -> None:
    await desk.live.make_stream()
    await desk.jetshare("grant", str(SHARE), "--from", "ACCTC", "--to", "ACCTB")
    (bundle,) = desk.folder.glob("*.share")
    await desk.jetshare("accept", bundle.name, "--account", "ACCTB", "--yes")
    desk.context("ACCTB", "--js-api-prefix", "ACCTC.API")
    share = ("ACCTB", "", SHARE.stream, SHARE.consumer)

    for turn, how in enumerate(("consume", "fetch", "next")):
        numbers = range(turn * EACH + 1, (turn + 1) * EACH + 1)
        await desk.live.publish(*(b"item %d" % number for number in numbers))

        taken = await desk.sees("take", *share, how, str(EACH))

        assert taken == [
            {"subject": SUBJECT, "body": f"item {number}", "sequence": number} for number in numbers
        ]
        await acknowledged(desk.live, numbers[-1])

    running = asyncio.create_task(desk.program("take", *share, "consume", "2"))
    await desk.live.publish(b"one more")
    await acknowledged(desk.live, 3 * EACH + 1)
    await desk.jetshare("revoke", str(SHARE), "--from", "ACCTC", "--to", "ACCTB")
    refused(await running)
    await desk.live.publish(b"not for ACCTB")
    before = await desk.live.counts()
    for how in ("consume", "fetch", "next"):
        refused(await desk.program("take", *share, how, "1"))
    assert await desk.live.counts() == before


async def test_the_prefix_may_be_its_own(desk: Desk) -> None:
    await desk.live.make_stream()
    await desk.live.share_with("ACCTB")
    await desk.live.publish(b"item")
    desk.context("ACCTB")
    taken = await desk.sees("take", "ACCTB", "ACCTC.API", SHARE.stream, SHARE.consumer, "next", "1")
    assert [message["body"] for message in taken] == ["item"]


async def test_it_manages_streams_of_an_account(desk: Desk) -> None:
    desk.context("ACCTC")
    assert await desk.sees("manage", "ACCTC", "ORDERS", "orders.new") == {
        "created": "ORDERS",
        "stored": 1,
        "messages": 1,
        "consumer": "ORDERS-C1",
        "waiting": 1,
        "gone": True,
    }


def refused(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "no responders" in done.stderr


async def acknowledged(live: Scene, last: int) -> None:
    """All up to ``last`` are, as the provider's account sees it, and nothing came twice."""

    async def seen() -> bool:
        counts = await live.counts()
        return bool(
            counts["ack_floor"]["stream_seq"] == last
            and counts["delivered"]["consumer_seq"] == last
            and counts["num_ack_pending"] == counts["num_redelivered"] == 0
        )

    await until(seen)
