"""Looking at many shares on a real server, and from where not all is at hand."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.errors import KeyNotHeld, NetworkError
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.doctor import DoctorRequest, Examination, doctor
from jetshare.workflows.reach import Reach
from support.scene import SHARE, Scene, scene

SHARES = [PullConsumer(SHARE.stream, f"C{number}") for number in range(20)]


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        await made.make_stream()
        await made.share_with("ACCTB")
        yield made


async def look(live: Scene, *, looks: list[tuple[int, int]] | None = None) -> Examination:
    def note(done: int, total: int) -> None:
        if looks is not None:
            looks.append((done, total))

    request = DoctorRequest(live=True)
    return await doctor(live.store, request, live.reach, int(time.time()), progress=note)


async def test_many_shares_are_all_asked_and_told_as_they_come(live: Scene) -> None:
    for number, share in enumerate(SHARES):
        await live.make_consumer(share)
        await live.share_with("ACCTA" if number % 2 else "ACCTB", share=share)
    before = [await live.counts(share) for share in SHARES]
    looks: list[tuple[int, int]] = []
    found = await look(live, looks=looks)
    assert len(found.verdicts) == 21
    assert all(verdict.asked and not verdict.unproven for verdict in found.verdicts)
    assert found.findings == ()
    assert looks == [(done, 63) for done in range(1, 64)]  # three for each share
    assert [await live.counts(share) for share in SHARES] == before


async def test_what_is_not_at_hand_is_said(live: Scene) -> None:
    with live.store.edit() as edit:
        edit.delete_key(live.members["ACCTC"].public)
        edit.delete_key(edit.operator().claims.nats.system_account)
    (verdict,) = (await look(live)).verdicts
    assert verdict.asked
    system, provider = verdict.unproven
    assert system.startswith("what the servers hold: ")
    assert provider.startswith("as ACCTC: ")
    with live.store.edit() as edit:
        edit.delete_key(live.members["ACCTB"].public)
    with pytest.raises(KeyNotHeld):  # there is nobody left to log in as
        await look(live)


async def test_servers_that_nobody_reaches_are_no_examination(live: Scene) -> None:
    with pytest.raises(NetworkError):
        await doctor(live.store, DoctorRequest(live=True), Reach(servers=("127.0.0.1:1",)), 0)


async def test_an_importer_alone_looks_as_far_as_it_can(live: Scene) -> None:
    with live.store.edit() as edit:
        edit.delete_account("ACCTC")
    (verdict,) = (await look(live)).verdicts
    assert (verdict.provider, verdict.asked) == (live.members["ACCTC"].public, True)
    assert verdict.findings == ()
