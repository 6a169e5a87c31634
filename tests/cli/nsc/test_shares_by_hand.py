"""A share made by nsc's commands is one of jetshare's, and the other way round: on a server."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import NoResponders
from jetshare.net.connect import request
from jetshare.sharing.kinds import Role
from support.cli import Finished, Jetshare
from support.scene import SHARE, Scene, scene

NAME = str(SHARE)
PREFIX = "ACCTC.API"
# By hand there are the three that nsc's own guide has.
ROLES = {Role.NEXT: "--response-type Stream", Role.ACK: "", Role.INFO: ""}


@dataclass(frozen=True, slots=True)
class Desk:
    """A served store, and the command line beside it."""

    live: Scene
    cli: Jetshare
    folder: Path

    async def __call__(self, line: str, *, code: int = 0) -> Finished:
        place = ["-H", str(self.live.store.folder.parent)]
        done = await asyncio.to_thread(self.cli, *shlex.split(line), *place, cwd=self.folder)
        assert done.exit == code, (line, done)
        return done

    async def shown(self, line: str, *, code: int = 0) -> Any:
        url = self.live.servers[0].url
        return (await self(f"{line} --server {url} --json", code=code)).json()

    async def push(self) -> None:
        await self(f"nsc push -A -u {self.live.servers[0].url}")

    async def by_hand(self, *, private: bool = True) -> None:
        for role, more in ROLES.items():
            subject, local = subjects(self.live, role)
            kind = "--private" if private else ""
            await self(f"nsc add export -a ACCTC -n {role} -s '{subject}' --service {kind} {more}")
            source = f"--src-account ACCTC --remote-subject '{subject}' --service"
            if private:
                words = f"-a ACCTC -s '{subject}' --target-account ACCTB -o {role}.tok"
                await self(f"nsc generate activation {words}")
                source = f"--token {role}.tok"
            await self(f"nsc add import -a ACCTB -n {role} {source} --local-subject '{local}'")
        await self.push()

    async def states(self) -> list[str]:
        """Of the one share, as its two sides have it."""
        listing = (await self("ls --json")).json()
        granted = [each for offer in listing["offered"] for each in offer["granted"]]
        return [each["state"] for each in (*granted, *listing["accepted"])]

    async def pull(self) -> bytes:
        """What a user of ACCTB gets, with its acknowledgement confirmed.

        Raises NoResponders where there is nothing to ask.
        """
        _, local = subjects(self.live, Role.NEXT)
        async with self.live.speaking_as("ACCTB") as client:
            inbox = client.new_inbox()
            arriving = await client.subscribe(inbox)
            await client.publish(local, b'{"batch":1,"expires":5000000000}', reply=inbox)
            message = await arriving.next_msg(timeout=5)
            if (message.headers or {}).get("Status") == "503":
                raise NoResponders(f"nothing answers on {local}")
            await request(client, message.reply, b"+ACK")
            taken: bytes = message.data
            return taken


def subjects(live: Scene, role: Role) -> tuple[str, str]:
    """The subject of a role, and the importer's name for it."""
    shared = SHARE.subjects(live.members["ACCTC"].public)
    (found,) = (each for each in shared if each.role is role)
    return found.subject, found.local(PREFIX)


def held(told: Any) -> set[str]:
    """The proofs that were seen to hold."""
    return {proof["name"] for proof in told["proofs"] if proof["held"]}


@pytest.fixture
async def desk(tmp_path: Path, jetshare_cli: Jetshare) -> AsyncIterator[Desk]:
    work = tmp_path / "work"
    work.mkdir()
    async with scene(tmp_path) as live:
        await live.make_stream()
        await live.publish(b"one", b"two", b"three")
        yield Desk(live, jetshare_cli, work)


async def test_a_share_by_hand_is_listed_proved_and_revoked(desk: Desk) -> None:
    await desk.by_hand()
    assert await desk.pull() == b"one"

    assert await desk.states() == ["active", "active"]
    (shared,) = (await desk.shown(f"verify {NAME}"))["shares"]
    assert shared["held"]
    assert {"NEXT reaches the consumer", "ACK reaches the consumer", "INFO answers"} <= held(shared)

    revoked = await desk.shown(f"revoke {NAME} --from ACCTC --to ACCTB")

    assert revoked["proven"]
    assert {f"ACCTB: {role} is refused" for role in ROLES} <= held(revoked)
    before = await desk.live.counts()
    with pytest.raises(NoResponders):
        await desk.pull()
    assert await desk.live.counts() == before
    assert before["ack_floor"]["stream_seq"] == 1
    assert "revoked" in (await desk("nsc validate -a ACCTB", code=1)).stdout
    assert await desk.states() == ["revoked", "revoked"]


async def test_what_was_shared_with_everyone_by_hand_is_not_revoked_for_one(desk: Desk) -> None:
    await desk.by_hand(private=False)
    assert await desk.pull() == b"one"
    done = await desk(f"revoke {NAME} --from ACCTC --to ACCTB", code=2)
    assert "is public" in done.stderr
    assert "hint: " in done.stderr
    assert await desk.pull() == b"two"


async def test_nsc_describes_validates_and_deletes_a_share_of_ours(desk: Desk) -> None:
    await desk.live.share_with("ACCTB")
    provider = (await desk("nsc describe account ACCTC -J")).json()["nats"]
    importer = (await desk("nsc describe account ACCTB -J")).json()["nats"]
    assert [each["subject"] for each in importer["imports"]] == [
        each["subject"] for each in provider["exports"]
    ]
    assert {role.value for role in Role} == {
        each["name"].rpartition(" ")[2] for each in provider["exports"]
    }
    table = (await desk("nsc describe account ACCTB")).stdout
    for shared in importer["imports"]:
        assert shared["subject"] in table
    validated = await desk("nsc validate -A")
    assert "No issues found" in validated.stdout + validated.stderr
    assert await desk.pull() == b"one"

    for shared in importer["imports"]:
        await desk(f"nsc delete import -a ACCTB -s '{shared['subject']}'")
        await desk(f"nsc delete export -a ACCTC -s '{shared['subject']}'")
    await desk.push()

    with pytest.raises(NoResponders):
        await desk.pull()
    assert await desk.states() == []
