"""Consuming through a share on a real server."""

import asyncio
import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nats.protocol.parser import Parser

from jetshare.errors import (
    PullRefused,
)
from jetshare.net.connect import connect
from jetshare.net.fetch import FetchPool
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import API_PREFIX, Role
from support.consuming import QUICK, buffered, consume, consuming, numbers, scene, take
from support.sharing import PREFIX, SHARE, SUBJECT
from support.waiting import until

NO_INFO = (Role.NEXT, Role.ACK, Role.ACK_V2)


class PlainParser(Parser):
    """A parser of the application's own, which jetshare leaves alone."""


# Messages.


@pytest.mark.parametrize("way", ["short", "public"])
@pytest.mark.parametrize("prefix", [PREFIX, API_PREFIX])
async def test_messages_come_in_order_and_are_acknowledged(
    tmp_path: Path, way: str, prefix: str
) -> None:
    async with scene(tmp_path) as (provider, _):
        world = provider.world
        member = world.importer if prefix == PREFIX else world.provider
        async with connect(world.login(member)) as client:
            if way == "public":
                client._ps.__class__ = PlainParser
            wire = Wire(client)
            assert wire.direct is (way == "short")
            await provider.fill(300)
            async with consume(wire, prefix=prefix) as messages:
                taken = await take(messages, 300)
            await wire.close()
        assert numbers(taken) == list(range(1, 301))
        assert {message.metadata.num_delivered for message in taken} == {1}
        await provider.all_settled(300)


async def test_headers_and_metadata_are_those_of_the_stream(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        headers = {"Nats-Msg-Id": "one", "Colour": "grün"}
        await provider.client.request(SUBJECT, b"body", headers=headers)
        await provider.client.request(SUBJECT, b"", headers={"Empty": "yes"})
        async with consume(wire) as messages:
            first, second = await take(messages, 2)
    assert (first.subject, first.data) == (SUBJECT, b"body")
    assert first.headers == {"Nats-Msg-Id": "one", "Colour": "grün"}
    assert (second.data, second.headers) == (b"", {"Empty": "yes"})
    metadata = first.metadata
    assert (metadata.stream, metadata.consumer) == (SHARE.stream, SHARE.consumer)
    assert (metadata.stream_sequence, metadata.consumer_sequence) == (1, 1)
    assert (metadata.num_delivered, metadata.num_pending) == (1, 1)
    assert abs(metadata.timestamp.timestamp() - time.time()) < 3600
    assert metadata.domain == metadata.account_hash == ""


async def test_the_second_form_of_the_reply_subject(tmp_path: Path) -> None:
    async with scene(tmp_path, js_ack_fc_v2=True) as (provider, wire):
        await provider.fill(50)
        async with consume(wire) as messages:
            taken = await take(messages, 50)
        metadata = taken[0].metadata
        assert metadata.account_hash in SHARE.ack_v2_subject(provider.world.provider.public)
        assert metadata.stream_sequence == 1
        await provider.all_settled(50)


async def test_without_info(tmp_path: Path) -> None:
    async with scene(tmp_path, roles=NO_INFO) as (provider, wire):
        await provider.fill(50)
        async with consume(wire) as messages:
            assert numbers(await take(messages, 50)) == list(range(1, 51))
        await provider.all_settled(50)


async def test_by_bytes(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(200, payload=b"x" * 1000)
        options = PullOptions(max_bytes=10_000, expires=1, idle_heartbeat=0.2)
        async with consume(wire, options) as messages:
            assert len(await take(messages, 200)) == 200
        await provider.all_settled(200)


async def test_stop_after_leases_no_more_than_it_hands_out(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(100)
        messages = consume(wire, replace(QUICK, stop_after=30))
        async with asyncio.timeout(10):
            taken = [message async for message in messages]
        assert numbers(taken) == list(range(1, 31))
        assert (await provider.info())["num_ack_pending"] == 30


async def test_a_consumer_that_allows_little_is_given_little(tmp_path: Path) -> None:
    limits = {"max_batch": 7, "max_expires": 1_000_000_000}
    async with scene(tmp_path, consumer=limits) as (provider, wire):
        await provider.fill(60)
        async with consume(wire, PullOptions(max_messages=50)) as messages:
            assert numbers(await take(messages, 60)) == list(range(1, 61))


async def test_an_empty_message_does_not_stop_the_flow(tmp_path: Path) -> None:
    async with scene(tmp_path, consumer={"ack_wait": 500_000_000}) as (provider, wire):
        for body in (b"1", b"", b"2", b"", b"3"):
            await provider.client.publish(SUBJECT, body)
        async with consume(wire) as messages:
            sequences = {message.metadata.stream_sequence for message in await take(messages, 5)}
    assert sequences == {1, 2, 3, 4, 5}


# Leaving.


@pytest.mark.parametrize("leave", ["break", "aclose", "async with"])
async def test_what_was_not_handed_out_is_given_back(tmp_path: Path, leave: str) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(20)
        if leave == "break":
            async for message in (leaving := consume(wire)):
                await message.ack()
                await buffered(leaving._loop, 19)
                break
            del leaving
            gc.collect()
        else:
            async with consume(wire) as messages:
                await take(messages, 1)
                await buffered(messages._loop, 19)
                if leave == "aclose":
                    await messages.aclose()
                    await messages.aclose()
        # Long before the ack wait is over they are there again.
        async with consume(wire) as messages:
            again = await take(messages, 19)
        assert sorted(numbers(again)) == list(range(2, 21))
        await provider.all_settled(20)


async def test_closing_from_another_task_ends_the_loop(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        messages = consume(wire)
        waiting = asyncio.create_task(anext(messages, None))
        await provider.client.flush()
        await messages.aclose()
        async with asyncio.timeout(5):
            assert await waiting is None


@pytest.mark.parametrize("how", ["cancel", "aclose"])
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 6, 8, 12, 20, 40])
async def test_left_at_any_await_nothing_is_lost(tmp_path: Path, steps: int, how: str) -> None:
    # What it was handed and had not acknowledged comes back when the ack wait ends.
    async with scene(tmp_path, consumer={"ack_wait": 1_000_000_000}) as (provider, wire):
        await provider.fill(40)

        messages = consume(wire)

        async def work() -> None:
            async with messages:
                async for message in messages:
                    await message.ack()
                    await asyncio.sleep(0)

        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        if how == "cancel":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await messages.aclose()
            async with asyncio.timeout(10):
                await task
        async with consuming(consume(wire)):
            await provider.all_settled(40)


# Priority groups (ADR-42).


# A server may still give a message to a pull whose subscription has just ended: it comes back
# to the next one when the ack wait is over, which then has to be shorter than the test's patience.
LOST_WITH_A_PULL_NS = 3_000_000_000


def grouped(**words: Any) -> PullOptions:
    return PullOptions(max_messages=5, expires=2, idle_heartbeat=0.2, group="jobs", **words)


async def test_one_client_is_pinned_until_it_leaves(tmp_path: Path) -> None:
    consumer = {
        "priority_groups": ["jobs"],
        "priority_policy": "pinned_client",
        "priority_timeout": 600_000_000_000,
        "ack_wait": LOST_WITH_A_PULL_NS,
    }
    async with (
        scene(tmp_path, consumer=consumer) as (provider, wire),
        consume(wire, grouped()) as pinned,
        consume(wire, grouped()) as other,
    ):
        await provider.fill(20)
        taken = await take(pinned, 1)
        idle = asyncio.create_task(take(other, 1))
        taken += await take(pinned, 19)
        assert sorted(numbers(taken)) == list(range(1, 21))
        assert not idle.done()
        await pinned.aclose()
        await provider.api.ask(f"CONSUMER.UNPIN.{SHARE.stream}.{SHARE.consumer}", {"group": "jobs"})
        await provider.fill(1, first=21)
        assert numbers(await idle) == [21]


async def test_overflow_takes_only_what_is_too_much(tmp_path: Path) -> None:
    consumer = {"priority_groups": ["jobs"], "priority_policy": "overflow"}
    async with (
        scene(tmp_path, consumer=consumer) as (provider, wire),
        consume(wire, grouped(min_pending=10)) as messages,
    ):
        waiting = asyncio.create_task(take(messages, 1))
        await provider.fill(5)
        await provider.waits()
        assert not waiting.done()
        await provider.fill(10, first=6)
        assert numbers(await waiting) == [1]


async def test_overflow_takes_what_others_are_too_slow_for(tmp_path: Path) -> None:
    consumer = {"priority_groups": ["jobs"], "priority_policy": "overflow"}
    async with (
        scene(tmp_path, consumer=consumer) as (provider, wire),
        consume(wire, grouped(min_ack_pending=3)) as messages,
    ):
        pool = FetchPool(wire, SHARE, PREFIX)
        await provider.fill(4)
        waiting = asyncio.create_task(take(messages, 1))
        await provider.waits()
        held = await pool.fetch(2, 5, PullOptions(group="jobs"))
        assert numbers(held) == [1, 2]
        assert await pool.fetch(1, 0.1, grouped(min_ack_pending=3)) == []
        held += await pool.fetch(1, 5, PullOptions(group="jobs"))
        assert numbers(held + await waiting) == [1, 2, 3, 4]
        await pool.close()


async def test_the_most_urgent_are_served_first(tmp_path: Path) -> None:
    consumer = {
        "priority_groups": ["jobs"],
        "priority_policy": "prioritized",
        "ack_wait": LOST_WITH_A_PULL_NS,
    }
    async with (
        scene(tmp_path, consumer=consumer) as (provider, wire),
        consume(wire, grouped(priority=5)) as relief,
        consume(wire, grouped(priority=0)) as first,
    ):
        idle = asyncio.create_task(take(relief, 1))
        waiting = asyncio.create_task(take(first, 5))

        async def both_wait() -> bool:
            return bool((await provider.info())["num_waiting"] == 2)

        await until(both_wait)
        await provider.fill(5)
        assert numbers(await waiting) == [1, 2, 3, 4, 5]
        assert not idle.done()
        await first.aclose()
        await provider.fill(1, first=6)
        assert numbers(await idle) == [6]


async def test_without_its_group_a_pull_is_refused(tmp_path: Path) -> None:
    consumer = {"priority_groups": ["jobs"], "priority_policy": "overflow"}
    async with scene(tmp_path, consumer=consumer) as (_, wire):
        with pytest.raises(PullRefused, match="Priority Group"):
            await take(consume(wire), 1)
