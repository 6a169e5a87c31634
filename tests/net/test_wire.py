"""Sending, hearing and asking over a connection to a real server."""

import asyncio
import os
import signal
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.protocol.parser import Parser

from jetshare.errors import NoResponders, RequestTimeout, Unreachable
from jetshare.net.connect import Login, connect
from jetshare.net.wire import Wire
from jetshare.server.config import ServerConfig
from jetshare.server.run import running
from support.consuming import publishing
from support.servers import binary, free_ports
from support.sharing import Sharing, sharing
from support.waiting import until

TLS = Path(__file__).with_name("tls")
Frame = tuple[bytes, bytes, bytes, bytes]


class PlainParser(Parser):
    """A parser of the application's own, which jetshare leaves alone."""


def wire_on(client: Client, way: str) -> Wire:
    if way == "public":
        client._ps.__class__ = PlainParser
    wire = Wire(client)
    assert wire.direct is (way == "short")
    return wire


both_ways = pytest.mark.parametrize("way", ["short", "public"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Encrypted(ServerConfig):
    """A server without accounts that speaks TLS alone."""

    def text(self) -> str:
        tls = f'tls {{ cert_file: "{TLS / "cert.pem"}", key_file: "{TLS / "key.pem"}" }}'
        return f'''host: 127.0.0.1, port: {self.port}
log_file: "{self.log_path}", ports_file_dir: "{self.ports_folder}"
{tls}
'''


async def hears(heard: list[Frame], count: int) -> None:
    async def enough() -> bool:
        return len(heard) >= count

    await until(enough)


@both_ways
async def test_when_it_is_flushed_the_server_has_read_it_all(tmp_path: Path, way: str) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = wire_on(client, way)
        heard: list[bytes] = []
        tap = await wire.subscribe("here", lambda *frame: heard.append(frame[3]))
        for count in range(1, 11):
            await client.publish("here", b"that nats-py has still to write")
            wire.send(b"here", b"behind it")
            await wire.flushed(5)
            assert heard == [b"that nats-py has still to write", b"behind it"] * count
        await tap.close()
        await wire.close()


@both_ways
async def test_beside_an_application_that_publishes_all_the_time(tmp_path: Path, way: str) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = wire_on(client, way)
        heard: list[bytes] = []

        async def echo(message: object) -> None:
            await message.respond(message.data)  # type: ignore[attr-defined]  # nats-py's Msg

        await client.subscribe("echo", cb=echo)
        tap = await wire.subscribe("here", lambda *frame: heard.append(frame[3]))
        async with publishing(client):
            for count in range(1, 21):
                wire.send(b"here", b"sent")
                wire.acknowledge(lambda: [b"here"])
                assert (await wire.ask(b"echo", b"%d" % count, 5)).data == b"%d" % count
                await wire.flushed(5)
                assert (heard.count(b"sent"), heard.count(b"+ACK")) == (count, count)
        await tap.close()
        await wire.close()


async def test_what_is_taken_back_before_it_is_written_is_not_sent(tmp_path: Path) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = Wire(client)
        heard: list[bytes] = []
        tap = await wire.subscribe("here", lambda *frame: heard.append(frame[3]))
        for word in (b"first", b"second", b"third"):
            await client.publish("here", b"that nats-py has still to write")
            wire.send_now(b"here", word, b"reply")
        wire.withdraw(b"here", b"second", b"reply")
        await wire.flushed(5)
        wire.withdraw(b"here", b"third", b"reply")
        assert [word for word in heard if b"nats-py" not in word] == [b"first", b"third"]
        assert client.pending_data_size == 0
        await tap.close()
        await wire.close()


async def test_when_the_application_has_cancelled_all_tasks(tmp_path: Path) -> None:
    """nats-py's own writer among them, which it had just woken."""
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = Wire(client)
        heard: list[Frame] = []
        await wire.subscribe("here", lambda *frame: heard.append(frame))
        await client.flush()
        assert client._flusher_task is not None
        client._flusher_task.cancel()
        await client.publish("here")
        await asyncio.wait([client._flusher_task])
        await client.publish("here")
        assert client.pending_data_size
        wire.send_now(b"here", b"", b"")
        assert not client.pending_data_size  # it would wait for nats-py's next PING
        await hears(heard, 3)
        await wire.close()


@both_ways
async def test_frames_arrive_as_they_were_sent(tmp_path: Path, way: str) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = wire_on(client, way)
        heard: list[Frame] = []
        tap = await wire.subscribe("here.>", lambda *frame: heard.append(frame))
        wire.send(b"here.a", b"one")
        wire.send(b"here.b", b"two", b"reply.to")
        wire.acknowledge(lambda: [b"here.c"])
        await client.publish("here.d", b"with headers", headers={"A": "b"})
        await hears(heard, 4)
        assert sorted(heard) == [
            (b"here.a", b"", b"", b"one"),
            (b"here.b", b"reply.to", b"", b"two"),
            (b"here.c", b"", b"", b"+ACK"),
            (b"here.d", b"", b"NATS/1.0\r\nA: b\r\n\r\n", b"with headers"),
        ]
        await tap.close()
        wire.send(b"here.a", b"nobody hears it")
        await client.flush()
        await wire.close()
        assert len(heard) == 4


@both_ways
async def test_asking(tmp_path: Path, way: str) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = wire_on(client, way)

        async def echo(message: object) -> None:
            await message.respond(message.data)  # type: ignore[attr-defined]  # nats-py's Msg

        await client.subscribe("echo", cb=echo)
        silent = await client.subscribe("silent")
        answers = await asyncio.gather(*(wire.ask(b"echo", b"%d" % n, 5) for n in range(50)))
        assert [answer.data for answer in answers] == [b"%d" % n for n in range(50)]
        with pytest.raises(NoResponders, match="nobody"):
            await wire.ask(b"nobody", b"", 5)
        with pytest.raises(RequestTimeout, match="silent"):
            await wire.ask(b"silent", b"", 0.05)
        await silent.unsubscribe()
        await wire.close()


@both_ways
async def test_what_is_sent_while_the_server_is_away_arrives_later(
    tmp_path: Path, way: str
) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wire = wire_on(client, way)
        heard: list[Frame] = []
        await wire.subscribe("here", lambda *frame: heard.append(frame))
        await client.flush()
        (node,) = world.nodes
        await node.stop()
        for number in range(10):
            wire.send(b"here", b"%d" % number)
            await asyncio.sleep(0)
        await node.start()
        await hears(heard, 10)
        assert sorted(frame[3] for frame in heard) == [b"%d" % number for number in range(10)]
        await wire.close()


@both_ways
async def test_an_encrypted_connection_and_the_next_one(tmp_path: Path, way: str) -> None:
    (port,) = free_ports(1)
    settings = Encrypted(operator="", system_account="", preload={}, folder=tmp_path, port=port)
    trusting = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running(settings, binary()))
        login = Login(servers=(server.url,), tls=trusting, reconnect=True)
        client = await stack.enter_async_context(connect(login))
        wire = wire_on(client, way)
        heard: list[Frame] = []
        await wire.subscribe("here", lambda *frame: heard.append(frame))
        payload = b"x" * 200_000
        wire.send(b"here", payload)
        await hears(heard, 1)
        os.kill(server.pid, signal.SIGTERM)
        await stack.enter_async_context(running(settings, binary()))
        wire.send(b"here", payload)
        await hears(heard, 2)
        assert [frame[3] for frame in heard] == [payload, payload]
        await wire.close()


async def test_it_is_taken_up_in_the_middle_of_everything(tmp_path: Path) -> None:
    """The parser and the transport change their class while frames are half read."""
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        own, heard = [], list[Frame]()

        async def keep(message: object) -> None:
            own.append(message)

        await client.subscribe("own", cb=keep)

        async def flood() -> int:
            """Publish until we have heard of it for a while; how often it was."""
            number = 0
            async with connect(world.login(world.importer)) as other:
                while len(heard) < 2_000:
                    await other.publish("own", b"x" * (number % 3_000))
                    await other.publish("ours", b"%d" % number)
                    number += 1
                await other.flush()
            return number

        flooding = asyncio.create_task(flood())
        while len(own) < 100:  # noqa: ASYNC110  # at no time in particular
            await asyncio.sleep(0)
        wire = Wire(client)
        tap = await wire.subscribe("ours", lambda *frame: heard.append(frame))
        count = await flooding

        async def all_there() -> bool:
            return len(own) == count and heard[-1][3] == b"%d" % (count - 1)

        await until(all_there)
        numbers = [int(frame[3]) for frame in heard]
        assert numbers == list(range(numbers[0], count))
        await tap.close()


async def test_several_share_one_connection(tmp_path: Path) -> None:
    async with sharing(tmp_path) as world, connect(world.login(world.importer)) as client:
        wires = [Wire(client) for _ in range(3)]
        heard: list[list[Frame]] = [[], [], []]
        for wire, mine in zip(wires, heard, strict=True):
            await wire.subscribe("all", lambda *frame, mine=mine: mine.append(frame))
        wires[0].send(b"all", b"hello")
        for mine in heard:
            await hears(mine, 1)
        for wire in wires:
            await wire.close()


@both_ways
async def test_a_connection_that_was_closed(tmp_path: Path, way: str) -> None:
    async with sharing(tmp_path) as world:
        wire = await closed_wire(world, way)
        wire.send(b"here", b"nothing comes of it")
        with pytest.raises(Unreachable, match="closed"):
            await wire.subscribe("here", lambda *_: None)
        await wire.close()


async def closed_wire(world: Sharing, way: str) -> Wire:
    async with connect(world.login(world.importer)) as client:
        return wire_on(client, way)
