"""Mutated shares on one real server, each in accounts of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import nats.errors

from jetshare.errors import JetshareError
from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect, request
from jetshare.net.resolver import Resolver
from jetshare.server.run import Server
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.rule import Severity
from support.mutations import Mutation
from support.servers import Member, Realm, serving
from support.shares import SHARE, Pair, pair
from support.waiting import until
from support.ward import NOT_AT_ALL, WELL, Health, health_of

_TOGETHER = 24  # most of their time they wait
_ACK_WAIT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a share: what a client saw, which codes the doctor gave, of which those of
    ``errors`` say that it does not work, and whether it said that the share does not work any
    more, because its owner ended it."""

    name: str
    health: Health
    codes: tuple[str, ...]
    errors: tuple[str, ...]
    ended: bool

    @property
    def works(self) -> bool:
        return self.health == WELL

    @property
    def silent(self) -> bool:
        """It does not work, and nothing says so."""
        return not self.works and not self.codes and not self.ended

    @property
    def belittled(self) -> bool:
        """Nothing comes at all, and the doctor calls nothing an error."""
        return not self.health.came and not self.errors and not self.ended


@dataclass
class Bench:
    realm: Realm
    server: Server
    resolver: Resolver
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_TOGETHER))

    async def run(self, mutations: Sequence[Mutation]) -> list[Outcome]:
        return list(await asyncio.gather(*(self._one(mutation) for mutation in mutations)))

    async def _one(self, mutation: Mutation) -> Outcome:
        name, spoil = mutation
        async with self.gate:
            keys = (KeyPair.generate(Kind.ACCOUNT), KeyPair.generate(Kind.ACCOUNT))
            made = pair(keys=keys, now=int(time.time()))
            made.users.append(Claims(name="user", sub=keys[0].public, nats=User()))
            spoil(made)
            await self._push(made.provider)
            await self._push(made.importer)
            found = diagnose(made.accounts())
            told = {f.code: f.severity for f in found.findings if f.severity is not Severity.NOTE}
            grave = {code for code, severity in told.items() if severity is Severity.ERROR}
            health = await self._health(made, *keys)
        return Outcome(
            name=name,
            health=health,
            codes=tuple(sorted(told)),
            errors=tuple(grave),
            ended=bool(found.ended),
        )

    async def _push(self, claims: Claims[Account]) -> None:
        """A document that is refused leaves the account unknown, as it would in life."""
        await self.resolver.push(self.realm.sign(replace(claims, iat=0)).token)

    async def _health(self, made: Pair, provider: KeyPair, importer: KeyPair) -> Health:
        try:
            async with connect(self._login(made.provider, provider)) as owner:
                for subject, settings in _SETTINGS:
                    await request(owner, f"$JS.API.{subject}", json.dumps(settings).encode())
                for body in (b"one", b"two", b"three"):
                    await request(owner, "orders.new", body)

                async def acked(wanted: int) -> int:
                    deadline = time.monotonic() + _ACK_WAIT_S / 2

                    async def settled() -> tuple[int] | None:
                        answer = await request(owner, made.share.info_subject())
                        count = json.loads(answer.data)["ack_floor"]["consumer_seq"]
                        done = count >= wanted or time.monotonic() > deadline
                        return (count,) if done else None

                    return (await until(settled) or (0,))[0]

                async with connect(self._login(made.importer, importer)) as client:
                    return await health_of(client, made.share, acked, again=False)
        except (JetshareError, nats.errors.Error):  # a limit of the account ends a connection
            return NOT_AT_ALL

    def _login(self, claims: Claims[Account], key: KeyPair) -> Login:
        member = Member(name=claims.name, key=key, document=self.realm.sign(claims))
        return Login(servers=(self.server.url,), creds=member.user(), timeout_s=2.0)


_SETTINGS: tuple[tuple[str, dict[str, object]], ...] = (
    (
        f"STREAM.CREATE.{SHARE.stream}",
        {"name": SHARE.stream, "subjects": ["orders.>"], "storage": "memory"},
    ),
    (
        f"CONSUMER.DURABLE.CREATE.{SHARE.stream}.{SHARE.consumer}",
        {
            "stream_name": SHARE.stream,
            "config": {
                "durable_name": SHARE.consumer,
                "ack_policy": "explicit",
                "mem_storage": True,
                "ack_wait": int(_ACK_WAIT_S * 1e9),
            },
        },
    ),
)


@asynccontextmanager
async def mutating(folder: Path) -> AsyncIterator[Bench]:
    realm = Realm()
    async with serving(realm, folder) as server:
        login = Login(servers=(server.url,), creds=realm.system.user())
        async with connect(login) as client:
            yield Bench(realm, server, Resolver(client))


def table(outcomes: Sequence[Outcome], version: str) -> str:
    """The page that says what became of each."""
    works = sum(outcome.works for outcome in outcomes)
    silent = [outcome for outcome in outcomes if outcome.silent]
    alarms = [outcome for outcome in outcomes if outcome.works and outcome.codes]
    lines = [
        "# Mutations of a right share",
        "",
        "Written by `scripts/doctor_pages.py --mutations`; the tests try them all anew.",
        "",
        "Each line is a share that was right, changed in one or two places, on"
        f" nats-server {version}.",
        "It *works* where a plain client of the importer could bind, got all of three messages by",
        "one pull, and had all three acknowledgements counted. *found* are the codes of errors and",
        "warnings that `jetshare doctor` gave from the documents alone, or *ended*: the verdict",
        "that the owner ended the share, and that it does not work any more (JS310).",
        "",
        f"{len(outcomes)} mutations: {works} still work, {len(outcomes) - works} do not, and of"
        f" those {len(silent)} were found by nothing. {len(alarms)} work and have a finding:"
        " something is given away, is lost later, or is refused elsewhere.",
        "",
        "| mutation | works | found |",
        "| --- | --- | --- |",
    ]
    for outcome in outcomes:
        saw = outcome.health
        works_word = "yes" if outcome.works else _seen(saw)
        found = " ".join((*outcome.codes, *(["ended"] if outcome.ended else [])))
        lines.append(f"| {outcome.name} | {works_word} | {found or '-'} |")
    return "\n".join(lines) + "\n"


def _seen(health: Health) -> str:
    bound = "bound" if health.bound else "not bound"
    return f"no: {bound}, {health.came} came, {health.acked} acked"
