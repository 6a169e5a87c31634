"""``--consume`` on shares whose importers make consumers that are pushed to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.shares import Pair, Spoil
from support.sourcing import copied
from support.waiting import until
from support.ward import PREFIX, Ward, ward

MESSAGES = 400
MANY = 1000  # with which a source stops where its flow control is not answered
BODY = b"x" * 4096  # together over the megabyte after which flow control is asked for


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path, granted=False) as one:
        yield one


def source(
    *, create: str = "", delete: bool = False, flow_at: str = "", deliver_at: str = "deliver.>"
) -> Spoil:
    """What a source of the importer needs. ``create`` is what follows the stream's name."""

    def share(pair: Pair) -> None:
        stream = pair.share.stream
        tails = [f"CONSUMER.CREATE.{stream}{create}", f"CONSUMER.DELETE.{stream}.*"]
        for tail in tails if delete else tails[:1]:
            pair.add_export(name=tail, subject=f"$JS.API.{tail}")
            pair.add_import(name=tail, subject=f"$JS.API.{tail}", local_subject=f"{PREFIX}.{tail}")
        pair.add_export(name="deliver", subject="deliver.>", type="stream")
        pair.add_import(
            name="deliver", subject="deliver.>", local_subject=deliver_at, type="stream"
        )
        flow = f"$JS.FC.{stream}.>"
        pair.add_export(name="flow", subject=flow)
        pair.add_import(name="flow", subject=flow, local_subject=flow_at or flow)

    return share


async def fill(made: Ward, count: int = MESSAGES) -> None:
    async with made.live.speaking_as("ACCTC") as owner:
        for _ in range(count):
            await owner.publish("retail.v1.restock.requested", BODY)
        await owner.flush()

    async def stored() -> bool:
        info = await made.live.api(f"STREAM.INFO.{made.share.stream}")
        return bool(info["state"]["messages"] == count)

    await until(stored)


async def verdict(made: Ward, *words: str) -> dict[str, Any]:
    """Of the source: the deliver subject is a plain stream to the doctor."""
    shares = json.loads(await made.run(["jetshare", "doctor", *words, "--json"]))["shares"]
    found: dict[str, Any] = next(s for s in shares if s["kind"] == "source or mirror")
    return found


async def consumers(made: Ward) -> list[str]:
    names = await made.live.api(f"CONSUMER.NAMES.{made.share.stream}")
    return list(names["consumers"])


@pytest.mark.parametrize("create", ["", ".>", ".*.retail.>"])
async def test_deliveries_go_on_and_the_consumer_is_taken_away(made: Ward, create: str) -> None:
    await made.spoil(source(create=create, delete=True))
    await fill(made)
    before = await consumers(made)
    seen = await verdict(made, "--live")
    assert [text.split(":")[0] for text in seen["unproven"]] == [
        "that what is delivered arrives, and goes on after two megabytes"
    ]
    assert await consumers(made) == before
    proven = await verdict(made, "--consume")
    assert (proven["findings"], proven["unproven"], proven["left_behind"]) == ([], [], [])
    assert await consumers(made) == before


async def test_a_consumer_that_cannot_be_taken_away_is_told(made: Ward) -> None:
    await made.spoil(source())
    await fill(made)
    before = await consumers(made)
    (left,) = (await verdict(made, "--consume"))["left_behind"]
    assert "its server removes it 5 s after the doctor has left" in left

    async def gone() -> bool:
        return await consumers(made) == before

    await until(gone, within_s=20)


async def test_too_little_in_the_stream_proves_nothing_of_flow_control(made: Ward) -> None:
    await made.spoil(source(delete=True))
    await fill(made, 2)
    (text,) = (await verdict(made, "--consume"))["unproven"]
    assert "its 8,192 bytes came without flow control" in text


async def test_no_consumer_is_made_in_the_place_of_another(made: Ward) -> None:
    await made.spoil(source(create=".RESTOCKEVENTS-C1"))
    await fill(made, 2)
    before = await made.live.counts()
    shares = json.loads(await made.run(["jetshare", "doctor", "--consume", "--json"]))["shares"]
    told = [text for share in shares for text in share["unproven"]]
    assert told == ["a consumer that delivers to the importer was not made: its name is given"]
    assert await made.live.counts() == before


async def test_js511_flow_control_under_another_name(made: Ward) -> None:
    await made.spoil(source(flow_at=f"{PREFIX}.FC.>", delete=True))
    await fill(made, MANY)
    assert 0 < await copied(made, MANY) < MANY
    assert {f["code"] for f in (await verdict(made))["findings"]} == {"JS202"}
    found = (await verdict(made, "--consume"))["findings"]
    assert {f["code"]: f["follows"] for f in found} == {"JS202": False, "JS511": True}
    await made.cure("JS202")
    assert await copied(made, MANY) == MANY
    assert (await verdict(made, "--consume"))["findings"] == []


async def test_js511_the_servers_alone_lack_the_deliver_subject(made: Ward) -> None:
    await made.spoil(source(delete=True))
    await fill(made, 2)
    lacking = made.pair()
    exports = tuple(e for e in lacking.provider.nats.exports if e.type != "stream")
    lacking.provider = lacking.provider.with_nats(exports=exports)
    await made.push_unstored("ACCTC", lacking, later=-5)
    assert await copied(made, 2, stopped_s=0.5) == 0
    await made.cure("JS511", "nsc", "--consume")
    assert await copied(made, 2) == 2
    assert await made.doctor("--consume") == []


async def test_js511_the_second_form_of_flow_control(tmp_path: Path) -> None:
    async with ward(tmp_path, granted=False, js_ack_fc_v2=True) as made:
        await made.spoil(source(delete=True))
        await fill(made, MANY)
        assert 0 < await copied(made, MANY) < MANY
        assert (await verdict(made))["findings"] == []
        for words in ("--live", "--consume"):
            assert {f["code"] for f in (await verdict(made, words))["findings"]} == {"JS511"}
        await made.cure("JS511", "nsc", "--consume")
        assert await made.doctor("--consume") == []
        assert await copied(made, MANY) == MANY
