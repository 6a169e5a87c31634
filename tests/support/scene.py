"""The guide's scenario on real servers: a store with ACCTA, ACCTB and ACCTC, served."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nats.aio.client import Client

from jetshare.identity.claims import Account
from jetshare.net.connect import Login, connect, request
from jetshare.server.run import Server
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location
from jetshare.workflows.accept import AcceptRequest, AcceptResult, accept
from jetshare.workflows.grant import GrantRequest, GrantResult, grant
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, RevokeResult, revoke
from jetshare.workflows.verify import Verdict, VerifyRequest, verify
from support.servers import Member, Realm, serving, serving_cluster
from support.waiting import until

SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")
SUBJECT = "retail.v1.restock.requested"
DOMAIN = "ngstest"
# nats-server errors.json: no suitable peers, JetStream not (yet) enabled for the account, not
# available for a moment.
_YOUNG = frozenset({10005, 10039, 10008})


@dataclass
class Scene:
    """A served store. The words of its methods have the scenario's values by default."""

    store: FolderStore
    servers: tuple[Server, ...]
    members: dict[str, Member]
    reach: Reach = field(init=False)

    def __post_init__(self) -> None:
        self.reach = Reach(servers=tuple(server.url for server in self.servers), timeout_s=3.0)

    @asynccontextmanager
    async def speaking_as(self, account: str) -> AsyncIterator[Client]:
        login = Login(servers=self.reach.servers[:1], creds=self.members[account].user())
        async with connect(login) as client:
            yield client

    async def api(self, subject: str, body: object = None, account: str = "ACCTC") -> Any:
        """A JetStream API request, made again while a young cluster cannot answer it."""

        async def answered() -> Any:
            async with self.speaking_as(account) as client:
                payload = b"" if body is None else json.dumps(body).encode()
                answer = json.loads((await request(client, f"$JS.API.{subject}", payload)).data)
            young = answer.get("error", {}).get("err_code") in _YOUNG
            return None if young else answer

        answer = await until(answered)
        assert "error" not in answer, answer
        return answer

    async def make_stream(self, share: PullConsumer = SHARE, *, replicas: int = 1) -> None:
        await self.api(
            f"STREAM.CREATE.{share.stream}",
            {
                "name": share.stream,
                "subjects": ["retail.v1.restock.>"],
                "storage": "file",
                "num_replicas": replicas,
            },
        )
        await self.make_consumer(share)

    async def make_consumer(self, share: PullConsumer, **config: object) -> None:
        settings: dict[str, object] = {
            "durable_name": share.consumer,
            "ack_policy": "explicit",
            "ack_wait": 30_000_000_000,
            "max_ack_pending": 100,
        }
        await self.api(
            f"CONSUMER.DURABLE.CREATE.{share.stream}.{share.consumer}",
            {"stream_name": share.stream, "config": settings | config},
        )

    async def publish(self, *bodies: bytes) -> None:
        async with self.speaking_as("ACCTC") as client:
            for body in bodies:
                await request(client, SUBJECT, body)

    async def counts(self, share: PullConsumer = SHARE) -> dict[str, Any]:
        """The consumer's state without its clock."""
        info: dict[str, Any] = await self.api(f"CONSUMER.INFO.{share.stream}.{share.consumer}")
        for moving in ("ts", "created", "cluster", "config"):
            info.pop(moving, None)
        info["delivered"].pop("last_active", None)
        info["ack_floor"].pop("last_active", None)
        return info

    async def grant(
        self, *importers: str, share: PullConsumer = SHARE, **words: Any
    ) -> GrantResult:
        wanted = GrantRequest(share=share, provider="ACCTC", importers=importers, **words)
        return await grant(self.store, wanted, self.reach, int(time.time()))

    async def accept(self, *files: str, account: str = "ACCTB", **words: Any) -> AcceptResult:
        wanted = AcceptRequest(files=files, account=account, **words)
        return await accept(self.store, wanted, self.reach, int(time.time()))

    async def revoke(
        self, *importers: str, share: PullConsumer = SHARE, **words: Any
    ) -> RevokeResult:
        wanted = RevokeRequest(share=share, provider="ACCTC", importers=importers, **words)
        return await revoke(self.store, wanted, self.reach, int(time.time()))

    async def verify(self, share: PullConsumer = SHARE, **words: Any) -> tuple[Verdict, ...]:
        wanted = VerifyRequest(share=share, **words)
        return await verify(self.store, wanted, self.reach, int(time.time()))

    async def share_with(
        self, account: str = "ACCTB", share: PullConsumer = SHARE, **words: Any
    ) -> None:
        granted = await self.grant(account, share=share, **words)
        await self.accept(granted.grants[0].bundle, account=account)


@asynccontextmanager
async def scene(
    folder: Path,
    *,
    names: Sequence[str] = ("ACCTA", "ACCTB", "ACCTC"),
    cluster: int = 0,
    js_ack_fc_v2: bool = False,
    program: Path | None = None,
    holding: Mapping[str, Account] = MappingProxyType({}),
) -> AsyncIterator[Scene]:
    """The store and its servers, from here to the end of the block.

    ``holding`` are documents, by the account's name, that the servers start with.
    """
    realm = Realm()
    members = {name: realm.account(name, holding.get(name)) for name in names}
    store = _store(folder / "store", realm, members)
    known = tuple(members.values())
    if cluster:
        async with serving_cluster(
            realm, folder, known, size=cluster, domain=DOMAIN, program=program
        ) as servers:
            yield Scene(store, servers, members)
        return
    async with serving(
        realm, folder / "node", known, domain=DOMAIN, js_ack_fc_v2=js_ack_fc_v2, program=program
    ) as server:
        yield Scene(store, (server,), members)


def _store(folder: Path, realm: Realm, members: dict[str, Member]) -> FolderStore:
    location = Location(stores=folder, keystore=folder, config=folder / "nsc.json")
    with create_store(location, realm.document.claims.name) as edit:
        edit.put_operator(realm.document)
        edit.put_key(realm.signing_key)
        for member in (realm.system, *members.values()):
            edit.put_account(member.document)
            edit.put_key(member.key)
    return open_store(location, realm.document.claims.name)
