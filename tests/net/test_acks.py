"""What is said to be acknowledged, and what the provider's server says to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import AckNotShared, JetshareError, ShareRevoked
from jetshare.net.acks import Acks
from jetshare.net.fetch import FetchPool
from jetshare.net.message import Message
from jetshare.net.process import Process, Processed, ProcessOptions
from jetshare.net.pull import PullLoop
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import Role
from support.consuming import QUICK, consume, scene, swallowing, take
from support.sharing import PREFIX, SHARE, Provider
from support.waiting import until

BUFFERED = PullOptions(max_messages=500, expires=1, idle_heartbeat=0.2)


@dataclass
class Slow:
    """A handler that takes its time, and remembers."""

    seconds: float = 0.005
    handled: list[int] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        await asyncio.sleep(self.seconds)
        self.handled.append(message.metadata.stream_sequence)

    async def has_handled(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.handled) >= count

        await until(enough)


def process(wire: Wire, handler: Any, pull: PullOptions = BUFFERED, **options: Any) -> Process:
    return Process(PullLoop(wire, SHARE, PREFIX, pull), handler, 1, ProcessOptions(**options))


async def acknowledged(provider: Provider) -> int:
    """By the provider's own count; with one handler at a time, the floor is all of them."""
    info = await provider.info()
    return int(info["ack_floor"]["stream_seq"])


async def is_honest(counts: Processed, provider: Provider) -> None:
    really = await acknowledged(provider)
    assert counts.acknowledged <= really <= counts.acknowledged + counts.unconfirmed


# The end of access.


async def test_when_a_share_is_revoked_it_is_known_what_was_acknowledged(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        handler = Slow()
        await ends(provider, process(wire, handler), handler, provider.world.revoke, ShareRevoked)


async def test_when_its_token_expires_as_well(tmp_path: Path) -> None:
    # A server ends the import of the acknowledgements by itself; that of the pulls, which
    # is mapped, lives on until an account is pushed.
    async with scene(tmp_path) as (provider, wire):
        handler = Slow()

        async def expires() -> None:
            await provider.world.require_tokens(until=int(time.time()) + 3)

        await ends(provider, process(wire, handler), handler, expires, AckNotShared)


async def ends(
    provider: Provider,
    work: Process,
    handler: Slow,
    end: Callable[[], Awaitable[None]],
    why: type[JetshareError],
) -> None:
    await provider.fill(2_000)
    running = asyncio.create_task(work.run())
    await handler.has_handled(100)
    await end()
    with pytest.raises(why, match="any more"):
        await running
    counts = work.counts
    await is_honest(counts, provider)
    assert counts.acknowledged
    assert counts.unconfirmed
    assert counts.acknowledged + counts.unconfirmed == len(handler.handled)


async def test_acknowledgements_that_are_cut_off_alone_end_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1_000)
        handler = Slow()
        work = process(wire, handler)
        running = asyncio.create_task(work.run())
        await handler.has_handled(100)
        await provider.world.withdraw_acks()
        with pytest.raises(AckNotShared, match="reach nobody"):
            await running
        await is_honest(work.counts, provider)
        assert work.counts.unconfirmed
        assert len(handler.handled) < 1_000


async def test_the_same_for_who_iterates_and_is_idle(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(5)
        messages = consume(wire)
        await take(messages, 5)
        await messages.settle()
        assert (messages.acknowledged, messages.unconfirmed) == (5, 0)
        await provider.world.withdraw_acks()
        await provider.fill(5, first=6)
        with pytest.raises(AckNotShared):
            await take(messages, 6)
        assert (messages.acknowledged, messages.unconfirmed) == (5, 5)
        with pytest.raises(AckNotShared):
            await messages.settle()
        await messages.aclose()


async def test_the_same_for_batches(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        pool = FetchPool(wire, SHARE, PREFIX)
        await provider.fill(1)

        async def one_more() -> bool:
            for message in await pool.fetch(1, 0.2, PullOptions()):
                await message.ack()
            await provider.fill(1)
            return False

        await one_more()
        await provider.world.withdraw_acks()
        with pytest.raises(AckNotShared, match="any more"):
            await until(one_more)
        await pool.close()


async def test_what_was_lost_while_an_import_was_away_is_acknowledged_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(150)
        handler = Slow()
        work = process(wire, handler)
        running = asyncio.create_task(work.run())
        await handler.has_handled(20)
        await provider.world.withdraw_acks()

        async def noticed() -> bool:
            return "reach nobody any more" in caplog.text

        await until(noticed)
        await provider.world.restore()
        # Long before the ack wait is over, and so without a second delivery.
        await provider.all_settled(150)
        work.drain()
        assert await running == Processed(acknowledged=150)
        assert handler.handled == list(range(1, 151))


async def test_where_they_are_few_not_one_is_lost_while_an_import_is_away_for_a_moment(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(40)
        handler = Slow(seconds=0.02)
        work = process(wire, handler)
        running = asyncio.create_task(work.run())
        for count in (10, 20, 30):
            await handler.has_handled(count)
            await provider.world.withdraw_acks()
            await provider.world.restore()
        # Long before the ack wait is over, and so without a second delivery.
        await provider.all_settled(40)
        work.drain()
        assert await running == Processed(acknowledged=40)
        assert handler.handled == list(range(1, 41))


async def test_where_they_are_many_it_is_noticed_as_well(tmp_path: Path) -> None:
    # More than can each be asked for, and an answer to the newest of them tells nothing.
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(600)
        handler = Slow(seconds=0.001)
        work = process(wire, handler)
        running = asyncio.create_task(work.run())
        for count in (100, 350):
            await handler.has_handled(count)
            await provider.world.withdraw_acks()
            await provider.world.restore()
        # Long before the ack wait is over, and so without a second delivery.
        await provider.all_settled(600)
        work.drain()
        assert await running == Processed(acknowledged=600)
        assert handler.handled == list(range(1, 601))


async def test_not_all_of_them_are_sent_again_where_they_meet_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1_000)
        pool = FetchPool(wire, SHARE, PREFIX)
        messages = await pool.fetch(1_000, 5, PullOptions())
        await messages[0].ack()
        await provider.world.withdraw_acks()
        for message in messages[1:]:
            await message.ack()
        wire.flush()
        pool.acks.doubt()
        before = wire.client.stats["out_msgs"]
        with pytest.raises(AckNotShared):
            await pool.acks.prove(asyncio.get_running_loop().time())
        assert 0 < wire.client.stats["out_msgs"] - before < 500
        await provider.world.restore()
        await pool.acks.settle(5)
        assert (pool.acks.confirmed, pool.acks.unconfirmed) == (1_000, 0)
        await provider.all_settled(1_000)
        await pool.close()


# Lost on the way.


async def test_what_was_lost_with_a_connection_is_acknowledged_again(tmp_path: Path) -> None:
    async with swallowing(tmp_path) as (provider, wire, relay):
        await provider.fill(100)
        handler = Slow()
        work = process(wire, handler)
        running = asyncio.create_task(work.run())
        await handler.has_handled(20)
        relay.swallows = True
        await handler.has_handled(60)
        assert relay.lost
        relay.cut()
        # Long before the ack wait is over, and so without a second delivery.
        await provider.all_settled(100)
        work.drain()
        assert await running == Processed(acknowledged=100)
        assert handler.handled == list(range(1, 101))


async def test_a_drain_that_nobody_confirms_says_how_many_may_be_lost(tmp_path: Path) -> None:
    async with swallowing(tmp_path) as (provider, wire, relay):
        await provider.fill(1_000)
        handler = Slow()
        work = process(wire, handler, confirm_timeout=0.5)
        running = asyncio.create_task(work.run())
        await handler.has_handled(20)
        relay.swallows = True
        await handler.has_handled(60)
        work.drain()
        counts = await running
        await is_honest(counts, provider)
        assert counts.unconfirmed >= 40
        assert counts.acknowledged + counts.unconfirmed == len(handler.handled)
        relay.swallows = False


async def test_settling_does_not_wait_longer_for_a_proof_that_is_under_way(
    tmp_path: Path,
) -> None:
    async with swallowing(tmp_path) as (provider, wire, relay):
        await provider.fill(2)
        pool = FetchPool(wire, SHARE, PREFIX)
        first, second = await pool.fetch(2, 5, PullOptions())
        await first.ack()
        relay.swallows = True
        await second.ack()
        proof = asyncio.create_task(pool.acks.prove(asyncio.get_running_loop().time()))
        await asyncio.sleep(0)  # and it has begun
        await pool.acks.settle(0.1)
        assert not proof.done()
        assert (pool.acks.confirmed, pool.acks.open) == (1, 1)
        proof.cancel()
        relay.swallows = False
        await pool.close()
        assert (pool.acks.confirmed, pool.acks.open) == (2, 0)


# What the server answers.


@pytest.mark.parametrize(
    ("policy", "retention"),
    [
        ("explicit", "limits"),
        ("all", "limits"),
        ("explicit", "interest"),
        ("explicit", "workqueue"),
    ],
)
async def test_one_answer_speaks_for_those_before_it(
    tmp_path: Path, policy: str, retention: str
) -> None:
    fields: dict[str, Any] = {
        "consumer": {"ack_policy": policy},
        "stream": {"retention": retention},
    }
    async with scene(tmp_path, **fields) as (provider, wire):
        await provider.fill(50)
        messages = consume(wire)
        await take(messages, 50)
        await messages.settle()
        assert (messages.acknowledged, messages.unconfirmed) == (50, 0)
        assert await acknowledged(provider) == 50
        await messages.aclose()


async def test_after_a_doubt_each_is_asked_for(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(20)
        messages = consume(wire, replace(QUICK, idle_heartbeat=0.5))
        acks = messages._loop.acks
        await take(messages, 20)
        acks.doubt()
        acks.acknowledge(reply_of(500))  # of which this server knows nothing
        await messages.settle()
        assert (messages.acknowledged, messages.unconfirmed) == (20, 1)
        await messages.aclose()


async def test_what_was_asked_for_a_moment_only_is_not_called_lost(tmp_path: Path) -> None:
    async with scene(tmp_path) as (_, wire):
        acks = Acks(wire, SHARE)
        acks.acknowledge(reply_of(500))
        await acks.settle(0.1)
        assert (acks.lost, acks.open) == (0, 1)


async def test_what_was_acknowledged_to_a_deleted_consumer_is_not_sent_to_another(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as (_, wire):
        acks = Acks(wire, SHARE)
        for number in (1, 2, 3):
            acks.acknowledge(reply_of(number))
        acks.forget()
        await acks.settle(1)
        assert (acks.confirmed, acks.unconfirmed) == (0, 3)


def reply_of(sequence: int) -> bytes:
    return b"$JS.ACK.ORDERS.ORDERS-C1.1.%d.%d.1700000000000000000.0" % (sequence, sequence)


@pytest.mark.parametrize("roles", [tuple(Role), (Role.NEXT, Role.INFO)])
async def test_a_consumer_that_wants_no_acknowledgements(
    tmp_path: Path, roles: tuple[Role, ...]
) -> None:
    async with scene(tmp_path, roles=roles, consumer={"ack_policy": "none"}) as (provider, wire):
        await provider.fill(50)
        work = process(wire, Slow(), replace(QUICK, stop_after=50))
        async with asyncio.timeout(20):
            assert await work.run() == Processed(acknowledged=50)


async def test_how_many_are_open_is_known_at_any_time(tmp_path: Path) -> None:
    async with scene(tmp_path) as (_, wire):
        acks = Acks(wire, SHARE)
        acks.acknowledge(reply_of(1))
        assert (acks.confirmed, acks.unconfirmed, acks.open) == (0, 1, 1)
        await wire.client.close()
        await acks.settle(5)  # nobody can tell any more
        assert (acks.confirmed, acks.unconfirmed) == (0, 1)
