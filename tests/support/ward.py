"""A share on a real server, spoilt on purpose, and the doctor and its cures run on it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from jetshare.cli.main import run as jetshare
from jetshare.cli.nats.main import run as nats_cli
from jetshare.cli.nsc.main import run as nsc
from jetshare.errors import NetworkError
from jetshare.identity import jwt
from jetshare.identity.claims import User
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.nkeys import KeyPair
from jetshare.net.connect import Login, connect
from jetshare.net.resolver import Resolver
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import system_creds
from support.scene import SHARE, Scene, scene
from support.shares import Pair, Spoil
from support.waiting import until

PREFIX = "ACCTC.API"
ACK_WAIT_S = 0.3
BODIES = (b"one", b"two", b"three")


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a client of the importer saw: whether it could bind, how many of three messages
    came to one pull, how many acknowledgements were counted, how many came again.

    ``refused`` are those of bind, pull and ack that got 503, no responders, and ``error`` is
    the last that the server told its connection.
    """

    bound: bool
    came: int
    acked: int
    again: int
    refused: Set[str] = field(default=frozenset(), compare=False)
    error: str = field(default="", compare=False)


WELL = Health(bound=True, came=3, acked=3, again=0)
NOT_AT_ALL = Health(bound=False, came=0, acked=0, again=0)


@dataclass
class Ward:
    live: Scene
    folder: Path
    share: PullConsumer = SHARE
    user: User | None = None  # of the importer, where it is a special one
    login: str = ""  # the importer's user of that name in the store, in place of a new one

    async def spoil(self, change: Spoil) -> Push:
        """Change the documents in the store and on the servers, right or not."""
        made = self.pair()
        before = (made.provider, made.importer)
        change(made)
        signed = []
        with self.live.store.edit() as edit:
            for old, new in zip(before, (made.provider, made.importer), strict=True):
                if old != new:
                    document = jwt.encode(new, operator_key(self.live), int(time.time()))
                    edit.put_account(document)
                    signed.append(document)
        return await push(self.live.store, signed, self.live.reach, int(time.time()))

    async def push_unstored(self, account: str, pair: Pair, *, later: int = 0) -> None:
        """Give the servers a document that the store does not have, signed ``later`` seconds."""
        claims = pair.provider if account == "ACCTC" else pair.importer
        live, now = self.live, int(time.time())
        document = jwt.encode(claims, operator_key(live), now + later)
        login = live.reach.login(live.store, system_creds(live.store, live.reach, now))
        async with connect(login) as client:
            answers = await Resolver(client).push(document.token)
        assert all(answer.ok for answer in answers)

    def pair(self) -> Pair:
        store = self.live.store
        return Pair(
            store.account("ACCTC").claims,
            store.account("ACCTB").claims,
            self.live.members["ACCTC"].key,
            share=self.share,
            now=int(time.time()),
        )

    async def doctor(self, *words: str) -> list[dict[str, Any]]:
        """The findings of ``jetshare doctor``, as its JSON has them."""
        output = await self.run(["jetshare", "doctor", *words, "--format", "json"])
        found = json.loads(output)
        shares = [finding for share in found["shares"] for finding in share["findings"]]
        return [*shares, *found["others"]]

    async def finding(self, code: str, *words: str) -> dict[str, Any]:
        found = await self.doctor(*words)
        named = [finding for finding in found if finding["code"] == code]
        assert named, [f"{finding['code']} {finding['text']}" for finding in found]
        return named[0]

    async def cure(self, code: str, how: str = "cure", *words: str) -> None:
        """Run the command lines that the doctor printed, as they stand."""
        found = await self.finding(code, *words)
        assert found[how], f"{code} has no {how}"
        for line in found[how]:
            await self.run(shlex.split(line), must=True)

    async def cure_all(self, code: str, how: str = "cure", *words: str) -> None:
        """Cure ``code``, and then what the cure brings to light, until nothing is found."""
        await self.cure(code, how, *words)
        for _ in range(4):
            found = await self.doctor(*words)
            if not found:
                return
            await self.cure(found[0]["code"], how, *words)
        raise AssertionError([f"{f['code']} {f['text']}" for f in await self.doctor(*words)])

    async def run(self, words: list[str], *, must: bool = False) -> str:
        """One command line, in this process and in the folder of the test.

        Tools are told what a user's own settings would tell them: the store, and ``nats`` the
        server and the provider's creds.
        """
        tool = {"jetshare": jetshare, "nsc": nsc, "nats": nats_cli}[words[0]]
        asks = "nats" in words[:2]
        given = [*words[1:], *(self._context() if asks else self._store())]
        if "--fix" in given:
            given.append("--yes")
        output, errors = io.StringIO(), io.StringIO()

        def call() -> int:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
                return tool(given)

        home = Path.cwd()
        os.chdir(self.folder)
        try:
            code = await asyncio.to_thread(call)
        finally:
            os.chdir(home)
        said = f"{shlex.join(words)}\n{output.getvalue()}{errors.getvalue()}"
        # --fix exits 1 where there is something left that it cannot mend.
        assert not must or code == 0 or "--fix" in given, said
        assert code < 2, said
        return output.getvalue()

    def _store(self) -> tuple[str, ...]:
        return ("-H", str(self.folder / "store"))

    def _context(self) -> tuple[str, ...]:
        creds = self.folder / "owner.creds"
        creds.touch(mode=0o600)
        creds.write_text(format_creds(self.live.members["ACCTC"].user()))
        return ("--server", self.live.reach.servers[0], "--creds", str(creds))

    @asynccontextmanager
    async def importer(self, *, inbox_prefix: str = "") -> AsyncIterator[Client]:
        creds = self.live.members["ACCTB"].user(user=self.user)
        if self.login:
            document = self.live.store.user("ACCTB", self.login)
            key = self.live.store.key(document.claims.sub)
            assert key is not None
            creds = Creds(jwt=document.token, key=key)
        login = Login(servers=self.live.reach.servers[:1], creds=creds, inbox_prefix=inbox_prefix)
        async with connect(login) as client:
            yield client

    async def fill(self, bodies: Iterable[bytes] = BODIES, **consumer: object) -> None:
        """A stream with these messages and no others, and a consumer that has seen none."""
        await self.live.api(f"STREAM.PURGE.{self.share.stream}")
        await self.live.api(f"CONSUMER.DELETE.{self.share.stream}.{self.share.consumer}")
        settings: dict[str, object] = {"ack_wait": int(ACK_WAIT_S * 1e9)}
        await self.live.make_consumer(self.share, **(settings | consumer))
        await self.live.publish(*bodies)

    async def health(self, *, fill: bool = True, patience_s: float = 1.0) -> Health:
        """What a plain nats-py client of the importer makes of the share.

        ``patience_s`` may be less where nothing is awaited that could come.
        """
        if fill:
            await self.fill()
        try:
            async with self.importer() as client:
                return await self._health(client, patience_s)
        except (NetworkError, nats.errors.ConnectionClosedError):  # by a limit, say
            return NOT_AT_ALL

    async def _health(self, client: Client, patience_s: float) -> Health:
        return await health_of(client, self.share, self._acked, again=True, patience_s=patience_s)

    async def _acked(self, wanted: int) -> int:
        """How many acknowledgements the consumer has counted, once all of ``wanted`` have
        or their leases must have run out."""
        deadline = time.monotonic() + ACK_WAIT_S

        async def settled() -> tuple[int] | None:
            counts = await self.live.counts(self.share)
            acked = counts["ack_floor"]["consumer_seq"]
            done = acked >= wanted or time.monotonic() > deadline
            return (acked,) if done else None

        seen = await until(settled)
        assert seen is not None
        return seen[0]


async def health_of(
    client: Client,
    share: PullConsumer,
    acked: Callable[[int], Awaitable[int]],
    *,
    again: bool,
    patience_s: float = 1.0,
) -> Health:
    """Bind, pull once, acknowledge all, and pull once more where that was not counted.

    ``acked`` says how many acknowledgements the provider's consumer has counted, of how many.
    """
    js = client.jetstream(prefix=PREFIX, timeout=1)
    refused: set[str] = set()
    bound = True
    try:
        await js.consumer_info(share.stream, share.consumer, timeout=patience_s)
    except (nats.errors.Error, nats.js.errors.Error) as error:
        bound = False
        refused |= _refused("bind", error)
    subscription = await js.pull_subscribe_bind(durable=share.consumer, stream=share.stream)

    async def fetch() -> list[Any]:
        try:
            messages: list[Any] = await subscription.fetch(len(BODIES), timeout=0.7 * patience_s)
        except (TimeoutError, nats.errors.Error, nats.js.errors.Error) as error:
            refused.update(_refused("pull", error))
            return []
        return messages

    first = await fetch()
    for message in first:
        await message.ack()
    await client.flush()
    counted = await acked(len(first)) if first else 0
    second = []
    if again and counted < len(first):
        second = await fetch()
        with contextlib.suppress(TimeoutError):
            try:
                await client.request(first[0].reply, b"+WPI", timeout=0.3)
            except nats.errors.Error as error:
                refused |= _refused("ack", error)
    return Health(
        bound=bound,
        came=len(first),
        acked=counted,
        again=len(second),
        refused=frozenset(refused),
        error=str(client.last_error or ""),
    )


def _refused(what: str, error: Exception) -> set[str]:
    """``what``, where nobody responds; JetStream's own errors of code 503 have a code."""
    unavailable = isinstance(error, nats.js.errors.ServiceUnavailableError) and error.code is None
    return {what} if unavailable or isinstance(error, nats.errors.NoRespondersError) else set()


@asynccontextmanager
async def ward(folder: Path, *, granted: bool = True, **words: Any) -> AsyncIterator[Ward]:
    """A served store in ``folder``, in which ACCTC shares its consumer with ACCTB."""
    async with scene(folder, **words) as live:
        made = Ward(live, folder)
        _name_server(live)
        await live.make_stream()
        if granted:
            await live.share_with()
        yield made


def _name_server(live: Scene) -> None:
    """Have the operator's document name the server, so that cures need no more words."""
    claims = live.store.operator().claims
    named = claims.with_nats(account_server_url=live.servers[0].url)
    with live.store.edit() as edit:
        edit.put_operator(jwt.encode(named, operator_key(live), int(time.time())))


def operator_key(live: Scene) -> KeyPair:
    """The operator's signing key, which the store holds."""
    (public,) = live.store.operator().claims.nats.signing_keys
    key = live.store.key(public)
    assert key is not None
    return key
