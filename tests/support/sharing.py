"""A share on a real server: a provider's and an importer's account, and a stream with a
pull consumer that the one shares with the other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from jetshare.errors import JetshareError
from jetshare.identity.claims import Account, AccountLimits, Export, Import, User
from jetshare.net.connect import Login, connect
from jetshare.net.jetstream_api import JetStreamApi
from jetshare.net.resolver import Resolver
from jetshare.server.config import Cluster, ServerConfig
from jetshare.server.run import Server, running
from jetshare.sharing.kinds import PullConsumer, Role
from support.servers import Member, Realm, binary, config, free_ports
from support.shares import activation
from support.waiting import until

SHARE = PullConsumer("ORDERS", "ORDERS-C1")
PREFIX = "ACCTC.API"
SUBJECT = "orders.new"

_JETSTREAM = AccountLimits(
    mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1, max_ack_pending=-1
)


@dataclass
class Node:
    """One server; its port and its folder stay the same when it is started again."""

    settings: ServerConfig
    server: Server | None = None
    _up: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        self.server = await self._up.enter_async_context(running(self.settings, binary()))

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.server is not None:
            with suppress(ProcessLookupError):  # it ended by itself
                os.kill(self.server.pid, how)
            self.server = None
            await self._up.aclose()
            self._up = AsyncExitStack()

    def lame_duck(self) -> None:
        assert self.server is not None
        os.kill(self.server.pid, signal.SIGUSR2)


@dataclass
class Sharing:
    """The accounts, the servers that know them, and what the two share."""

    realm: Realm
    provider: Member
    importer: Member
    nodes: list[Node] = field(default_factory=list)

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"nats://127.0.0.1:{node.settings.port}" for node in self.nodes)

    def login(self, member: Member, user: User | None = None) -> Login:
        creds = member.user(user=user)
        return Login(servers=self.urls, creds=creds, reconnect=True, timeout_s=10)

    async def push(self, member: Member, account: Account) -> None:
        """Carry another document of an account to every server that is up."""
        changed = self.realm.changed(member, account)
        async with connect(self.login(self.realm.system)) as client:
            answers = await Resolver(client).push(changed.token)
        assert answers
        assert all(answer.ok for answer in answers)

    async def touch_provider(self, note: str) -> None:
        """A push of the provider that changes nothing about the share."""
        account = self.provider.document.claims.nats
        await self.push(self.provider, replace(account, description=note))

    async def revoke(self) -> None:
        """The provider asks for a token that the importer does not have."""
        account = self.provider.document.claims.nats
        exports = tuple(replace(export, token_req=True) for export in account.exports)
        await self.push(self.provider, replace(account, exports=exports))

    async def require_tokens(self, until: int) -> None:
        """The share needs tokens from now on; the importer's end at ``until``."""
        exports, imports = self._documents()
        tokens = tuple(
            replace(
                item,
                token=activation(
                    self.provider.key,
                    self.importer.public,
                    item.subject,
                    int(time.time()),
                    exp=until,
                ),
            )
            for item in imports.imports
        )
        await self.push(self.importer, replace(imports, imports=tokens))
        needed = tuple(replace(export, token_req=True) for export in exports.exports)
        await self.push(self.provider, replace(exports, exports=needed))

    async def withdraw_acks(self) -> None:
        """The importer takes its imports of acknowledgements out, and nothing else."""
        _, account = self._documents()
        kept = tuple(item for item in account.imports if not item.subject.startswith("$JS.ACK."))
        await self.push(self.importer, replace(account, imports=kept))

    async def restore(self) -> None:
        """Both documents as they were at first."""
        for member in (self.importer, self.provider):
            await self.push(member, member.document.claims.nats)

    def _documents(self) -> tuple[Account, Account]:
        return self.provider.document.claims.nats, self.importer.document.claims.nats

    async def make_stream(self, api: JetStreamApi, **stream: Any) -> None:
        settings = {
            "name": SHARE.stream,
            "subjects": ["orders.>"],
            "storage": "file",
            "retention": "limits",
            "num_replicas": 1,
        }
        await api.create_stream(settings | stream)

    async def make_consumer(self, api: JetStreamApi, **consumer: Any) -> None:
        settings = {
            "durable_name": SHARE.consumer,
            "ack_policy": "explicit",
            "ack_wait": 30_000_000_000,
            "max_ack_pending": 10_000,
        }
        await api.create_consumer(SHARE.stream, settings | consumer)


@dataclass
class Provider:
    """The provider's side of the share, seen from a connection of its own."""

    world: Sharing
    client: Client
    api: JetStreamApi

    async def fill(self, count: int, payload: bytes = b"", *, first: int = 1) -> None:
        """Publish ``count`` numbered messages."""
        for number in range(first, first + count):
            await self.client.publish(SUBJECT, payload or b"%d" % number)
        await self.client.flush()

    async def info(self) -> dict[str, Any]:
        return await self.api.consumer_info(SHARE.stream, SHARE.consumer)

    async def waits(self) -> None:
        """Wait until a pull waits at the consumer."""

        async def waiting() -> bool:
            return bool((await self.info())["num_waiting"])

        await until(waiting)

    async def all_settled(self, floor: int) -> None:
        """Wait until all up to ``floor`` is acknowledged and nothing is held by anybody."""

        async def settled() -> bool:
            with suppress(JetshareError):  # a server that is away does not answer
                info = await self.info()
                done: int = info["ack_floor"]["stream_seq"]
                return info["num_ack_pending"] == 0 and done == floor
            return False

        await until(settled, within_s=20)


@asynccontextmanager
async def sharing(
    folder: Path,
    *,
    nodes: int = 1,
    roles: tuple[Role, ...] = tuple(Role),
    mapped_ack: str = "",
    js_ack_fc_v2: bool = False,
    response_threshold: int = 0,
) -> AsyncIterator[Sharing]:
    """Servers up, and the share of a consumer that is still to be made.

    ``roles`` are the subjects that are exported and imported; ``mapped_ack`` is the name
    under which the importer wrongly imports the acknowledgements; ``response_threshold``
    (nanoseconds) is after how long without a reply the servers forget where to send it.
    """
    realm = Realm()
    provider = realm.account("ACCTC")
    subjects = [s for s in SHARE.subjects(provider.public) if s.role in roles]
    exports = tuple(
        Export(
            name=s.role,
            subject=s.subject,
            type="service",
            response_type=s.response_type,
            response_threshold=response_threshold,
        )
        for s in subjects
    )
    imports = tuple(
        Import(
            name=s.role,
            subject=s.subject,
            account=provider.public,
            local_subject=mapped_ack if mapped_ack and s.role is Role.ACK else s.local(PREFIX),
            type="service",
        )
        for s in subjects
    )
    provider = realm.changed(provider, Account(exports=exports, limits=_JETSTREAM))
    importer = realm.account("ACCTB", Account(imports=imports))
    world = Sharing(realm, provider, importer)
    ports = free_ports(2 * nodes)
    routes = tuple(f"nats://127.0.0.1:{port}" for port in ports[nodes:])
    for number in range(nodes):
        settings = config(
            realm,
            folder / f"node{number}",
            (provider, importer),
            name=f"node{number}",
            port=ports[number],
            cluster=Cluster(name="nodes", port=ports[nodes + number], routes=routes)
            if nodes > 1
            else None,
            js_ack_fc_v2=js_ack_fc_v2,
        )
        world.nodes.append(Node(settings))
    async with AsyncExitStack() as stack:
        for node in world.nodes:
            stack.push_async_callback(node.stop, signal.SIGKILL)
        for node in world.nodes:
            await node.start()
        yield world


@asynccontextmanager
async def provided(world: Sharing) -> AsyncIterator[Provider]:
    """A connection of the provider, whose JetStream answers."""
    async with connect(world.login(world.provider)) as client:
        api = JetStreamApi(client, timeout_s=2.0)

        async def answers() -> bool:
            with suppress(JetshareError):
                return bool(await api.account_info())
            return False

        await until(answers, within_s=30)
        yield Provider(world, client, api)
