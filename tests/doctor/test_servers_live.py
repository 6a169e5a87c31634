"""Failures that only servers show: the symptom, what ``--live`` says, and the cure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetshare.net import probe
from jetshare.net.probe import Heard
from jetshare.sharing.kinds import Role
from support.ward import BODIES, PREFIX, WELL, Ward, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


async def test_a_right_share_gives_no_finding_on_servers_either(made: Ward) -> None:
    assert await made.doctor("--live") == []
    await made.fill()
    before = await made.live.counts()
    assert await made.doctor("--live") == []
    assert await made.live.counts() == before


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js501_a_document_that_was_not_pushed(made: Ward, how: str) -> None:
    pair = made.pair()
    pair.drop_import(NEXT)
    await made.push_unstored("ACCTB", pair, later=-5)
    sick = await made.health()
    assert (sick.came, sick.refused) == (0, {"pull"})
    await made.cure("JS501", how, "--live")
    assert await made.health() == WELL
    assert await made.doctor("--live") == []


async def test_the_servers_documents_are_looked_at_without_the_stores(made: Ward) -> None:
    pair = made.pair()
    pair.drop_import(ACK)
    await made.push_unstored("ACCTB", pair)
    assert await made.doctor() == []
    assert {finding["code"] for finding in await made.doctor("--resolver")} == {"JS203"}


async def test_js508_the_servers_have_a_newer_document(made: Ward) -> None:
    await made.push_unstored("ACCTB", made.pair(), later=5)
    assert {finding["code"] for finding in await made.doctor("--live")} == {"JS508"}
    await made.cure("JS508", "nsc", "--live")
    assert await made.doctor("--live") == []


async def test_js508_the_next_push_takes_back_what_somebody_changed(made: Ward) -> None:
    right = made.pair()
    await made.spoil(lambda pair: pair.drop_import(NEXT))
    await made.push_unstored("ACCTB", right, later=5)  # somebody mends it elsewhere
    assert await made.health() == WELL
    await made.finding("JS508", "--live")
    await made.run(["nsc", "push", "--account", "ACCTB"], must=True)
    lost = await made.health()
    assert (lost.came, lost.refused) == (0, {"pull"})
    await made.push_unstored("ACCTB", right, later=5)
    await made.cure("JS508", "nsc", "--live")
    await made.run(["nsc", "push", "--account", "ACCTB"], must=True)
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js502_a_push_of_what_reaches_nothing_is_taken(made: Ward, how: str) -> None:
    pushed = await made.spoil(lambda pair: pair.drop_export(NEXT))
    assert pushed.complete
    async with made.importer() as client:
        asked = await probe.next_reaches(client, f"{PREFIX}{made.share.next_subject()[7:]}")
    assert asked.heard is Heard.NO_RESPONDERS
    await made.cure("JS502", how, "--live")
    assert await made.health() == WELL
    assert await made.doctor("--live") == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js504_the_second_form_is_sent_and_not_shared(how: str, tmp_path: Path) -> None:
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        await made.spoil(lambda pair: pair.drop(ACK_V2))
        assert await made.doctor() == []
        sick = await made.health()
        assert (sick.came, sick.acked, sick.again) == (3, 0, 3)
        await made.cure("JS504", how, "--live")
        assert await made.health() == WELL
        assert await made.doctor("--live") == []


async def test_js506_the_importer_keeps_the_old_response_type(made: Ward) -> None:
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Singleton"))
    assert (await made.health()).came == 1
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Stream"))
    assert (await made.health()).came == 1
    assert await made.doctor() == []  # the documents are right
    await made.fill([])
    await made.cure("JS506", "cure", "--live")
    assert await made.health() == WELL
    await made.fill([])
    assert await made.doctor("--live") == []


async def test_js506_with_nsc(made: Ward) -> None:
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Singleton"))
    assert (await made.health()).came == 1  # the import is built when it is first used
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Stream"))
    assert (await made.health()).came == 1
    await made.fill([])
    await made.cure("JS506", "nsc", "--live")
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js507_and_js501_the_servers_alone_lack_the_ack(made: Ward, how: str) -> None:
    pair = made.pair()
    pair.drop_export(ACK)
    await made.push_unstored("ACCTC", pair, later=-5)
    sick = await made.health()
    assert (sick.came, sick.acked, sick.again) == (3, 0, 3)
    assert sick.refused == {"ack"}
    assert {"JS501", "JS507"} <= {f["code"] for f in await made.doctor("--live")}
    await made.cure("JS507", how, "--live")
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js512_the_servers_alone_lack_the_info(made: Ward, how: str) -> None:
    pair = made.pair()
    pair.drop_export(INFO)
    await made.push_unstored("ACCTC", pair, later=-5)
    sick = await made.health()
    assert (sick.bound, sick.came, sick.refused) == (False, len(BODIES), {"bind"})
    assert "JS512" in {f["code"] for f in await made.doctor("--live")}
    await made.cure("JS512", how, "--live")
    assert await made.health() == WELL
    assert await made.doctor("--live") == []


async def test_js505_the_servers_alone_lack_the_next(made: Ward) -> None:
    pair = made.pair()
    pair.drop_export(NEXT)
    await made.push_unstored("ACCTC", pair, later=-5)
    sick = await made.health()
    assert (sick.came, sick.refused) == (0, {"pull"})
    await made.cure("JS505", "nsc", "--live")
    assert await made.health() == WELL


async def test_js505_a_consumer_whose_owner_cannot_be_asked(made: Ward) -> None:
    await made.spoil(lambda pair: pair.drop(INFO))
    await made.fill()
    await made.live.api(f"CONSUMER.DELETE.{made.share.stream}.{made.share.consumer}")
    with made.live.store.edit() as edit:
        edit.delete_key(made.live.members["ACCTC"].public)
    sick = await made.health(fill=False)
    assert (sick.came, sick.refused) == (0, {"bind", "pull"})
    await made.cure("JS505", "nsc", "--live")
    assert (await made.health(fill=False)).came == len(BODIES)
    assert "JS505" not in {finding["code"] for finding in await made.doctor("--live")}


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js502_an_import_that_was_dropped_and_not_taken_up(how: str, tmp_path: Path) -> None:
    """The export became another one, then none, then right again: the import stayed away."""
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        right = made.pair()
        foreign = f"$JS.ACK.*.AAAAAAAA.{made.share.stream}.{made.share.consumer}.>"
        await made.spoil(lambda pair: pair.change_export(ACK_V2, subject=foreign))
        assert (await made.health()).acked == 0
        await made.spoil(lambda pair: pair.drop_export(ACK_V2))
        await made.spoil(lambda pair: setattr(pair, "provider", right.provider))
        assert (await made.health()).acked == 0
        assert await made.doctor() == []  # the documents are right
        await made.cure("JS502", how, "--live")
        assert await made.health() == WELL
        assert await made.doctor("--live") == []


async def test_acks_are_not_missed_where_the_consumer_wants_none(made: Ward) -> None:
    await made.spoil(lambda pair: pair.drop(ACK))
    await made.spoil(lambda pair: pair.drop(ACK_V2))
    await made.fill(ack_policy="none", ack_wait=0)
    assert await made.doctor("--live") == []
    assert {finding["code"] for finding in await made.doctor()} == {"JS103", "JS203"}
