from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from jetshare.errors import (
    AccessRefused,
    InputError,
    JetshareError,
    NoResponders,
    RequestTimeout,
    Unreachable,
)
from jetshare.identity.claims import Account, Permission, User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect, connected_to, request, server_name
from jetshare.server.config import ServerConfig
from jetshare.server.run import Server, running
from support.servers import Member, Realm, binary, free_ports, login, serving
from support.waiting import until

TLS = Path(__file__).with_name("tls")
DAY_S = 86400
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class World:
    realm: Realm
    account: Member
    server: Server


@dataclass(frozen=True, kw_only=True)
class Plain(ServerConfig):
    """A server without an operator."""

    more: str

    def text(self) -> str:
        kept = [
            line
            for line in super().text().splitlines(keepends=True)
            if line.startswith(("port", "host", "server_name", "log_file"))
        ]
        return "".join((*kept, self.more))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    realm = Realm()
    account = realm.account("ACCTA")
    async with serving(realm, tmp_path_factory.mktemp("data"), [account]) as server:
        yield World(realm, account, server)


@asynccontextmanager
async def plain_server(folder: Path, more: str) -> AsyncIterator[str]:
    settings = Plain(operator="", system_account="", preload={}, folder=folder, port=-1, more=more)
    async with running(settings, binary()) as server:
        yield server.url


@asynccontextmanager
async def listener(talk: Talk) -> AsyncIterator[str]:
    """Something at a port that is no NATS server."""
    held: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await talk(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in held:
            writer.close()


async def refusal(login: Login) -> JetshareError:
    with pytest.raises(JetshareError) as caught:
        async with connect(login):
            pass
    return caught.value


async def test_a_user_gets_in(world: World) -> None:
    user = world.account.user("alice")
    async with connect(replace(login(user, world.server), inbox_prefix="_IN.alice")) as client:
        assert server_name(client) == "jetshare"
        assert client.new_inbox().startswith("_IN.alice.")
        answer = await request(client, "$SYS.REQ.USER.INFO")
        assert user.key.public.encode() in answer.data
    assert client.is_closed


async def nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pass


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def speak_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def greet_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'INFO {"server_name":"x","version":"2.15.1","max_payload":1}\r\n')
    await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    ("talk", "kind", "words"),
    [
        (nothing, RequestTimeout, "did not answer within 0.3 s"),
        (hang_up, Unreachable, "cannot be reached"),
        (speak_http, Unreachable, "cannot be reached"),
        (greet_and_hang_up, Unreachable, "cannot be reached"),
    ],
)
async def test_what_is_no_server(talk: Talk, kind: type[JetshareError], words: str) -> None:
    async with listener(talk) as url:
        error = await refusal(Login(servers=(url,), timeout_s=0.3))
    assert isinstance(error, kind)
    assert f"{url} " in str(error)
    assert words in str(error)
    assert error.hint


async def test_nobody_listens() -> None:
    (port,) = free_ports(1)
    error = await refusal(Login(servers=(f"nats://localhost:{port}",)))
    assert isinstance(error, Unreachable)
    assert str(error) == f"nats://localhost:{port} cannot be reached: nobody listens there"


async def test_no_server_is_named() -> None:
    assert isinstance(await refusal(Login(servers=())), InputError)


@pytest.mark.parametrize("url", ["", "nats://", "nats://host:port", "host:0", "nats://h:70000"])
async def test_a_url_that_is_none(url: str) -> None:
    error = await refusal(Login(servers=(url,)))
    assert isinstance(error, InputError)
    assert str(error) == f"{url!r} is not the address of a server"


async def test_one_server_of_several_is_enough(world: World) -> None:
    (port,) = free_ports(1)
    servers = (f"nats://127.0.0.1:{port}", world.server.url)
    async with connect(Login(servers=servers, creds=world.account.user())) as client:
        assert client.is_connected


async def test_of_several_failures_the_one_that_says_most(world: World) -> None:
    ports = free_ports(2)
    dead = tuple(f"nats://127.0.0.1:{port}" for port in ports)
    error = await refusal(Login(servers=dead))
    assert all(url in str(error) for url in dead)
    stranger = Realm().account("X").user()
    error = await refusal(Login(servers=(*dead, world.server.url), creds=stranger))
    assert isinstance(error, AccessRefused)


async def test_creds_that_do_not_let_in(world: World) -> None:
    now = int(time.time())
    account = world.account
    unknown = world.realm.account("ACCTX")  # not on the server
    forged = Creds(jwt=account.user().jwt, key=KeyPair.generate(Kind.USER))
    table = [
        (account.user("u", exp=now - 1), "expired on"),
        (account.user("u", nbf=now + DAY_S), "is not valid before"),
        (unknown.user("bob"), f"refuses user bob of account {unknown.public}"),
        (Realm().account("X").user("eve"), "refuses user eve of account"),
        (forged, "Authorization Violation"),
        (None, "Authorization Violation"),
    ]
    for creds, words in table:
        error = await refusal(Login(servers=(world.server.url,), creds=creds))
        assert isinstance(error, AccessRefused)
        assert words in str(error)
        assert error.hint
        assert "\n" not in str(error)


async def test_a_revoked_user_does_not_get_in(tmp_path: Path) -> None:
    realm = Realm()
    account = realm.account("A")
    user = account.user()
    revoked = realm.changed(
        account, Account(revocations={user.key.public: int(time.time()) + DAY_S})
    )
    async with serving(realm, tmp_path, [revoked]) as server:
        error = await refusal(login(user, server))
    assert isinstance(error, AccessRefused)
    assert "revoked" in error.hint


async def test_users_of_a_server_without_an_operator(tmp_path: Path) -> None:
    key = KeyPair.generate(Kind.USER)
    users = f"""authorization {{ users: [
        {{ user: ann, password: "p4ss" }}
        {{ nkey: {key.public} }}
    ] }}"""
    async with plain_server(tmp_path, users) as url:
        for fields in ({"user": "ann", "password": "p4ss"}, {"nkey": key}):
            async with connect(Login(servers=(url,), **fields)) as client:
                assert client.is_connected
        with_password = url.replace("//", "//ann:p4ss@")
        async with connect(Login(servers=(with_password,))) as client:
            assert connected_to(client).endswith(f" at {url}")
        error = await refusal(Login(servers=(url,), user="ann", password="wr0ng"))
        assert isinstance(error, AccessRefused)
        assert "wr0ng" not in str(error) + error.hint


async def test_a_token(tmp_path: Path) -> None:
    async with (
        plain_server(tmp_path, 'authorization { token: "t0ken" }') as url,
        connect(Login(servers=(url,), token="t0ken")) as client,
    ):
        assert client.is_connected


async def test_the_url_is_shown_without_its_password() -> None:
    (port,) = free_ports(1)
    login = Login(servers=(f"nats://ann:p4ss@127.0.0.1:{port}",), password="p4ss", token="p4ss")
    assert "p4ss" not in repr(login)
    error = await refusal(login)
    assert f"nats://127.0.0.1:{port} cannot be reached" in str(error)
    assert "p4ss" not in str(error)


async def test_tls(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = f'tls {{ cert_file: "{TLS / "cert.pem"}", key_file: "{TLS / "key.pem"}" }}'
    trusting = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
    async with plain_server(tmp_path, files) as url:
        async with connect(Login(servers=(url,), tls=trusting)) as client:
            assert client.is_connected
        error = await refusal(Login(servers=(url,)))
    assert isinstance(error, Unreachable)
    assert "no encrypted connection" in str(error)
    assert "authority" in error.hint
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_nothing_is_printed(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    await refusal(Login(servers=(f"nats://127.0.0.1:{port}",)))
    await refusal(Login(servers=(world.server.url,)))
    no_publishing = User(pub=Permission(deny=(">",)))
    async with connect(login(world.account.user(user=no_publishing), world.server)) as client:
        await client.publish("a", b"")
        await client.flush()
    assert capfd.readouterr() == ("", "")


async def test_requests_that_get_no_answer(world: World) -> None:
    may_not = User(pub=Permission(deny=("closed",)))
    async with connect(login(world.account.user(user=may_not), world.server)) as client:
        with pytest.raises(NoResponders, match="nothing answers on nobody"):
            await request(client, "nobody")
        await client.subscribe("deaf")
        with pytest.raises(RequestTimeout, match=r"no answer on deaf within 0\.05 s"):
            await request(client, "deaf", timeout_s=0.05)
        with pytest.raises(AccessRefused, match="may not publish on closed"):
            await request(client, "closed", timeout_s=0.2)
    with pytest.raises(Unreachable, match="connection closed"):
        await request(client, "nobody")


@pytest.mark.parametrize("reconnect", [True, False])
async def test_a_lost_connection_is_made_again_where_that_is_asked_for(
    tmp_path: Path, reconnect: bool
) -> None:
    realm = Realm()
    account = realm.account("A")
    (port,) = free_ports(1)
    async with serving(realm, tmp_path, [account], port=port) as server:
        servers = (f"nats://127.0.0.1:{port}", f"nats://localhost:{port}")
        wanted = Login(servers=servers, creds=account.user(), reconnect=reconnect)
        lasting = connect(wanted)
        client = await lasting.__aenter__()
    try:
        async with serving(realm, tmp_path, port=server.port):
            if reconnect:

                async def back() -> bool:
                    return bool(client.is_connected and client.stats["reconnects"])

                await until(back)
                with pytest.raises(NoResponders):
                    await request(client, "nobody")
            else:

                async def closed() -> bool:
                    return client.is_closed

                await until(closed)
    finally:
        await lasting.__aexit__(None, None, None)


async def test_no_connection_goes_on_after_its_end(tmp_path: Path) -> None:
    """Not even one that is being made again at that moment: it would never give up."""
    realm = Realm()
    account = realm.account("A")
    async with AsyncExitStack() as connections:
        async with serving(realm, tmp_path, [account]) as server:
            servers = (server.url, f"nats://localhost:{server.port}")
            wanted = Login(servers=servers, creds=account.user(), reconnect=True)
            clients = [await connections.enter_async_context(connect(wanted)) for _ in range(30)]

        async def lost() -> bool:
            return all(client.is_reconnecting for client in clients)

        for client in clients:
            client.options["reconnect_time_wait"] = 0  # so that it is trying when it is ended
        await until(lost)
    trying = [task for task in asyncio.all_tasks() if "_attempt_reconnect" in repr(task)]
    assert trying == []
