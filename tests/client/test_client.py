"""``jetshare.connect`` and ``Client`` against a real server, as a program uses them."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from nats.aio.client import Client as NatsClient

import jetshare
from jetshare.errors import InputError, NotFound, Unreachable
from jetshare.identity.creds import format_creds
from jetshare.net.connect import connect as nats_connect
from jetshare.sharing.kinds import API_PREFIX
from jetshare.store.contexts import Context, ContextFolder
from jetshare.store.memory import MemoryStore
from support.consuming import buffered, swallowing
from support.sharing import PREFIX, SHARE, Provider, Sharing, provided, sharing
from support.waiting import until

NAME = str(SHARE)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Provider]:
    async with sharing(folder) as world, provided(world) as provider:
        await world.make_stream(provider.api)
        await world.make_consumer(provider.api)
        yield provider


def store_of(world: Sharing) -> MemoryStore:
    store = MemoryStore(world.realm.document)
    with store.edit() as edit:
        edit.put_account(world.provider.document)
        edit.put_account(world.importer.document)
    return store


def creds_file(world: Sharing, folder: Path) -> Path:
    path = folder / "importer.creds"
    path.write_text(format_creds(world.importer.user()))
    return path


async def first_data(messages: jetshare.Messages) -> bytes:
    async with asyncio.timeout(10):
        async for message in messages:
            await message.ack()
            return message.data
    raise AssertionError("the messages ended")


async def test_a_context_and_the_store_are_all_it_takes(tmp_path: Path, fresh_home: Path) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        await provider.fill(3)
        folder = ContextFolder(fresh_home / ".config" / "nats")
        context = Context(url=world.urls[0], creds=str(creds_file(world, tmp_path)))
        folder.write("ACCTB", context)
        async with jetshare.connect("ACCTB", store=store_of(world)) as client:
            assert await first_data(client.consume(NAME)) == b"1"
        with pytest.raises(NotFound, match="ACCTX"):
            async with jetshare.connect("ACCTX"):
                pass


async def test_server_and_creds_and_a_prefix(tmp_path: Path, fresh_home: Path) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        await provider.fill(3)
        creds = creds_file(world, tmp_path)
        async with jetshare.connect(
            server=world.urls[0], creds=creds, prefix=PREFIX + "."
        ) as client:
            assert await first_data(client.consume(NAME)) == b"1"
            assert await first_data(client.consume(SHARE, prefix=PREFIX)) == b"2"


async def test_without_a_prefix_and_without_a_store_it_says_what_to_give(
    tmp_path: Path, fresh_home: Path
) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        creds = creds_file(world, tmp_path)
        async with jetshare.connect(server=world.urls[0], creds=creds) as client:
            with pytest.raises(NotFound):
                client.consume(NAME)
        async with nats_connect(world.login(world.importer)) as connection:
            client = jetshare.Client.over(connection)
            with pytest.raises(InputError, match="prefix") as caught:
                client.consume(NAME)
            assert API_PREFIX in caught.value.hint
            with pytest.raises(InputError, match="reserved"):
                client.consume(NAME, prefix="$SYS")
            with pytest.raises(InputError, match="does not name"):
                client.consume("ORDERS", prefix=PREFIX)


async def test_nobody_listens(fresh_home: Path) -> None:
    with pytest.raises(Unreachable):
        async with jetshare.connect(server="nats://127.0.0.1:1"):
            pass


async def test_a_connection_that_the_application_has(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        await provider.fill(200)
        async with nats_connect(world.login(world.importer)) as connection:
            own = await connection.subscribe("own.subject")
            for _ in range(2):  # one after the other, over the same connection
                client = jetshare.Client.over(connection, prefix=PREFIX)
                taken = 0
                async with client.consume(NAME) as messages:
                    async for message in messages:
                        await message.ack()
                        await connection.publish("own.subject", message.data)
                        taken += 1
                        if taken == 100:
                            break
                await client.aclose()
            heard = [(await own.next_msg(timeout=5)).data for _ in range(200)]
            assert sorted(map(int, heard)) == list(range(1, 201))
            assert connection.is_connected
        await provider.all_settled(200)


async def test_a_connection_that_was_never_made() -> None:
    with pytest.raises(InputError, match="never made"):
        jetshare.Client.over(NatsClient(), prefix=PREFIX)


async def test_the_store_of_the_importer_tells_the_prefix(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        await provider.fill(1)
        async with nats_connect(world.login(world.importer)) as connection:
            client = jetshare.Client.over(connection, account="ACCTB", store=store_of(world))
            assert await first_data(client.consume(NAME, provider="ACCTC")) == b"1"
            with pytest.raises(NotFound, match="does not import"):
                client.consume("ORDERS/ANOTHER")
            await client.aclose()


async def test_batches_and_single_messages(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        await provider.fill(4)
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            message = await client.next(NAME, 5)
            assert message is not None
            await message.ack()
            batch = await client.fetch(NAME, 3, 5)
            for each in batch:
                await each.ack()
            assert [message.data, *(each.data for each in batch)] == [b"1", b"2", b"3", b"4"]
            assert await client.next(NAME, 0) is None
            with pytest.raises(InputError, match="count") as caught:
                await client.fetch(NAME, 0)
            assert "--help" not in caught.value.hint
            for timeout in (None, "5", math.inf, math.nan):
                with pytest.raises(InputError, match="no number of seconds"):
                    await client.next(NAME, cast(float, timeout))
            await client.aclose()
        await provider.all_settled(4)


async def test_process(tmp_path: Path) -> None:
    seen = []

    async def handle(message: jetshare.Message) -> None:
        seen.append(int(message.data))

    async with scene(tmp_path) as provider:
        await provider.fill(50)
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            counts, fifty = jetshare.Processed(), jetshare.PullOptions(stop_after=50)
            outcome = await client.process(NAME, handle, concurrency=3, pull=fifty, counts=counts)
            await client.aclose()
        await provider.all_settled(50)
    assert outcome is counts
    assert counts == jetshare.Processed(acknowledged=50)
    assert sorted(seen) == list(range(1, 51))


async def test_flush_returns_once_the_server_has_read_it_all(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        await provider.fill(3)
        (node,) = provider.world.nodes
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            first, second, third = await client.fetch(NAME, 3, 5)
            await first.ack()
            await second.ack()
            await client.flush()
            assert (await provider.info())["num_ack_pending"] == 1

            await node.stop()

            async def is_down() -> bool:
                return not connection.is_connected

            await until(is_down)
            await third.ack()
            with pytest.raises(Unreachable, match="no connection"):
                await client.flush(timeout=0.1)
            await node.start()
            await client.flush()
            await provider.all_settled(3)
            await client.aclose()
            await connection.close()
            with pytest.raises(Unreachable, match="closed"):
                await client.flush()


async def test_flush_tells_where_nobody_answers(tmp_path: Path) -> None:
    async with swallowing(tmp_path) as (_, wire, relay):
        client = jetshare.Client.over(wire.client, prefix=PREFIX)
        relay.swallows = True
        with pytest.raises(Unreachable, match="did not answer"):
            await client.flush(timeout=0.1)
        relay.cut()


async def test_all_else_by_nats_pys_own_jetstream(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        world = provider.world
        async with nats_connect(world.login(world.importer)) as connection:
            client = jetshare.Client.over(connection, account="ACCTB", store=store_of(world))
            info = await client.jetstream(share=NAME).consumer_info(SHARE.stream, SHARE.consumer)
            assert info.name == SHARE.consumer
            with pytest.raises(InputError, match="no prefix"):
                client.jetstream()
            await client.aclose()


async def test_a_consumer_of_the_account_itself(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        await provider.fill(1)
        client = jetshare.Client.over(provider.client, prefix=API_PREFIX)
        assert await first_data(client.consume(NAME)) == b"1"
        await client.aclose()


async def test_closing_the_client_gives_back_what_it_holds(tmp_path: Path) -> None:
    async with scene(tmp_path) as provider:
        await provider.fill(20)
        world = provider.world
        async with nats_connect(world.login(world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            messages = client.consume(NAME)  # goes on to be referred to
            assert await first_data(messages) == b"1"
            await buffered(messages._loop, 19)
            await client.aclose()
            again = jetshare.Client.over(connection, prefix=PREFIX)
            rest = await again.fetch(NAME, 19, 5)
            assert len(rest) == 19
            for message in rest:
                await message.ack()
            await again.aclose()
        await provider.all_settled(20)


@pytest.mark.parametrize("how", ["break", "break, and close", "close the client"])
async def test_leaving_waits_until_what_was_acknowledged_is_confirmed(
    tmp_path: Path, how: str
) -> None:
    async with scene(tmp_path) as provider:
        await provider.fill(100)
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            messages, taken = client.consume(NAME), 0
            acks = messages._loop.acks
            async for message in messages:
                await message.ack()
                taken += 1
                if taken == 40:
                    break
            match how:
                case "break":
                    del messages

                    async def confirmed() -> bool:
                        return acks.confirmed == 40

                    await until(confirmed)
                case "break, and close":
                    await messages.aclose()
                    assert messages.acknowledged == 40
                case _:
                    await client.aclose()
            assert (acks.confirmed, acks.open) == (40, 0)
            await client.aclose()


@pytest.mark.parametrize("named", [True, False])
async def test_leaving_tells_what_is_not_confirmed(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    named: bool,
) -> None:
    monkeypatch.setattr("jetshare.net.pull.CONFIRM_TIMEOUT_S", 0.2)
    async with scene(tmp_path) as provider:
        await provider.fill(40)
        (node,) = provider.world.nodes
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            messages = client.consume(NAME)
            await (await anext(messages)).ack()  # is always confirmed
            await buffered(messages._loop, 39)
            await node.stop()
            async for message in messages:
                await message.ack()
                if message.data == b"39":
                    break
            if not named:
                del messages
            await client.aclose()
    told = [each.message for each in caplog.records if "not confirmed" in each.message]
    assert told == [
        f"38 acknowledgements of {SHARE} were not confirmed; messages come back where they"
        " were not taken"
    ]


async def test_what_process_waited_for_is_not_waited_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(message: jetshare.Message) -> None:
        if message.data == b"2":
            await node.stop()

    async with scene(tmp_path) as provider:
        await provider.fill(20)
        (node,) = provider.world.nodes
        async with nats_connect(provider.world.login(provider.world.importer)) as connection:
            client = jetshare.Client.over(connection, prefix=PREFIX)
            done = await client.process(
                NAME,
                handle,
                options=jetshare.ProcessOptions(confirm_timeout=0.1),
                pull=jetshare.PullOptions(stop_after=20),
            )
            await client.aclose()
    assert done.unconfirmed
    assert "not confirmed" not in caplog.text
