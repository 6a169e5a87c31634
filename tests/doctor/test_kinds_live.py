"""Failures of shares that are no pull consumers, and of the graph of accounts."""

from __future__ import annotations

import contextlib
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
from support.ward import ACK_WAIT_S, PREFIX, Ward, ward

MESSAGES = 1000
ALL = [MESSAGES, MESSAGES]  # by a source, and by a mirror
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


async def copied(made: Ward) -> list[int]:
    """How many of the provider's messages a source and a mirror of the importer get before
    they stop."""
    stream = made.share.stream
    external = {"name": stream, "external": {"api": PREFIX, "deliver": f"deliver.{stream}.copy"}}
    copies: dict[str, dict[str, object]] = {
        "SOURCE": {"sources": [external]},
        "MIRROR": {"mirror": external},
    }
    for name, more in copies.items():
        await made.live.api(f"STREAM.CREATE.{name}", {"name": name, **more}, account="ACCTB")
    seen = [0, 0]
    last = time.monotonic()

    async def settled() -> bool:
        nonlocal seen, last
        infos = [await made.live.api(f"STREAM.INFO.{name}", account="ACCTB") for name in copies]
        counts = [info["state"]["messages"] for info in infos]
        if counts != seen:
            seen, last = counts, time.monotonic()
        return seen == ALL or time.monotonic() - last > 2.5

    await until(settled, within_s=40)
    for name in copies:
        await made.live.api(f"STREAM.DELETE.{name}", account="ACCTB")
    return seen


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
    assert await copied(made) == ALL


async def test_js109_and_js211_a_source_and_a_mirror_stop_without_flow_control(made: Ward) -> None:
    await made.spoil(source(flow=False))
    await fill(made)
    assert all(0 < count < MESSAGES for count in await copied(made))
    assert {"JS109", "JS211"} <= {finding["code"] for finding in await made.doctor()}
    await made.cure("JS109", "nsc")
    await made.cure("JS211", "nsc")
    assert await copied(made) == ALL


async def test_js110_and_js212_nothing_is_delivered(made: Ward) -> None:
    await made.spoil(source(deliver=False))
    await fill(made)
    assert await copied(made) == [0, 0]
    assert {"JS110", "JS212"} <= {finding["code"] for finding in await made.doctor()}
    await made.cure("JS110", "nsc")
    await made.cure("JS212", "nsc")
    assert await made.doctor() == []
    assert await copied(made) == ALL


async def test_js212_of_a_stream_that_is_public(made: Ward) -> None:
    await made.spoil(source(deliver=False))
    await made.spoil(lambda pair: pair.add_export(name="d", subject="deliver.>", type="stream"))
    await fill(made)
    assert await copied(made) == [0, 0]
    await made.cure("JS212", "nsc")
    assert await made.doctor() == []
    assert await copied(made) == ALL


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


async def test_js216_an_object_without_the_prefix(made: Ward) -> None:
    config = {
        "name": "OBJ_B",
        "subjects": ["$O.B.C.>", "$O.B.M.>"],
        "allow_direct": True,
        "allow_rollup_hdrs": True,
    }
    await made.live.api("STREAM.CREATE.OBJ_B", config)
    read = ("STREAM.INFO.OBJ_B", "STREAM.MSG.GET.OBJ_B", "DIRECT.GET.OBJ_B.$O.B.M.>")

    def objects(pair: Pair) -> None:
        for subject in ("$O.B.>", *(f"$JS.API.{tail}" for tail in read)):
            local = f"{PREFIX}.{subject.removeprefix('$JS.API.')}"
            pair.add_export(name=subject, subject=subject)
            pair.add_import(name=subject, subject=subject, local_subject=local)

    async def put(name: str) -> bool:
        async with made.importer() as client:
            store = await client.jetstream(prefix=PREFIX, timeout=0.5).object_store("B")
            try:
                return (await store.put(name, b"1.95")).chunks == 1
            except (nats.errors.Error, nats.js.errors.Error):
                return False

    await made.spoil(objects)
    assert not await put("apples")
    assert (await made.finding("JS216"))["severity"] == "warning"
    await made.cure("JS216", "nsc")
    assert await put("apples")
    stored = await made.live.api("STREAM.INFO.OBJ_B")
    assert stored["state"]["messages"] == 2  # a chunk, and what it is a chunk of
    assert await made.doctor() == []


async def test_js123_and_js222_a_bucket_that_no_client_can_bind_to(made: Ward) -> None:
    config = {
        "name": "KV_B",
        "subjects": ["$KV.B.>"],
        "allow_direct": True,
        "max_msgs_per_subject": 1,
    }
    await made.live.api("STREAM.CREATE.KV_B", config)
    async with made.live.speaking_as("ACCTC") as owner:
        await owner.request("$KV.B.apples", b"1.95")

    def reading(pair: Pair) -> None:
        subject = "$JS.API.DIRECT.GET.KV_B.$KV.B.>"
        pair.add_export(name="get", subject=subject, token_req=True)
        token = activation(pair.key, pair.importer.sub, subject, pair.now)
        local = f"{PREFIX}{subject[7:]}"
        pair.add_import(name="get", subject=subject, local_subject=local, token=token)

    async def got() -> bytes | None:
        async with made.importer() as client:
            try:
                bucket = await client.jetstream(prefix=PREFIX, timeout=1).key_value("B")
            except (nats.errors.Error, nats.js.errors.Error):
                return None
            return (await bucket.get("apples")).value

    await made.spoil(reading)
    assert await got() is None
    assert {finding["code"] for finding in await made.doctor()} == {"JS123", "JS222"}
    await made.cure("JS123", "nsc")
    await made.cure("JS222", "nsc")
    assert await got() == b"1.95"
    assert await made.doctor() == []


async def test_js221_acknowledgements_of_what_is_pushed_are_not_imported(made: Ward) -> None:
    share = made.share

    def pushed(pair: Pair) -> None:
        pair.add_export(name="deliver", subject="deliver.>", type="stream")
        pair.add_import(name="deliver", subject="deliver.>", type="stream")
        info = share.info_subject()
        pair.add_export(name="info", subject=info)
        pair.add_import(name="info", subject=info, local_subject=f"{PREFIX}{info[7:]}")
        pair.add_export(name="ack", subject=share.ack_subject())

    async def comes() -> int:
        """How often one message comes that is acknowledged each time."""
        async with made.importer() as client:
            inbox = await client.subscribe("deliver.here")
            await client.flush()
            await made.fill([b"one"], deliver_subject="deliver.here", max_deliver=2)
            times = 0
            with contextlib.suppress(TimeoutError):
                while True:
                    message = await inbox.next_msg(timeout=2 * ACK_WAIT_S)
                    times += 1
                    await client.publish(message.reply, b"+ACK")
            return times

    await made.spoil(pushed)
    assert await comes() == 2
    assert {finding["code"] for finding in await made.doctor()} == {"JS221"}
    await made.cure("JS221", "nsc")
    assert await comes() == 1
    assert await made.doctor("--live") == []


@pytest.mark.parametrize("how", ["cure", "nsc"])
async def test_js207_imports_in_a_circle(made: Ward, how: str) -> None:
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
    assert sorted(before) == [False, True]  # one of the two imports was left out
    found = await made.finding("JS207", "--live")
    assert found["account"]["name"] == ways[before.index(False)][0]
    await made.cure("JS207", how, "--live")
    assert await made.doctor("--live") == []
    assert await asked(*ways[before.index(True)]) is Heard.ANSWER
