"""Handlers at work on a share of a real server."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from jetshare.errors import AckNotShared, InputError, ShareRevoked
from jetshare.net.message import Message
from jetshare.net.process import Processed, doubling
from jetshare.net.pull_options import PullOptions
from jetshare.sharing.kinds import Role
from support.consuming import buffered, scene
from support.processing import process, run_until_settled
from support.waiting import until

SHORT_LEASE = {"ack_wait": 600_000_000}


async def test_what_a_handler_returns_from_is_acknowledged(tmp_path: Path) -> None:
    seen = []

    async def handle(message: Message) -> None:
        seen.append(int(message.data))

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(100)
        outcome = await run_until_settled(process(wire, handle), provider, 100)
    assert seen == list(range(1, 101))
    assert outcome == Processed(acknowledged=100)


async def test_as_many_at_a_time_as_was_said(tmp_path: Path) -> None:
    at_work = most = 0

    async def handle(_: Message) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.001)
        at_work -= 1

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(100)
        outcome = await run_until_settled(process(wire, handle, 4), provider, 100)
    assert most == 4
    assert outcome.acknowledged == 100


async def test_what_a_handler_raises_brings_the_message_back_later(tmp_path: Path) -> None:
    tries: dict[int, int] = {}
    asked: list[int] = []

    async def handle(message: Message) -> None:
        number = int(message.data)
        tries[number] = tries.get(number, 0) + 1
        if number % 3 == 0 and tries[number] <= 2:
            raise ValueError("not today")

    def backoff(deliveries: int) -> float:
        asked.append(deliveries)
        return 0.05

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(9)
        work = process(wire, handle, backoff=backoff)
        outcome = await run_until_settled(work, provider, 9)
    assert tries == {n: (3 if n % 3 == 0 else 1) for n in range(1, 10)}
    assert sorted(asked) == [1, 1, 1, 2, 2, 2]
    assert (outcome.acknowledged, outcome.failed) == (9, 6)


async def test_a_handler_may_settle_the_message_itself(tmp_path: Path) -> None:
    async def handle(message: Message) -> None:
        await message.term("not for us")

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(3)
        outcome = await run_until_settled(process(wire, handle), provider, 3)
    assert outcome == Processed()


async def test_a_verb_that_the_handler_did_not_await_is_a_failure_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(message: Message) -> None:
        if message.metadata.num_delivered == 1:
            message.nak(30).close()  # as the end of the statement does, with a warning

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        work = process(wire, handle, backoff=lambda _: 0.0)
        outcome = await run_until_settled(work, provider, 1)
    assert (outcome.acknowledged, outcome.failed) == (1, 1)
    (told,) = [each for each in caplog.records if "failed" in each.message]
    assert told.message == "handling orders.new, stream sequence 1 failed (delivery 1), back in 0 s"
    assert "not awaited" in str(told.exc_info)


async def test_something_cancelled_within_a_handler_is_a_failure_of_it(tmp_path: Path) -> None:
    tries = 0

    async def handle(_: Message) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            inner = asyncio.create_task(asyncio.sleep(60))
            inner.cancel()
            await inner

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        work = process(wire, handle, backoff=lambda _: 0.0)
        outcome = await run_until_settled(work, provider, 1)
    assert (outcome.acknowledged, outcome.failed) == (1, 1)


async def test_the_lease_of_a_slow_handler_and_of_what_waits_behind_it_is_held(
    tmp_path: Path,
) -> None:
    deliveries = []

    async def handle(message: Message) -> None:
        deliveries.append(message.metadata.num_delivered)
        await asyncio.sleep(0.9)

    async with scene(tmp_path, consumer=SHORT_LEASE) as (provider, wire):
        await provider.fill(2)
        outcome = await run_until_settled(process(wire, handle), provider, 2)
    assert deliveries == [1, 1]
    assert outcome.acknowledged == 2


async def test_a_handler_that_hangs_is_cut_off(tmp_path: Path) -> None:
    hung = 0

    async def handle(message: Message) -> None:
        nonlocal hung
        if message.metadata.num_delivered == 1:
            hung += 1
            await asyncio.Event().wait()

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(2)
        work = process(wire, handle, 2, handler_timeout=0.2, backoff=lambda _: 0.0)
        outcome = await run_until_settled(work, provider, 2)
    assert (hung, outcome.failed, outcome.acknowledged) == (2, 2, 2)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, None])
async def test_draining_finishes_what_was_begun_and_gives_back_the_rest(
    tmp_path: Path, how: signal.Signals | None
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    begun, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handle(_: Message) -> None:
        begun.set()
        await go_on.wait()

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(10)
        signals = (signal.SIGTERM, signal.SIGINT)
        work = process(wire, handle, 2, stop=stop, signals=signals)
        running = asyncio.create_task(work.run())
        await begun.wait()
        await buffered(work._pull, 8)
        if how is None:
            stop.set()
        else:
            os.kill(os.getpid(), how)

        async def pulls_no_more() -> bool:
            return not (await provider.info())["num_waiting"]

        await until(pulls_no_more)
        go_on.set()
        async with asyncio.timeout(10):
            outcome = await running
        assert outcome.acknowledged == 2
        assert outcome.given_back == 8
        assert [signal.getsignal(number) for number in signals] == before
        info = await provider.info()
        assert (info["ack_floor"]["stream_seq"], info["num_ack_pending"]) == (2, 8)
        # Long before the ack wait is over they are there again, each for the second time.
        deliveries = []

        async def again(message: Message) -> None:
            deliveries.append(message.metadata.num_delivered)

        await run_until_settled(process(wire, again), provider, 10)
        assert deliveries == [2] * 8


async def test_what_does_not_end_within_the_drain_is_cancelled_and_given_back(
    tmp_path: Path,
) -> None:
    begun, cancelled = asyncio.Event(), 0

    async def handle(_: Message) -> None:
        nonlocal cancelled
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(5)
        work = process(wire, handle, drain_timeout=0.1)
        running = asyncio.create_task(work.run())
        await begun.wait()
        await buffered(work._pull, 4)
        work.drain()
        async with asyncio.timeout(10):
            outcome = await running
        assert (cancelled, outcome.acknowledged, outcome.given_back) == (1, 0, 5)

        async def again(message: Message) -> None:
            pass

        await run_until_settled(process(wire, again), provider, 5)


async def test_a_handler_that_a_cancellation_does_not_end_is_cancelled_anew(
    tmp_path: Path,
) -> None:
    begun, cancelled = asyncio.Event(), 0

    async def handle(_: Message) -> None:
        nonlocal cancelled
        begun.set()
        while cancelled < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
        raise asyncio.CancelledError

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        work = process(wire, handle, drain_timeout=0.1)
        running = asyncio.create_task(work.run())
        await begun.wait()
        work.drain()
        async with asyncio.timeout(10):
            outcome = await running
        assert (cancelled, outcome.acknowledged, outcome.given_back) == (2, 0, 1)


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelled_it_gives_everything_back(tmp_path: Path, times: int) -> None:
    begun = asyncio.Event()

    async def handle(_: Message) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def again(_: Message) -> None:
        pass

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(5)
        work = process(wire, handle, 2)
        running = asyncio.create_task(work.run())
        await begun.wait()
        await buffered(work._pull, 3)
        for _ in range(times):
            running.cancel()
            await asyncio.sleep(0)  # so that the second one meets it at its end
        with pytest.raises(asyncio.CancelledError):
            await running
        # Long before the ack wait is over.
        await run_until_settled(process(wire, again), provider, 5)


async def test_it_ends_after_as_many_as_were_wanted(tmp_path: Path) -> None:
    async def handle(_: Message) -> None:
        pass

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(10)
        pull = PullOptions(max_messages=4, stop_after=7)
        async with asyncio.timeout(10):
            outcome = await process(wire, handle, pull=pull).run()
        assert outcome.acknowledged == 7


async def test_revoked_while_handlers_run(tmp_path: Path) -> None:
    async def handle(_: Message) -> None:
        pass

    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        running = asyncio.create_task(process(wire, handle, 3).run())
        await provider.all_settled(1)
        await provider.world.revoke()
        with pytest.raises(ShareRevoked):
            await running


async def test_acknowledgements_that_reach_nobody(tmp_path: Path) -> None:
    async def handle(_: Message) -> None:
        pass

    async with scene(tmp_path, roles=(Role.NEXT, Role.INFO)) as (provider, wire):
        await provider.fill(5)
        async with asyncio.timeout(10):
            with pytest.raises(AckNotShared):
                await process(wire, handle, 2).run()


async def test_nobody_at_work_and_no_lease_to_hold_are_errors(tmp_path: Path) -> None:
    async def handle(_: Message) -> None:
        pass

    async with scene(tmp_path) as (_, wire):
        with pytest.raises(InputError, match="concurrency"):
            process(wire, handle, 0)
        with pytest.raises(InputError, match="ack_wait"):
            process(wire, handle, ack_wait=0)


def test_the_back_off_doubles_up_to_a_minute() -> None:
    assert [doubling(n) for n in (1, 2, 3, 6, 7, 50, 5000)] == [1, 2, 4, 32, 60, 60, 60]


async def test_a_signal_that_the_application_handles_is_left_to_it(tmp_path: Path) -> None:
    heard: list[int] = []

    async def handle(_: Message) -> None:
        if not heard:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        async with scene(tmp_path) as (provider, wire):
            await provider.fill(5)
            outcome = await run_until_settled(process(wire, handle), provider, 5)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert outcome.acknowledged == 5
