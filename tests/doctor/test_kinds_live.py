"""Failures of shares that are no pull consumers, and of the graph of accounts."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import nats.errors
import nats.js.errors
import pytest
from nats.aio.msg import Msg

from jetshare.identity.claims import Import
from jetshare.net import probe
from jetshare.net.probe import Heard
from support.shares import Pair, Spoil, activation
from support.waiting import until
from support.ward import PREFIX, Ward, ward

MESSAGES = 1000
BODY = b"x" * 4096  # together well over the two megabytes after which flow control must answer


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Ward]:
    async with ward(tmp_path, granted=False) as one:
        yield one


def source(*, flow: bool = True, deliver: bool = True) -> Spoil:
    """What a source of the importer needs, all or most of it."""

    def share(pair: Pair) -> None:
        create = f"$JS.API.CONSUMER.CREATE.{pair.share.stream}"
        pair.add_export(name="create", subject=create)
        pair.add_import(name="create", subject=create, local_subject=PREFIX + create[7:])
        if deliver:
            pair.add_export(name="deliver", subject="deliver.>", type="stream")
            pair.add_import(name="deliver", subject="deliver.>", type="stream")
        if flow:
            subject = f"$JS.FC.{pair.share.stream}.>"
            pair.add_export(name="flow", subject=subject)
            pair.add_import(name="flow", subject=subject)

    return share


async def copied(made: Ward) -> int:
    """How many of the provider's messages a source of the importer gets before it stops."""
    settings = {
        "name": "COPY",
        "sources": [
            {
                "name": made.share.stream,
                "external": {"api": PREFIX, "deliver": f"deliver.{made.share.stream}.copy"},
            }
        ],
    }
    await made.live.api("STREAM.CREATE.COPY", settings, account="ACCTB")
    seen = [0]
    last = [time.monotonic()]

    async def settled() -> bool:
        info = await made.live.api("STREAM.INFO.COPY", account="ACCTB")
        if info["state"]["messages"] != seen[-1]:
            seen.append(info["state"]["messages"])
            last.append(time.monotonic())
        return seen[-1] == MESSAGES or time.monotonic() - last[-1] > 2.5

    await until(settled, within_s=40)
    await made.live.api("STREAM.DELETE.COPY", account="ACCTB")
    return seen[-1]


async def fill(made: Ward) -> None:
    await made.live.api(f"STREAM.PURGE.{made.share.stream}")
    async with made.live.speaking_as("ACCTC") as owner:
        for _ in range(MESSAGES):
            await owner.publish("retail.v1.restock.requested", BODY)
        await owner.flush()

    async def stored() -> bool:
        info = await made.live.api(f"STREAM.INFO.{made.share.stream}")
        return bool(info["state"]["messages"] == MESSAGES)

    await until(stored)


async def test_a_right_source_gives_no_finding(made: Ward) -> None:
    await made.spoil(source())
    await fill(made)
    assert await made.doctor() == []
    assert await copied(made) == MESSAGES


async def test_js109_and_js211_a_source_stops_without_flow_control(made: Ward) -> None:
    await made.spoil(source(flow=False))
    await fill(made)
    assert 0 < await copied(made) < MESSAGES
    assert {"JS109", "JS211"} <= {finding["code"] for finding in await made.doctor()}
    await made.cure("JS109", "nsc")
    await made.cure("JS211", "nsc")
    assert await copied(made) == MESSAGES


async def test_js110_and_js212_nothing_is_delivered(made: Ward) -> None:
    await made.spoil(source(deliver=False))
    await fill(made)
    assert await copied(made) == 0
    assert {"JS110", "JS212"} <= {finding["code"] for finding in await made.doctor()}
    await made.cure("JS110", "nsc")
    await made.cure("JS212", "nsc")
    assert await made.doctor() == []
    assert await copied(made) == MESSAGES


async def test_js212_of_a_stream_that_is_public(made: Ward) -> None:
    await made.spoil(source(deliver=False))
    await made.spoil(lambda pair: pair.add_export(name="d", subject="deliver.>", type="stream"))
    await fill(made)
    assert await copied(made) == 0
    await made.cure("JS212", "nsc")
    assert await made.doctor() == []
    assert await copied(made) == MESSAGES


@pytest.mark.parametrize("private", [True, False])
async def test_js216_a_put_without_the_prefix(made: Ward, private: bool) -> None:
    config = {
        "name": "KV_B",
        "subjects": ["$KV.B.>"],
        "allow_direct": True,
        "max_msgs_per_subject": 1,
    }
    await made.live.api("STREAM.CREATE.KV_B", config)

    def bucket(pair: Pair) -> None:
        for subject in ("$KV.B.>", "$JS.API.STREAM.INFO.KV_B"):
            pair.add_export(name=subject, subject=subject, token_req=private)
            tail = subject.removeprefix("$JS.API.")
            token = activation(pair.key, pair.importer.sub, subject, pair.now) if private else ""
            pair.add_import(
                name=subject, subject=subject, local_subject=f"{PREFIX}.{tail}", token=token
            )

    async def put(key: str) -> bool:
        async with made.importer() as client:
            held = await client.jetstream(prefix=PREFIX, timeout=1).key_value("B")
            try:
                return await held.put(key, b"1.95") > 0
            except nats.errors.Error:
                return False

    async def put_under_prefix(key: str) -> bool:
        """As nats.go does."""
        async with made.importer() as client:
            stored = await client.request(f"{PREFIX}.$KV.B.{key}", b"2.95", timeout=2)
            return bool(json.loads(stored.data)["seq"])

    await made.spoil(bucket)
    assert await made.doctor() == []
    assert not await put("apples")
    assert await put_under_prefix("pears")
    await made.cure("JS216", "nsc", "--notes")
    assert await put("apples")
    assert await put_under_prefix("plums")
    assert "JS216" not in {finding["code"] for finding in await made.doctor("--notes")}


async def test_js207_imports_in_a_circle(made: Ward) -> None:
    def circle(pair: Pair) -> None:
        pair.add_export(name="loop", subject="loop")
        pair.add_import(name="loop", subject="loop")
        pair.importer = pair.importer.with_nats(exports=(pair.provider.nats.exports[-1],))
        back = Import(name="loop", subject="loop", account=pair.importer.sub, type="service")
        pair.provider = pair.provider.with_nats(imports=(back,))

    async def asked(asking: str, answering: str) -> Heard:
        async def answer(message: Msg) -> None:
            await message.respond(b"here")

        async with made.live.speaking_as(answering) as other:
            await other.subscribe("loop", cb=answer)
            await other.flush()
            async with made.live.speaking_as(asking) as client:
                return (await probe.ask(client, "loop", b"", 1.0)).heard

    await made.spoil(circle)
    ways = [("ACCTB", "ACCTC"), ("ACCTC", "ACCTB")]
    before = [await asked(*way) is Heard.ANSWER for way in ways]
    assert before != [True, True]  # one of the two imports was left out
    found = await made.finding("JS207")
    await made.cure("JS207", "nsc")
    assert "JS207" not in {finding["code"] for finding in await made.doctor()}
    keeps, gave_up = ("ACCTC", "ACCTB") if found["account"]["name"] == "ACCTB" else ways[0]
    assert await asked(keeps, gave_up) is Heard.ANSWER
