"""Exports that lead nowhere, and documents that servers refuse: the symptom and the cure."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.identity.claims import Account, Export, Import, WeightedMapping
from jetshare.net import probe
from jetshare.sharing.kinds import Role
from support.one_pull import SECOND, pull
from support.scene import SHARE
from support.servers import JETSTREAM
from support.shares import Pair
from support.waiting import until
from support.ward import PREFIX, WELL, Health, Ward, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
NOT_ACKED = Health(bound=True, came=3, acked=0, again=3)
THRESHOLD_S = 0.1


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path) as one:
        yield one


def now() -> int:
    return int(time.time())


async def codes(made: Ward, *words: str) -> set[str]:
    return {finding["code"] for finding in await made.doctor(*words)}


async def test_js101_the_rest_of_a_batch_is_leased(made: Ward) -> None:
    await made.spoil(lambda pair: pair.change_export(NEXT, response_type="Singleton"))
    await made.fill(ack_wait=30 * SECOND)
    async with made.importer() as client:
        batch = await pull(client, made.share, batch=3, expires=20 * SECOND)
        assert await batch.heard() == "one"
        assert await batch.heard(0.3) == ""
    assert (await made.live.counts())["num_ack_pending"] == 3
    await made.finding("JS101")


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js113_a_threshold_from_the_start(how: str, tmp_path: Path) -> None:
    """A server takes it from the first document that it loads, and from no other."""
    exports = tuple(
        Export(
            name=f"{SHARE} {one.role}",
            subject=one.subject,
            type="service",
            response_type=one.response_type,
            response_threshold=int(THRESHOLD_S * SECOND) if one.role is NEXT else 0,
        )
        for one in SHARE.subjects("")
        if one.role is not ACK_V2
    )
    provider = Account(limits=JETSTREAM, exports=exports)
    async with ward(tmp_path, granted=False, holding={"ACCTC": provider}) as made:

        def take(pair: Pair) -> None:
            for one in SHARE.subjects(""):
                if one.role is not ACK_V2:
                    pair.add_import(
                        name=one.role, subject=one.subject, local_subject=one.local(PREFIX)
                    )

        await made.spoil(take)
        assert await idle_pull(made) == ""
        assert (await made.live.counts())["num_ack_pending"] == 1
        await made.cure("JS113", how)
        assert await idle_pull(made) == "late"
        assert await codes(made) == set()


async def idle_pull(made: Ward) -> str:
    """What a pull hears that has waited for longer than the threshold."""
    await made.fill([], ack_wait=30 * SECOND)
    async with made.importer() as client:
        waiting = await pull(client, made.share, batch=1, expires=20 * SECOND)
        since = time.monotonic()

        async def over() -> bool:
            return time.monotonic() - since > 3 * THRESHOLD_S

        await until(over)
        await made.live.publish(b"late")
        return await waiting.heard(1.0)


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js104_the_second_form_is_sent(how: str, tmp_path: Path) -> None:
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        await made.spoil(lambda pair: pair.drop(ACK_V2))
        assert await made.health() == NOT_ACKED
        await made.cure("JS104", how, "--notes")
        assert await made.health() == WELL
        assert await made.doctor("--live") == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js204_the_second_form_is_sent_and_not_taken(how: str, tmp_path: Path) -> None:
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        await made.spoil(lambda pair: pair.drop_import(ACK_V2))
        assert await made.health() == NOT_ACKED
        await made.cure("JS204", how, "--notes")
        assert await made.health() == WELL


async def test_js104_is_mended_by_the_provider_alone_where_nobody_imports(made: Ward) -> None:
    def unheard_of(pair: Pair) -> None:
        pair.drop(ACK_V2)
        pair.importer = pair.importer.with_nats(imports=())

    await made.spoil(unheard_of)
    await made.cure("JS104", "cure", "--notes")
    assert "JS104" not in await codes(made, "--notes")


async def test_js117_the_second_form_of_another_account(tmp_path: Path) -> None:
    foreign = f"$JS.ACK.*.AAAAAAAA.{SHARE.stream}.{SHARE.consumer}.>"
    async with ward(tmp_path, js_ack_fc_v2=True) as made:
        await made.spoil(lambda pair: pair.change_export(ACK_V2, subject=foreign))
        assert await made.health() == NOT_ACKED
        await made.cure("JS117", "nsc")
        assert await made.health() == WELL
        assert await made.doctor("--live") == []


async def test_js118_an_account_without_jetstream(made: Ward) -> None:
    def no_storage(pair: Pair) -> None:
        limits = replace(pair.provider.nats.limits, mem_storage=0, disk_storage=0)
        pair.provider = pair.provider.with_nats(limits=limits)

    await made.live.publish(b"one", b"two", b"three")
    await made.spoil(no_storage)
    sick = await made.health(fill=False)
    assert (sick.bound, sick.came, sick.refused) == (False, 0, {"pull"})
    async with made.importer() as client:
        asked = await probe.consumer_info(client, f"{PREFIX}{made.share.info_subject()[7:]}")
        assert probe.api_error(asked).endswith("JetStream not enabled for account")
        assert (await probe.ack_reaches(client, made.share.ack_subject())).code == 503
    await made.cure("JS118", "nsc")
    assert await made.health(fill=False) == WELL
    assert await made.doctor("--live") == []


async def test_js120_an_export_within_another_is_refused(made: Ward) -> None:
    wide = f"$JS.ACK.{made.share.stream}.>"
    pushed = await made.spoil(lambda pair: pair.add_export(name="wide", subject=wide))
    assert 500 in {answer.code for answer in pushed.answers}
    await made.cure("JS120", "nsc")
    assert await made.doctor("--live") == []
    assert await made.health() == WELL


async def test_js120_more_exports_than_are_allowed(made: Ward) -> None:
    def few(pair: Pair) -> None:
        limits = replace(pair.provider.nats.limits, exports=2)
        pair.provider = pair.provider.with_nats(limits=limits)

    pushed = await made.spoil(few)
    assert 500 in {answer.code for answer in pushed.answers}
    await made.cure("JS120", "nsc")
    assert await made.doctor("--live") == []
    assert await made.health() == WELL


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js120_a_threshold_below_zero(made: Ward, how: str) -> None:
    pushed = await made.spoil(lambda pair: pair.change_export(NEXT, response_threshold=-1))
    assert not pushed.complete
    await made.cure("JS120", how)
    assert await made.doctor("--live") == []
    assert await made.health() == WELL


async def test_js121_a_refused_document_keeps_a_revocation_away(made: Ward) -> None:
    def too_heavy(pair: Pair) -> None:
        weights = (WeightedMapping(subject="b", weight=70), WeightedMapping(subject="c", weight=60))
        pair.provider = pair.provider.with_nats(mappings={"a": weights})

    assert not (await made.spoil(too_heavy)).complete
    assert not (await made.spoil(lambda pair: pair.revoke(*Role, at=now() + 1))).complete
    assert await made.health() == WELL  # it was revoked
    await made.cure("JS121", "nsc")
    assert (await made.health()).came == 0
    assert "JS121" not in await codes(made)


async def test_js220_a_mapping_without_its_end_is_refused(made: Ward) -> None:
    pushed = await made.spoil(lambda pair: pair.change_import(ACK, local_subject="acks"))
    assert 500 in {answer.code for answer in pushed.answers}
    await made.cure_all("JS220", "nsc")
    assert await made.health() == WELL


async def test_js220_local_names_of_one_provider_overlap(made: Ward) -> None:
    def twice(pair: Pair) -> None:
        info = pair.importer.nats.imports[pair.import_(INFO)]
        again = Import(
            name="other",
            subject="other.service",
            account=pair.provider.sub,
            local_subject=info.local_subject,
            type="service",
        )
        pair.add_export(name="other", subject="other.service")
        pair.importer = pair.importer.with_nats(imports=(*pair.importer.nats.imports, again))

    assert not (await made.spoil(twice)).complete
    await made.cure_all("JS220", "nsc")
    assert await made.health() == WELL
