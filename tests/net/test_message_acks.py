"""What can be said to a message, on a real server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    AckUnconfirmed,
    AlreadySettled,
)
from jetshare.identity.claims import Permission, User
from jetshare.net.connect import connect
from jetshare.net.fetch import FetchPool
from jetshare.net.pull_options import PullOptions
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import Role
from support.consuming import consume, numbers, scene, swallowing, take
from support.sharing import PREFIX, SHARE

PLAIN = PullOptions()


async def test_given_back_for_a_while_it_comes_when_that_is_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        pool = FetchPool(wire, SHARE, PREFIX)
        (message,) = await pool.fetch(1, 5, PLAIN)
        await message.nak(0.6, confirm=True)
        assert await pool.fetch(1, 0.1, PLAIN) == []
        (again,) = await pool.fetch(1, 5, PLAIN)
        assert (again.data, again.metadata.num_delivered) == (b"1", 2)
        await again.nak(confirm=True)
        (at_once,) = await pool.fetch(1, 0, PLAIN)
        assert at_once.metadata.num_delivered == 3
        await pool.close()


async def test_ended_it_never_comes_again_and_the_reason_is_told(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        told = await provider.client.subscribe(
            f"$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.{SHARE.stream}.{SHARE.consumer}"
        )
        await provider.fill(2)
        pool = FetchPool(wire, SHARE, PREFIX)
        first, second = await pool.fetch(2, 5, PLAIN)
        await first.term("no such\n article", confirm=True)
        await second.term(confirm=True)
        assert await pool.fetch(2, 0, PLAIN) == []
        await provider.all_settled(2)
        advisories = [json.loads((await told.next_msg(timeout=5)).data) for _ in range(2)]
        assert [advisory["stream_seq"] for advisory in advisories] == [1, 2]
        assert [advisory.get("reason") for advisory in advisories] == ["no such article", None]
        await pool.close()


async def test_in_progress_it_is_held_beyond_the_ack_wait(tmp_path: Path) -> None:
    async with scene(tmp_path, consumer={"ack_wait": 600_000_000}) as (provider, wire):
        await provider.fill(3)
        pool = FetchPool(wire, SHARE, PREFIX)
        one, other, _neglected = await pool.fetch(3, 5, PLAIN)
        came = asyncio.create_task(pool.fetch(3, 1, PLAIN))
        while not came.done():
            await one.in_progress()
            await other.in_progress(confirm=True)
            await asyncio.sleep(0.05)
        assert numbers(await came) == [3]
        await pool.close()


async def test_with_confirm_it_waits_for_the_word_of_the_server(tmp_path: Path) -> None:
    async with swallowing(tmp_path) as (provider, wire, relay):
        await provider.fill(5)
        pool = FetchPool(wire, SHARE, PREFIX)
        first, *others = await pool.fetch(5, 5, PLAIN)
        await first.ack()  # always asked for: the ones after it need not be
        relay.swallows = True
        one, two, three, four = others
        words = (one.ack, two.nak, three.term, four.in_progress)
        for word in words:
            with pytest.raises(AckUnconfirmed, match=str(SHARE)):
                await word(confirm=True, timeout=0.05)
        assert not any(message.settled for message in others)
        relay.swallows = False
        for word in words:
            await word(confirm=True)
        assert [message.settled for message in others] == [True, True, True, False]
        await pool.close()


async def test_settled_twice_at_once_it_counts_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as (provider, wire):
        await provider.fill(1)
        pool = FetchPool(wire, SHARE, PREFIX)
        (message,) = await pool.fetch(1, 5, PLAIN)
        first, second = await asyncio.gather(message.ack(), message.ack(), return_exceptions=True)
        assert first is None
        assert isinstance(second, AlreadySettled)
        assert (pool.acks.confirmed, pool.acks.unconfirmed) == (1, 0)
        await pool.close()


@pytest.mark.parametrize("why", ["not imported", "mapped"])
async def test_acknowledgements_that_reach_nobody_are_noticed_at_once(
    tmp_path: Path, why: str
) -> None:
    fields: dict[str, Any] = (
        {"roles": (Role.NEXT, Role.INFO)} if why == "not imported" else {"mapped_ack": "my.ack.>"}
    )
    async with scene(tmp_path, **fields) as (provider, wire):
        await provider.fill(5)
        messages = consume(wire)
        with pytest.raises(AckNotShared, match="nothing listens") as caught:
            await take(messages, 5)
        assert SHARE.ack_subject() in caught.value.hint
        assert "must not be mapped" in caught.value.hint
        await messages.aclose()


@pytest.mark.parametrize(
    ("user", "what"),
    [
        (User(pub=Permission(deny=(f"{PREFIX}.CONSUMER.MSG.>",))), "may not pull"),
        (User(pub=Permission(deny=("$JS.ACK.>",))), "may not acknowledge"),
        (User(sub=Permission(deny=("_INBOX.>",))), "may not subscribe to _INBOX"),
    ],
)
async def test_a_user_who_may_not(tmp_path: Path, user: User, what: str) -> None:
    async with scene(tmp_path) as (provider, _):
        await provider.fill(3)
        world = provider.world
        async with connect(world.login(world.importer, user)) as client:
            messages = consume(Wire(client))
            with pytest.raises(AccessRefused, match=what):
                await take(messages, 3)
            await messages.aclose()
