"""What consuming survives on a real server, and how it ends where it does not."""

import asyncio
import logging
import signal
import time
from pathlib import Path

import pytest

from jetshare.errors import (
    ConsumerDeleted,
    PullRefused,
    ShareRevoked,
    Unreachable,
)
from jetshare.net.fetch import FetchPool
from jetshare.net.pull_options import PullOptions
from support.consuming import (
    again_untold,
    consume,
    consuming,
    numbers,
    publishing,
    scene,
    take,
)
from support.sharing import PREFIX, SHARE
from support.waiting import until

# The provider.


async def test_a_push_of_the_provider_makes_pulls_deaf_and_they_are_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path, consumer={"ack_wait": 1_000_000_000}) as (provider, wire):
        await provider.fill(10)
        async with consuming(consume(wire)) as taken:
            await provider.all_settled(10)
            for round_ in (1, 2):
                await provider.world.touch_provider(f"round {round_}")
                await provider.fill(10, first=1 + 10 * round_)
                await provider.all_settled(10 + 10 * round_)
        assert set(numbers(taken)) == set(range(1, 31))
        assert again_untold(taken) == []
    assert "pulling anew" in caplog.text


async def test_messages_come_again_within_two_heartbeats_of_a_push(tmp_path: Path) -> None:
    heartbeat = 0.4
    async with scene(tmp_path) as (provider, wire):
        # The pull outlasts the test, so that it cannot be its end that brings a new one.
        messages = consume(wire, PullOptions(expires=60, idle_heartbeat=heartbeat))
        async with consuming(messages) as taken:
            await provider.fill(1)
            await provider.all_settled(1)
            state = messages._loop._state
            asked_at = state._last_issue
            await provider.world.touch_provider("again")
            heard_at: list[float] = []

            async def asked_anew() -> bool:
                if state._last_issue != asked_at:
                    return True
                heard_at.append(state.heard_at)
                return False

            await until(asked_anew)
            # By the clock of the state machine. It looks twice a heartbeat at least, or takes
            # it that the event loop stood still, and begins to wait anew.
            assert state._last_issue - heard_at[-1] <= 2.5 * heartbeat
            # The pull that went deaf is still served in its turn.
            await provider.fill(10, first=2)

            async def flows() -> bool:
                return len(taken) > 1

            await until(flows)


# A server forgets where replies go after two minutes without one; here, after a second.
# (That it is part of the first document matters: a server does not take it over in a push.)
SHORT_MEMORY = 1_000_000_000


async def two_memories_later(memory_ns: int = SHORT_MEMORY) -> None:
    began, long_enough = time.monotonic(), 2.1 * memory_ns / 1e9

    async def over() -> bool:
        return time.monotonic() - began > long_enough

    await until(over, within_s=2 * long_enough)


async def test_a_long_idle_pull_without_heartbeats_is_forgotten(tmp_path: Path) -> None:
    async with scene(tmp_path, response_threshold=SHORT_MEMORY) as (provider, wire):
        heard = []
        subject = f"{PREFIX}.CONSUMER.MSG.NEXT.{SHARE.stream}.{SHARE.consumer}"
        tap = await wire.subscribe("_INBOX.plain", lambda *frame: heard.append(frame))
        body = PullOptions().request(batch=5, expires=30)
        wire.send(subject.encode(), body, b"_INBOX.plain")
        await provider.waits()
        await two_memories_later()
        await provider.fill(5)

        async def leased() -> bool:
            return bool((await provider.info())["num_ack_pending"])

        await until(leased)
        await wire.client.flush()
        assert heard == []
        await tap.close()


async def test_a_long_idle_pull_is_kept_open_by_its_heartbeats(tmp_path: Path) -> None:
    async with scene(tmp_path, response_threshold=SHORT_MEMORY) as (provider, wire):
        options = PullOptions(max_messages=20, expires=30, idle_heartbeat=0.3)
        async with consume(wire, options) as messages:
            waiting = asyncio.create_task(take(messages, 5))
            await provider.waits()
            await two_memories_later()
            await provider.fill(5)
            taken = await waiting
        assert numbers(taken) == [1, 2, 3, 4, 5]
        assert {message.metadata.num_delivered for message in taken} == {1}


USUAL_MEMORY = 120_000_000_000


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_idle_for_longer_than_a_server_remembers(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        async with consume(wire, PullOptions()) as messages:
            waiting = asyncio.create_task(anext(messages))
            await two_memories_later(USUAL_MEMORY)
            await provider.fill(1)
            message = await waiting
            await message.ack()
        assert (message.data, message.metadata.num_delivered) == (b"1", 1)
        await provider.all_settled(1)


@pytest.mark.parametrize("flowing", [False, True])
async def test_revoked_while_consuming(tmp_path: Path, flowing: bool) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(10_000 if flowing else 10)
        messages = consume(wire)
        await take(messages, 10)
        revoking = asyncio.create_task(provider.world.revoke())
        with pytest.raises(ShareRevoked, match="revoked"):
            await take(messages, 100_000)
        await revoking


async def test_a_revocation_ends_it_within_two_heartbeats_of_the_last_one(tmp_path: Path) -> None:
    heartbeat = 0.6
    async with scene(tmp_path) as (provider, wire):
        messages = consume(wire, PullOptions(expires=60, idle_heartbeat=heartbeat))
        await provider.fill(1)
        await take(messages, 1)
        idle = asyncio.create_task(take(messages, 1))
        state, now = messages._loop._state, asyncio.get_running_loop().time
        ended_at: list[float] = []
        idle.add_done_callback(lambda _: ended_at.append(now()))
        heard_at: list[float] = []
        await provider.world.revoke()

        async def ended() -> bool:
            if state._doubt is None:
                heard_at.append(state.heard_at)
            return bool(ended_at)

        await until(ended)
        with pytest.raises(ShareRevoked):
            await idle
        # By the clock of the state machine, which looks four times a heartbeat.
        assert ended_at[0] - heard_at[-1] <= 2.5 * heartbeat


async def test_never_shared(tmp_path: Path) -> None:
    async with scene(tmp_path) as (_, wire):
        with pytest.raises(ShareRevoked, match="not shared") as caught:
            await take(consume(wire, prefix="NOBODY.API"), 1)
        assert "jetshare verify" in caught.value.hint


async def test_the_consumer_deleted(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        messages = consume(wire)
        waiting = asyncio.create_task(take(messages, 1))
        await provider.waits()
        await provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
        with pytest.raises(ConsumerDeleted, match=str(SHARE)):
            await waiting


async def test_the_consumer_deleted_and_made_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        options = PullOptions(max_messages=20, expires=10, idle_heartbeat=1)
        async with consume(wire, options) as messages:
            waiting = asyncio.create_task(take(messages, 5))
            await provider.waits()
            await provider.api.delete_consumer(SHARE.stream, SHARE.consumer)
            await provider.world.make_consumer(provider.api)
            await provider.fill(5)
            assert numbers(await waiting) == [1, 2, 3, 4, 5]


async def test_the_consumer_paused_and_resumed(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        in_an_hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        await provider.api.pause_consumer(SHARE.stream, SHARE.consumer, in_an_hour)
        await provider.fill(5)
        async with consume(wire) as messages:
            waiting = asyncio.create_task(take(messages, 5))
            await provider.waits()
            assert not waiting.done()
            await provider.api.pause_consumer(SHARE.stream, SHARE.consumer)
            assert numbers(await waiting) == [1, 2, 3, 4, 5]


async def test_a_push_consumer_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, consumer={"deliver_subject": "out"}) as (_, wire):
        with pytest.raises(PullRefused, match="push based"):
            await take(consume(wire), 1)


# Servers and clients.


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_the_server_restarted(
    tmp_path: Path, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path, consumer={"ack_wait": 1_000_000_000}) as (provider, wire):
        await provider.fill(30)
        messages = consume(wire)
        taken = await take(messages, 10)
        (node,) = provider.world.nodes
        await node.stop(how)
        await node.start()
        async with consuming(messages) as more:
            await provider.all_settled(30)
        assert set(numbers(taken + more)) == set(range(1, 31))
        if how is signal.SIGTERM:  # killed, a server forgets what it has just delivered
            assert again_untold(taken + more) == []
    where = f"server node0 at {provider.world.urls[0]}"
    told = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert [each for each in told if "connect" in each] == [
        f"{SHARE}: lost the connection to {where}, trying again",
        f"{SHARE}: connected again, to {where}",
    ]


async def test_a_connection_that_was_closed(tmp_path: Path) -> None:
    async with scene(tmp_path) as (_, wire):
        messages = consume(wire)
        waiting = asyncio.create_task(take(messages, 1))
        await wire.client.flush()
        await wire.client.close()
        with pytest.raises(Unreachable, match="closed"):
            await waiting


@pytest.mark.parametrize("seconds", [1.0, pytest.param(10.0, marks=pytest.mark.slow)])
async def test_a_loop_that_stands_still(tmp_path: Path, seconds: float) -> None:
    lease = {"ack_wait": round((seconds + 20) * 1e9)}
    async with scene(tmp_path, consumer=lease) as (provider, wire):
        await provider.fill(100)
        messages = consume(wire)
        taken = await take(messages, 10)
        time.sleep(seconds)  # noqa: ASYNC251  # the application's fault, and the point of it
        async with consuming(messages) as more:
            await provider.all_settled(100)
        assert numbers(taken + more) == list(range(1, 101))


async def test_two_consume_beside_one_another(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(200)
        async with consume(wire) as one, consume(wire) as other:
            halves = await asyncio.gather(take(one, 90), take(other, 90))
        assert len(set(numbers(halves[0]) + numbers(halves[1]))) == 180


async def test_an_application_that_publishes_all_the_time(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1_050)
        async with publishing(wire.client):
            taken = await take(consume(wire), 1_000)
            pool = FetchPool(wire, SHARE, PREFIX)
            for _ in range(50):
                (message,) = await pool.fetch(1, 5, PullOptions())
                await message.ack(confirm=True)
                taken.append(message)
            await pool.close()
        assert set(numbers(taken)) == set(range(1, 1_051))
