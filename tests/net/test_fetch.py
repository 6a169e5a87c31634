"""Batches and single messages through a share on a real server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    ConsumerDeleted,
    PullRefused,
    ShareRevoked,
)
from jetshare.identity.claims import Permission, User
from jetshare.net.connect import connect
from jetshare.net.fetch import FetchPool
from jetshare.net.message import Message
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import Role
from support.consuming import consume, numbers, scene, take
from support.sharing import PREFIX, SHARE, SUBJECT
from support.waiting import until

PLAIN = PullOptions()


def pool_on(wire: Wire, prefix: str = PREFIX) -> FetchPool:
    return FetchPool(wire, SHARE, prefix)


async def acked(messages: list[Message]) -> list[int]:
    for message in messages:
        await message.ack()
    return numbers(messages)


async def test_batches_one_after_the_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(25)
        pool = pool_on(wire)
        got = [await acked(await pool.fetch(10, 5, PLAIN)) for _ in range(2)]
        got.append(await acked(await pool.fetch(10, 0.2, PLAIN)))
        assert got == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]
        assert await pool.fetch(10, 0.2, PLAIN) == []
        await provider.all_settled(25)
        await pool.close()


async def test_what_is_there_now_and_no_waiting(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        assert await pool.fetch(5, 0, PLAIN) == []
        await provider.fill(3)

        async def three() -> bool:
            return bool((await provider.info())["num_pending"] == 3)

        await until(three)
        assert await acked(await pool.fetch(5, 0, PLAIN)) == [1, 2, 3]
        await pool.close()


async def test_one_that_comes_while_it_is_waited_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        waiting = asyncio.create_task(pool.fetch(1, 10, PLAIN))
        await provider.waits()
        await provider.fill(1)
        assert await acked(await waiting) == [1]
        await pool.close()


async def test_several_at_a_time_share_out_the_messages(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(40)
        pool = pool_on(wire)
        batches = await asyncio.gather(*(pool.fetch(10, 5, PLAIN) for _ in range(4)))
        got = [number for batch in batches for number in await acked(batch)]
        assert sorted(got) == list(range(1, 41))
        await pool.close()


async def test_by_bytes(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(20, payload=b"x" * 1000)
        pool = pool_on(wire)
        batch = await pool.fetch(20, 2, PullOptions(max_bytes=5_000))
        assert len(batch) == 4
        with pytest.raises(PullRefused, match="MaxBytes"):
            await pool.fetch(1, 2, PullOptions(max_bytes=500))
        await pool.close()


async def test_an_empty_message_ends_a_batch(tmp_path: Path) -> None:
    async with scene(tmp_path, consumer={"ack_wait": 300_000_000}) as (provider, wire):
        for body in (b"1", b"", b"2"):
            await provider.client.publish(SUBJECT, body)
        await provider.client.flush()
        pool = pool_on(wire)
        seen: set[int] = set()
        while len(seen) < 3:
            for message in await pool.fetch(3, 2, PLAIN):
                await message.ack()
                seen.add(message.metadata.stream_sequence)
        assert seen == {1, 2, 3}
        await pool.close()


async def test_cancelled_it_leaves_nothing_behind(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        waiting = asyncio.create_task(pool.fetch(10, 30, PLAIN))
        await provider.waits()
        before = wire.client.stats["in_msgs"]
        await provider.fill(3)

        async def arrived() -> bool:
            return wire.client.stats["in_msgs"] - before >= 3

        await until(arrived)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        # Long before the ack wait is over, they are there again.
        assert sorted(await acked(await pool.fetch(3, 5, PLAIN))) == [1, 2, 3]
        await provider.all_settled(3)
        await pool.close()


async def test_a_pull_that_a_push_made_deaf_is_made_anew(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        options = PullOptions(idle_heartbeat=0.2)
        waiting = asyncio.create_task(pool.fetch(1, 20, options))
        await provider.waits()
        deaf = set(wire._subjects)
        await provider.world.touch_provider("again")

        async def nobody_hears_it() -> bool:
            return wire._subjects.isdisjoint(deaf)

        await until(nobody_hears_it)
        await provider.waits()
        await provider.fill(2)
        assert len(await waiting) == 1
        await pool.close()


@pytest.mark.parametrize("why", ["never shared", "revoked"])
async def test_nobody_answers(tmp_path: Path, why: str) -> None:
    async with scene(tmp_path) as (provider, wire):
        if why == "revoked":
            await provider.world.revoke()
        prefix = PREFIX if why == "revoked" else "NOBODY.API"
        pool = pool_on(wire, prefix)
        with pytest.raises(ShareRevoked, match=f"under {prefix}: .* another prefix") as caught:
            await pool.fetch(1, 10, PLAIN)
        assert f"is {prefix} the prefix? jetshare verify" in caught.value.hint
        await pool.close()


@pytest.mark.parametrize("own", [True, False])
async def test_a_consumer_that_is_not_there(tmp_path: Path, own: bool) -> None:
    async with scene(tmp_path) as (provider, importers):
        await provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
        wire = Wire(provider.client) if own else importers
        prefix = "$JS.API" if own else PREFIX
        pool = pool_on(wire, prefix)
        with pytest.raises(ConsumerDeleted, match="is not there"):
            await pool.fetch(1, 0, PLAIN)
        await pool.close()
        with pytest.raises(ConsumerDeleted, match="is not there"):
            await take(consume(wire, prefix=prefix), 1)
        await wire.close()


async def test_a_short_one_leaves_no_pull_without_an_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
        pool = pool_on(wire)
        before = wire.client.stats["in_msgs"]
        fetching = asyncio.create_task(pool.fetch(1, 0.05, PLAIN))

        async def nobody_answered() -> bool:
            return wire.client.stats["in_msgs"] > before

        await until(nobody_answered)
        await provider.world.make_consumer(provider.api)  # while it pauses
        assert await fetching == []
        assert (await provider.info())["num_waiting"] == 0
        await pool.close()


async def test_the_consumer_deleted_meanwhile(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = pool_on(wire)
        waiting = asyncio.create_task(pool.fetch(1, 10, PLAIN))
        await provider.waits()
        await provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
        with pytest.raises(ConsumerDeleted):
            await waiting
        await pool.close()


@pytest.mark.parametrize(
    ("consumer", "options", "said"),
    [
        ({"deliver_subject": "out"}, PLAIN, "push based"),
        ({"max_batch": 2}, PLAIN, "MaxRequestBatch"),
        ({}, PullOptions(group="jobs", min_pending=3), "Overflow"),
    ],
)
async def test_a_pull_that_is_refused(
    tmp_path: Path, consumer: dict[str, Any], options: PullOptions, said: str
) -> None:
    async with scene(tmp_path, consumer=consumer) as (_, wire):
        pool = pool_on(wire)
        with pytest.raises(PullRefused, match=said):
            await pool.fetch(5, 5, options)
        await pool.close()


@pytest.mark.parametrize(
    ("user", "what"),
    [
        (User(pub=Permission(deny=(f"{PREFIX}.CONSUMER.MSG.>",))), "may not pull"),
        (User(sub=Permission(deny=("_INBOX.>",))), "may not subscribe"),
    ],
)
async def test_a_user_who_may_not(tmp_path: Path, user: User, what: str) -> None:
    async with scene(tmp_path) as (provider, _):
        world = provider.world
        async with connect(world.login(world.importer, user)) as client:
            wire = Wire(client)
            pool = pool_on(wire)
            with pytest.raises(AccessRefused, match=what):
                async with asyncio.timeout(5):
                    await pool.fetch(1, 30, PLAIN)
            await pool.close()
            await wire.close()


async def test_an_acknowledgement_that_reaches_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path, roles=(Role.NEXT,)) as (provider, wire):
        await provider.fill(1)
        pool = pool_on(wire)
        (message,) = await pool.fetch(1, 5, PLAIN)
        with pytest.raises(AckNotShared):
            await message.ack()
        assert not message.settled
        await pool.close()


async def test_what_was_acknowledged_last_is_confirmed_before_it_is_closed(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        pool = pool_on(wire)
        await acked(await pool.fetch(3, 5, PLAIN))
        assert pool.acks.open == 2
        await pool.close()
        assert (pool.acks.confirmed, pool.acks.unconfirmed) == (3, 0)


async def test_closed_it_tells_what_was_not_confirmed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        pool = pool_on(wire)
        messages = await pool.fetch(3, 5, PLAIN)
        await messages[0].ack()
        await provider.world.withdraw_acks()
        await acked(messages[1:])
        await pool.close()
    assert f"acknowledgements of {SHARE} reach nobody any more" in caplog.text
    assert f"2 acknowledgements of {SHARE} were not confirmed" in caplog.text


async def test_a_pin_goes_with_the_next_fetch(tmp_path: Path) -> None:
    consumer = {
        "priority_groups": ["jobs"],
        "priority_policy": "pinned_client",
        "priority_timeout": 600_000_000_000,
    }
    options = PullOptions(group="jobs")
    async with scene(tmp_path, consumer=consumer) as (provider, wire):
        await provider.fill(5)
        pool = pool_on(wire)
        assert await acked(await pool.fetch(2, 2, options)) == [1, 2]
        assert pool.pin
        assert await acked(await pool.fetch(2, 2, options)) == [3, 4]
        await provider.api.ask(f"CONSUMER.UNPIN.{SHARE.stream}.{SHARE.consumer}", {"group": "jobs"})
        assert await acked(await pool.fetch(1, 2, options)) == [5]
        await pool.close()
