"""A share on a real server: an operator, a provider's and an importer's account, and a
stream with a pull consumer that the one shares with the other."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import nats
from nats.aio.client import Client

from jetshare.identity import jwt
from jetshare.identity.claims import Account, AccountLimits, Claims, Export, Import, Operator, User
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import API_PREFIX, PullConsumer, Role

SHARE = PullConsumer("ORDERS", "ORDERS-C1")
PREFIX = "ACCTC.API"
SUBJECT = "orders.new"

_BINARY = Path(sys.executable).with_name("nats-server")
_LIMITS = AccountLimits(
    mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1, max_ack_pending=-1
)


@dataclass
class Node:
    """One server; its ports and its folder stay the same when it is started again."""

    name: str
    folder: Path
    port: int
    route: int
    process: Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = self.folder / "server.log"
        self.process = Popen(
            [_BINARY, "-c", self.folder / "server.conf", "-l", log], stdout=DEVNULL, stderr=DEVNULL
        )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def lame_duck(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)


@dataclass
class Sharing:
    """The accounts and what they share. ``now`` moves on with every push."""

    folder: Path
    nodes: list[Node]
    roles: tuple[Role, ...] = tuple(Role)
    importer_has_jetstream: bool = False
    mapped_ack: str = ""
    keys: dict[str, KeyPair] = field(default_factory=dict)
    issued: int = field(default_factory=lambda: int(time.time()) - 60)

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]

    def provider(self, *, shared: bool = True, revoked: bool = False, note: str = "") -> Account:
        exports = tuple(
            Export(
                name=subject.role,
                subject=subject.subject,
                type="service",
                response_type=subject.response_type,
            )
            for subject in SHARE.subjects(self.keys["ACCTC"].public)
            if subject.role in self.roles
        )
        if revoked:
            # Nobody holds a token for it, so the import that is there is not good any more.
            exports = tuple(replace(export, token_req=True) for export in exports)
        return Account(exports=exports if shared else (), limits=_LIMITS, description=note)

    def importer(self) -> Account:
        imports = []
        for subject in SHARE.subjects(self.keys["ACCTC"].public):
            if subject.role not in self.roles:
                continue
            local = subject.local(PREFIX)
            if self.mapped_ack and subject.role is Role.ACK:
                local = self.mapped_ack
            imports.append(
                Import(
                    name=subject.role,
                    subject=subject.subject,
                    account=self.keys["ACCTC"].public,
                    local_subject=local,
                    type="service",
                )
            )
        limits = _LIMITS if self.importer_has_jetstream else AccountLimits()
        return Account(imports=tuple(imports), limits=limits)

    def document(self, name: str, account: Account) -> Document[Account]:
        self.issued += 1
        claims = Claims(name=name, sub=self.keys[name].public, nats=account)
        return jwt.encode(claims, self.keys["O"], self.issued)

    async def push(self, name: str, account: Account) -> None:
        """Carry an account's document to every server that is up."""
        document = self.document(name, account)
        system = await self.connect("SYS")
        try:
            inbox = system.new_inbox()
            answers = await system.subscribe(inbox)
            await system.publish("$SYS.REQ.CLAIMS.UPDATE", document.token.encode(), reply=inbox)
            for _ in [node for node in self.nodes if node.process is not None]:
                answer = json.loads((await answers.next_msg(timeout=5)).data)
                assert answer["data"]["code"] == 200, answer
        finally:
            await system.close()

    async def connect(
        self, name: str, *, permit: Mapping[str, Any] | None = None, **options: Any
    ) -> Client:
        """A connection of a user of ``name``; ``permit`` holds fields of its claims."""
        user = KeyPair.generate(Kind.USER)
        claims = Claims(name="u", sub=user.public, nats=User(**(permit or {})))
        token = jwt.encode(claims, self.keys[name], self.issued).token

        def sign(nonce: str) -> bytes:
            return base64.b64encode(user.sign(nonce.encode()))

        words: dict[str, Any] = {
            "user_jwt_cb": token.encode,
            "signature_cb": sign,
            "error_cb": _quiet,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.05,
            "connect_timeout": 5,
        }
        return await nats.connect(self.urls, **(words | options))

    async def api(self, client: Client, verb: str, request: object) -> dict[str, Any]:
        body = json.dumps(request).encode() if request is not None else b""
        reply = await client.request(f"{API_PREFIX}.{verb}", body, timeout=10)
        answer: dict[str, Any] = json.loads(reply.data)
        return answer

    async def make_stream(self, client: Client, **stream: Any) -> None:
        config = {
            "name": SHARE.stream,
            "subjects": ["orders.>"],
            "storage": "file",
            "retention": "limits",
            "num_replicas": 1,
        }
        answer = await self.api(client, f"STREAM.CREATE.{SHARE.stream}", config | stream)
        assert "error" not in answer, answer

    async def make_consumer(self, client: Client, **consumer: Any) -> None:
        config = {
            "durable_name": SHARE.consumer,
            "ack_policy": "explicit",
            "ack_wait": 30_000_000_000,
            "max_ack_pending": 10_000,
        }
        answer = await self.api(
            client,
            f"CONSUMER.DURABLE.CREATE.{SHARE.stream}.{SHARE.consumer}",
            {"stream_name": SHARE.stream, "config": config | consumer},
        )
        assert "error" not in answer, answer

    async def delete_consumer(self, client: Client) -> None:
        await self.api(client, f"CONSUMER.DELETE.{SHARE.stream}.{SHARE.consumer}", None)

    async def fill(self, client: Client, count: int, payload: bytes = b"", first: int = 1) -> None:
        """Publish ``count`` numbered messages and see them stored."""
        for number in range(first, first + count):
            await client.publish(SUBJECT, payload or b"%d" % number)
        await client.flush()

    async def info(self, client: Client) -> dict[str, Any]:
        return await self.api(client, f"CONSUMER.INFO.{SHARE.stream}.{SHARE.consumer}", None)


@contextlib.asynccontextmanager
async def sharing(
    folder: Path, *, nodes: int = 1, extra: str = "", **fields: Any
) -> AsyncIterator[Sharing]:
    """The servers up, the share in place, and the stream still to be made."""
    ports = _free_ports(2 * nodes)
    servers = [
        Node(f"n{i}", folder / f"n{i}", ports[2 * i], ports[2 * i + 1]) for i in range(nodes)
    ]
    world = Sharing(folder, servers, **fields)
    world.keys = {name: KeyPair.generate(Kind.ACCOUNT) for name in ("SYS", "ACCTC", "ACCTB")}
    world.keys["O"] = KeyPair.generate(Kind.OPERATOR)
    for node in servers:
        node.folder.mkdir(parents=True)
        (node.folder / "server.conf").write_text(_config(world, node) + extra)
        node.start()
    try:
        await _ready(world)
        yield world
    finally:
        for node in servers:
            node.stop(signal.SIGKILL)


@contextlib.asynccontextmanager
async def connected(world: Sharing, name: str, **options: Any) -> AsyncIterator[Client]:
    client = await world.connect(name, **options)
    try:
        yield client
    finally:
        await client.close()


async def until(condition: Any, timeout: float = 15.0) -> None:
    """Poll an awaitable condition until it holds."""
    deadline = time.monotonic() + timeout
    while not await condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.02)


def _config(world: Sharing, node: Node) -> str:
    system = world.keys["SYS"].public
    operator = jwt.encode(
        Claims(name="O", sub=world.keys["O"].public, nats=Operator(system_account=system)),
        world.keys["O"],
        world.issued,
    )
    documents = {
        "SYS": Account(),
        "ACCTC": world.provider(),
        "ACCTB": world.importer(),
    }
    preload = "\n".join(
        f"  {world.keys[name].public}: {world.document(name, account).token}"
        for name, account in documents.items()
    )
    routes = "".join(f"nats://127.0.0.1:{each.route} " for each in world.nodes)
    cluster = (
        f'cluster {{ name: C, listen: "127.0.0.1:{node.route}", routes: [{routes}] }}'
        if len(world.nodes) > 1
        else ""
    )
    return f"""
server_name: {node.name}
listen: "127.0.0.1:{node.port}"
lame_duck_duration: 30s
lame_duck_grace_period: 100ms
jetstream {{ store_dir: "{node.folder / "js"}" }}
operator: {operator.token}
system_account: {system}
resolver {{ type: full, dir: "{node.folder / "jwt"}" }}
resolver_preload {{
{preload}
}}
{cluster}
"""


async def _ready(world: Sharing) -> None:
    """Wait until the provider's JetStream answers, and in a cluster has a leader."""

    async def answers() -> bool:
        try:
            async with connected(world, "ACCTC", max_reconnect_attempts=1) as client:
                answer = await world.api(client, "INFO", None)
        except (OSError, nats.errors.Error, TimeoutError):
            return False
        return "error" not in answer

    await until(answers, 30)


async def _quiet(_: Exception) -> None:
    """Tests take servers down on purpose."""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
