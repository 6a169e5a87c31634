from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pytest
import pytest_asyncio

from jetshare.errors import AccessRefused, NoResponders, RequestTimeout, Unreachable
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, Export, Generic, Import
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect
from jetshare.net.resolver import SILENT, Resolver
from jetshare.server.run import Server
from support.servers import (
    JETSTREAM,
    Member,
    Realm,
    login,
    resume,
    serving,
    serving_cluster,
    suspend,
    suspended,
)

SUBJECT = "orders.next"


@dataclass(frozen=True)
class World:
    realm: Realm
    servers: tuple[Server, ...]

    def login(self) -> Login:
        return login(self.realm.system.user(), *self.servers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    realm = Realm()
    async with serving(realm, tmp_path_factory.mktemp("data"), domain="hub") as server:
        yield World(realm, (server,))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    realm = Realm()
    folder = tmp_path_factory.mktemp("cluster")
    async with serving_cluster(realm, folder, leader=False) as servers:
        yield World(realm, servers)


@asynccontextmanager
async def resolver(world: World, timeout_s: float = 5.0) -> AsyncIterator[Resolver]:
    async with connect(world.login()) as client:
        yield Resolver(client, timeout_s=timeout_s)


def offering(revoked: Mapping[str, int] = MappingProxyType({})) -> Account:
    """An account that offers SUBJECT to those who hold a token."""
    export = Export(
        name="next",
        subject=SUBJECT,
        type="service",
        token_req=True,
        response_type="Stream",
        revocations=revoked,
    )
    return Account(limits=JETSTREAM, exports=(export,))


def importing(realm: Realm, importer: Member, source: Member) -> Member:
    claims = Claims(
        name=SUBJECT, sub=importer.public, nats=Activation(subject=SUBJECT, kind="service")
    )
    token = jwt.encode(claims, source.key, int(time.time())).token
    imports = (
        Import(
            name="next",
            subject=SUBJECT,
            account=source.public,
            token=token,
            local_subject=f"P.{SUBJECT}",
            type="service",
        ),
    )
    return realm.changed(importer, Account(limits=JETSTREAM, imports=imports))


async def test_a_server_tells_who_it_is(world: World) -> None:
    async with resolver(world) as on:
        (server,) = await on.servers()
    assert server.name == "jetshare"
    assert server.version == world.servers[0].version
    assert server.domain == "hub"
    assert server.active_servers == 1
    assert abs(server.time - time.time()) < 60


async def test_a_document_that_is_taken(world: World) -> None:
    account = world.realm.account("A")
    async with resolver(world) as on:
        assert await on.lookup(account.public) is None
        (answer,) = await on.push(account.token)
        assert answer.ok
        assert (answer.code, answer.server) == (200, "jetshare")
        assert answer.account == account.public
        assert await on.lookup(account.public) == account.token
    async with connect(login(account.user(), *world.servers)) as client:
        assert client.is_connected


async def test_documents_that_are_refused(world: World) -> None:
    realm = world.realm
    account = realm.account("A")
    exports = tuple(
        Export(name=subject, subject=subject, type="service", response_type="Singleton")
        for subject in ("a.>", "a.b")
    )
    table = [
        ("no token", "", "expected 3 chunks"),
        (account.token[:-4] + "AAAA", "", "claim failed V2 signature verification"),
        (realm.changed(account, Account(exports=exports)).token, account.public, "validation"),
    ]
    async with resolver(world) as on:
        for token, named, words in table:
            (answer,) = await on.push(token)
            assert (answer.ok, answer.code, answer.account) == (False, 500, named)
            assert words in answer.message
        assert await on.lookup(account.public) is None


async def test_no_server_looks_for_the_operators_signature(world: World) -> None:
    """It keeps what another operator signed, and lets nobody into the account."""
    stranger = Realm().account("X")
    async with resolver(world) as on:
        (answer,) = await on.push(stranger.token)
        assert answer.ok
    with pytest.raises(AccessRefused):
        async with connect(login(stranger.user(), *world.servers)):
            pass


async def test_many_documents(world: World) -> None:
    accounts = [world.realm.account(f"N{number}") for number in range(200)]
    tokens = [account.token for account in accounts]
    tokens[100] = "no token"
    seen: list[tuple[int, int]] = []
    async with resolver(world) as on:
        answers = await on.push_many(tokens, progress=lambda done, of: seen.append((done, of)))
        held = await on.list_accounts()
        pack = await on.pack()
    assert [answer.ok for answer in answers] == [number != 100 for number in range(200)]
    assert [a.account for a in answers if a.ok] == [
        account.public for number, account in enumerate(accounts) if number != 100
    ]
    assert seen == [(number, 200) for number in range(1, 201)]
    for number, account in enumerate(accounts):
        assert (account.public in held["jetshare"]) == (number != 100)
        assert pack.get(account.public) == (account.token if number != 100 else None)


async def test_no_documents(world: World) -> None:
    async with resolver(world) as on:
        assert await on.push_many([]) == ()


async def test_accounts_are_deleted_by_a_key_of_the_operator(world: World) -> None:
    realm = world.realm
    account = realm.account("A")
    user = account.user()
    async with resolver(world) as on:
        await on.push(account.token)
        for key, ok in ((KeyPair.generate(Kind.OPERATOR), False), (realm.signing_key, True)):
            asked = Claims(sub=key.public, nats=Generic(data={"accounts": [account.public]}))
            (answer,) = await on.delete(jwt.encode(asked, key, int(time.time())).token)
            assert answer.ok == ok
            assert answer.message
            assert (await on.lookup(account.public) is None) == ok
    with pytest.raises(AccessRefused):
        async with connect(login(user, *world.servers)):
            pass


async def test_what_a_server_has_in_memory(world: World) -> None:
    """A revoked import turns invalid; the server's own imports stand beside it."""
    realm = world.realm
    source = realm.account("SOURCE", offering())
    importer = importing(realm, realm.account("IMPORTER"), source)
    async with resolver(world) as on:
        await on.push_many([source.token, importer.token])
        assert await on.account_info(importer.public) is None
        assert await on.accountz(importer.public) == ()
        async with connect(login(importer.user(), *world.servers)):
            info = await on.account_info(importer.public)
            (state,) = await on.accountz(importer.public)
            assert info is not None
            assert replace(info, imports=()) == replace(state, imports=())
            assert sorted(info.imports, key=repr) == sorted(state.imports, key=repr)
            assert (state.server, state.name) == ("jetshare", "IMPORTER")
            assert state.token == importer.token
            assert state.complete
            assert state.jetstream
            assert state.connections == 1
            (own,) = (item for item in state.imports if item.account == source.public)
            assert (own.subject, own.local_subject) == (SUBJECT, f"P.{SUBJECT}")
            assert not own.invalid
            assert "$JS.API.>" in {item.subject for item in state.imports}

            now = int(time.time())
            revoking = realm.changed(source, offering({importer.public: now + 1}))
            await on.push(revoking.token)
            (state,) = await on.accountz(importer.public)
            (own,) = (item for item in state.imports if item.account == source.public)
            assert own.invalid
            (offered,) = await on.accountz(source.public)
    assert [(e.subject, e.token_req, e.response_type) for e in offered.exports] == [
        (SUBJECT, True, "Streamed")
    ]


async def test_an_import_without_its_token_leaves_the_account_incomplete(world: World) -> None:
    realm = world.realm
    source = realm.account("SOURCE", offering())
    importer = importing(realm, realm.account("IMPORTER"), source)
    account = importer.document.claims.nats
    bare = realm.changed(
        importer, replace(account, imports=(replace(account.imports[0], token=""),))
    )
    async with resolver(world) as on:
        await on.push_many([source.token, bare.token])
        async with connect(login(importer.user(), *world.servers)):
            (state,) = await on.accountz(importer.public)
    assert not state.complete
    assert source.public not in {item.account for item in state.imports}


async def test_only_the_system_account_may(world: World) -> None:
    account = world.realm.account("A")
    async with resolver(world) as on:
        await on.push(account.token)
    async with connect(login(account.user(), *world.servers)) as client:
        other = Resolver(client)
        with pytest.raises(AccessRefused, match="not of the system account"):
            await other.push(account.token)
        with pytest.raises((AccessRefused, NoResponders)):
            await other.lookup(account.public)


async def test_a_lost_connection_is_told(world: World) -> None:
    async with connect(world.login()) as client:
        on = Resolver(client)
        await client.close()
        with pytest.raises(Unreachable, match="lost"):
            await on.servers()


async def test_a_silent_server_is_given_up(world: World) -> None:
    """A server that is stopped in its tracks takes connections, and requests, and is silent."""
    async with connect(world.login()) as client:
        on = Resolver(client, timeout_s=0.3)
        await on.servers()
        with suspended(world.servers[0]), pytest.raises(RequestTimeout, match=r"within 0\.3 s"):
            await on.lookup(world.realm.system.public)
        assert await on.lookup(world.realm.system.public) == world.realm.system.token


async def test_every_server_of_a_cluster_answers(cluster: World) -> None:
    account = cluster.realm.account("A")
    async with resolver(cluster) as on:
        answers = await on.push(account.token)
        assert [answer.server for answer in answers] == ["node1", "node2", "node3"]
        assert all(answer.ok for answer in answers)
        assert [server.name for server in await on.servers()] == ["node1", "node2", "node3"]
        assert {server.cluster for server in await on.servers()} == {"nodes"}
        held = await on.list_accounts()
        assert [account.public in held[f"node{n}"] for n in (1, 2, 3)] == [True] * 3
    for server in cluster.servers:
        async with connect(login(account.user(), server)) as client:
            assert client.is_connected


async def test_the_oldest_copy_is_the_one_that_counts(cluster: World) -> None:
    """While one server has not heard of a change, the change is not everywhere."""
    realm = cluster.realm
    old = realm.account("A")
    now = int(time.time())
    new = jwt.encode(replace(old.document.claims, name="B"), realm.signing_key, now + 1)
    async with resolver(cluster) as on:
        await on.push(old.token)
        copy = cluster.servers[2].log_path.parent / "jwt" / f"{old.public}.jwt"
        await on.push(new.token)
        assert await on.lookup(old.public) == new.token
        copy.write_text(old.token)
        assert await on.lookup(old.public) == old.token


async def test_a_server_that_falls_silent_is_named(cluster: World) -> None:
    realm = cluster.realm
    tokens = [realm.account(f"A{number}").token for number in range(20)]
    async with connect(login(realm.system.user(), cluster.servers[0])) as client:
        on = Resolver(client, timeout_s=0.3)

        def suspend_in_the_middle(done: int, _of: int) -> None:
            if done == 5:
                suspend(cluster.servers[1])

        try:
            answers = await on.push_many(tokens, in_flight=1, progress=suspend_in_the_middle)
        finally:
            resume(cluster.servers[1])
    assert [answer.server for answer in answers] == ["node1", "node2", "node3"] * 20
    silent = [answer for answer in answers if not answer.ok]
    assert {(answer.server, answer.code) for answer in silent} == {("node2", SILENT)}
    # Silent for every document of the rest, and waited for once.
    assert [a.account for a in silent] == [jwt.decode(token).claims.sub for token in tokens[5:]]


async def test_a_dead_server_is_missed(tmp_path: Path) -> None:
    realm = Realm()
    account = realm.account("A")
    async with (
        serving_cluster(realm, tmp_path, leader=False) as servers,
        connect(login(realm.system.user(), servers[0])) as client,
    ):
        os.kill(servers[2].pid, signal.SIGKILL)
        answers = await Resolver(client, timeout_s=0.5).push(account.token)
    assert [(a.server, a.ok, a.code) for a in answers] == [
        ("node1", True, 200),
        ("node2", True, 200),
        ("", False, SILENT),
    ]
    assert answers[-1].account == account.public
