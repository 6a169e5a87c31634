"""What a real server says that a user may not do, and what comes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client as Connection

import jetshare
from jetshare.errors import AccessRefused, RequestTimeout
from jetshare.identity.claims import Permission, User
from jetshare.net.connect import connect
from jetshare.net.refusals import refusals_of
from jetshare.net.wire import Wire
from support.consuming import scene
from support.plain_server import plain_server
from support.sharing import PREFIX, SHARE, Sharing, sharing
from support.waiting import until

NEXT = f"{PREFIX}.CONSUMER.MSG.NEXT.{SHARE.stream}.{SHARE.consumer}"
NAME = str(SHARE)
SOON_S = 8.0  # before the patience of anything that waits for an answer is over


@asynccontextmanager
async def refusing(world: Sharing, user: User) -> AsyncIterator[Connection]:
    async with connect(world.login(world.importer, user)) as connection:
        yield connection


@asynccontextmanager
async def consumer(folder: Path, user: User) -> AsyncIterator[tuple[jetshare.Client, Connection]]:
    """A user's view of a share with one message."""
    async with scene(folder) as (provider, _), refusing(provider.world, user) as connection:
        await provider.fill(1)
        client = jetshare.Client.over(connection, prefix=PREFIX)
        yield client, connection
        await client.aclose()


async def refused(connection: Connection, subjects: list[str]) -> None:
    for subject in subjects:
        await connection.publish(subject)

    async def told() -> bool:
        return f'"{subjects[-1].lower()}"' in str(connection.last_error)

    await until(told)


async def handle(_: jetshare.Message) -> None:
    pass


@pytest.mark.parametrize("how", ["consume", "process", "next"])
async def test_who_may_publish_nothing_of_it_is_told_so_at_once(tmp_path: Path, how: str) -> None:
    """The refusal of INFO, which comes last, does not hide that of the pull."""
    async with consumer(tmp_path, User(pub=Permission(allow=("foo",)))) as (client, _):
        ways: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "consume": lambda: client.consume(NAME).__anext__(),
            "process": lambda: client.process(NAME, handle),
            "next": lambda: client.next(NAME, timeout=60),
        }
        with pytest.raises(AccessRefused, match="may not pull") as caught:
            await asyncio.wait_for(ways[how](), SOON_S)
        assert NEXT in caught.value.hint


async def test_who_may_not_acknowledge_is_told_so_at_once(tmp_path: Path) -> None:
    may_not = User(pub=Permission(deny=("$JS.ACK.>", "closed")))
    async with consumer(tmp_path, may_not) as (client, connection):
        message = await client.next(NAME)
        assert message is not None
        with pytest.raises(AccessRefused, match="may not acknowledge"):
            async with asyncio.timeout(SOON_S):
                await asyncio.gather(message.ack(timeout=60), refused(connection, ["closed"]))


def test_an_application_that_hears_of_errors_still_does(tmp_path: Path) -> None:
    heard: list[str] = []

    async def hear(error: Exception) -> None:
        heard.append(str(error))

    async def scenario(url: str) -> None:
        connection = await nats.connect(url, error_cb=hear)
        wires = [Wire(connection) for _ in range(3)]
        await refused(connection, ["closed.one", "closed.two"])
        assert ["closed.one" in heard[0], "closed.two" in heard[1], len(heard)] == [True, True, 2]
        assert all(wire.may_not("closed.one") and wire.may_not("closed.two") for wire in wires)
        assert not wires[0].may_not("closed.three")
        await connection.close()

    closed = "permissions: { publish: { deny: closed.> } }"
    users = f"authorization {{ users: [{{ user: a, password: b, {closed} }}] }}"
    with plain_server(tmp_path, users) as url:
        asyncio.run(scenario(url.replace("//", "//a:b@")))


async def test_a_new_connection_begins_anew(tmp_path: Path) -> None:
    async with (
        sharing(tmp_path) as world,
        refusing(world, User(pub=Permission(deny=("closed.>",)))) as connection,
    ):
        await refused(connection, ["closed.before"])
        refusals = refusals_of(connection)  # from what nats-py knows
        await refused(connection, ["closed.After"])
        assert "closed.before" in refusals
        assert "closed.After" in refusals
        (node,) = world.nodes
        await node.stop()
        await node.start()

        async def again() -> bool:
            return connection.stats["reconnects"] > 0 and connection.is_connected

        await until(again)
        assert "closed.After" not in refusals
        await refused(connection, ["closed.again", "closed.before"])
        assert "closed.again" in refusals
        assert "closed.After" not in refusals


async def test_the_oldest_of_very_many_are_forgotten(tmp_path: Path) -> None:
    async with (
        sharing(tmp_path) as world,
        refusing(world, User(pub=Permission(deny=("closed.>",)))) as connection,
    ):
        refusals = refusals_of(connection)
        subjects = [f"closed.{number}" for number in range(1_500)]
        await refused(connection, subjects)
        assert [subject in refusals for subject in subjects] == [False] * 500 + [True] * 1_000


async def test_a_request_that_is_refused_is_not_waited_for(tmp_path: Path) -> None:
    async with (
        sharing(tmp_path) as world,
        refusing(world, User(pub=Permission(deny=("closed.>",)))) as connection,
    ):
        wire = Wire(connection)
        for _ in range(2):
            with pytest.raises(RequestTimeout, match=r"closed\.One"):
                async with asyncio.timeout(SOON_S):
                    await wire.ask(b"closed.One", b"", 60)
        assert wire.may_not("closed.One")
        await wire.close()
