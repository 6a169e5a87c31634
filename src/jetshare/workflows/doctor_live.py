"""What live servers show of shares: what servers hold, and requests that consume nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from jetshare.errors import JetshareError, NetworkError, NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.net.connect import connect
from jetshare.net.monitoring import AccountState
from jetshare.net.resolver import Resolver
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import SeenOf, Sight, sight_of
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.servers import Heard, Seen, Server
from jetshare.sharing.rules.shares import Kind, Taken
from jetshare.store.contract import Store
from jetshare.workflows.doctor_consume import deliver_one
from jetshare.workflows.doctor_flow import push_some, pushes_to_importer
from jetshare.workflows.reach import Reach, account_creds, system_creds

if TYPE_CHECKING:
    from nats.aio.client import Client

_AT_ONCE = 16  # connections, and questions on each
_SCANNED = 50  # messages that wait, looked at one by one
_PREFIX = "$JS.API"
_CONSUMING = (
    "that one pull brings several messages, and that a message can be given back: messages wait,"
    " and only --consume may take one"
)
_PUSHING = (
    "that what is delivered arrives, and goes on after two megabytes: only --consume may make a"
    " consumer"
)

T = TypeVar("T")
R = TypeVar("R")
Ask = Callable[["Client", Taken, Seen], Coroutine[Any, Any, Seen]]


async def look(
    store: Store,
    shares: Sequence[Taken],
    reach: Reach,
    now: int,
    *,
    consume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SeenOf:
    """Each share through the system account, and pull consumers from both sides as well.

    One connection an account, and a few questions at once. What is not at hand (a user, the
    system account) is said in ``unproven``. Raises NetworkError, or why nobody can log in,
    where no server was reached at all.
    """
    view = _View(found={sight_of(share): Seen() for share in shares}, progress=progress, now=now)
    pulled = [share for share in shares if share.kind is Kind.PULL]
    pushed = [share for share in shares if pushes_to_importer(share)]
    view.total = len(shares) + 2 * len(pulled) + len(pushed)

    async def as_importer(client: Client, share: Taken, seen: Seen) -> Seen:
        seen = await _asked(client, share, seen)
        if not seen.waiting:
            return seen
        if consume:
            return await deliver_one(client, share, seen)
        return seen.not_proving(_CONSUMING)

    await _ask_system(view, store, shares, reach)
    own = replace(reach, creds=None)
    await _visit(view, store, _by(pulled, lambda share: share.provider_key), own, _owned)
    own = replace(reach, creds_named=False)
    await _visit(view, store, _by(pulled, lambda share: share.importer.sub), own, as_importer)
    if consume:
        await _visit(view, store, _by(pushed, lambda share: share.importer.sub), own, push_some)
    else:
        for share in pushed:
            view.put(share, view.found[sight_of(share)].not_proving(_PUSHING))
    if view.problems and not view.reached:
        raise next((p for p in view.problems if isinstance(p, NetworkError)), view.problems[0])
    return view.found


@dataclass(slots=True)
class _View:
    """What was seen so far, and how far the looking has come."""

    found: dict[Sight, Seen]
    progress: Callable[[int, int], None] | None
    now: int
    total: int = 0
    done: int = 0
    reached: bool = False
    problems: list[JetshareError] = field(default_factory=list)

    def put(self, share: Taken, seen: Seen) -> None:
        self.found[sight_of(share)] = seen
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total)

    def missed(self, shares: Iterable[Taken], what: str, problem: JetshareError) -> None:
        self.problems.append(problem)
        for share in shares:
            self.put(share, self.found[sight_of(share)].not_proving(f"{what}: {problem}"))


async def _ask_system(view: _View, store: Store, shares: Sequence[Taken], reach: Reach) -> None:
    """What every server holds of the accounts."""
    try:
        async with connect(reach.login(store, system_creds(store, reach, view.now))) as client:
            view.reached = True
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            servers = tuple(
                Server(name=s.name, version=s.version, second_form=s.js_ack_fc_v2)
                for s in await resolver.servers()
            )
            behind, newer = await _compared(store, resolver, shares)
            importers = list(dict.fromkeys(share.importer.sub for share in shares))
            states = dict(zip(importers, await _each(resolver.accountz, importers), strict=True))
    except JetshareError as error:
        view.missed(shares, "what the servers hold", error)
        return
    for share in shares:
        keys = (share.importer.sub, share.provider_key)
        seen = Seen(
            servers=servers,
            differing={key: behind[key] for key in keys if key in behind},
            newer=frozenset(newer.intersection(keys)),
            invalid=_invalid(share, states[share.importer.sub]),
        )
        view.put(share, seen)


async def _compared(
    store: Store, resolver: Resolver, shares: Sequence[Taken]
) -> tuple[dict[str, str], set[str]]:
    """Of the accounts that the store has: whose document the servers have not or an older
    one, and whose newer."""
    behind: dict[str, str] = {}
    newer = set()
    keys = dict.fromkeys(key for s in shares for key in (s.importer.sub, s.provider_key))
    held = [document for key in keys if (document := _held(store, key)) is not None]
    tokens = await _each(resolver.lookup, [document.claims.sub for document in held])
    for document, token in zip(held, tokens, strict=True):
        key = document.claims.sub
        if token is None:
            behind[key] = "no server has it"
        elif token != document.token:
            if jwt.decode(token, Account).claims.iat > document.claims.iat:
                newer.add(key)
            else:
                behind[key] = "servers hold an older one than the store"
    return behind, newer


def _invalid(share: Taken, states: Sequence[AccountState]) -> dict[str, str]:
    found: dict[str, str] = {}
    for state in states:
        known = {i.subject: i for i in state.imports if i.account == share.provider_key}
        for take in share.takes:
            there = known.get(take.item.subject)
            if there is None:
                found[take.item.subject] = f"server {state.server} does not have this import"
            elif there.invalid:
                found[take.item.subject] = f"server {state.server} holds this import for invalid"
    return found


async def _visit(
    view: _View, store: Store, groups: Mapping[str, Sequence[Taken]], reach: Reach, ask: Ask
) -> None:
    """Log in once as each account, and ask about each of its shares."""

    async def one(key: str) -> None:
        left = dict.fromkeys(map(sight_of, groups[key]))

        async def about(share: Taken) -> None:
            view.put(share, await ask(client, share, view.found[sight_of(share)]))
            del left[sight_of(share)]

        try:
            async with _speaking_as(store, key, reach, view.now) as client:
                view.reached = True
                await _each(about, groups[key])
        except JetshareError as error:
            missed = [share for share in groups[key] if sight_of(share) in left]
            view.missed(missed, f"as {_name_of(key, groups[key][0])}", error)

    await _each(one, list(groups))


def _name_of(key: str, share: Taken) -> str:
    return share.importer.name if share.importer.sub == key else share.provider_name


@asynccontextmanager
async def _speaking_as(store: Store, key: str, reach: Reach, now: int) -> AsyncIterator[Client]:
    document = _held(store, key)
    if document is None:
        raise NotFound("its document is not in this store")
    async with connect(reach.login(store, account_creds(store, document, reach, now))) as client:
        yield client


async def _asked(client: Client, share: Taken, seen: Seen) -> Seen:
    """As the importer: pulls, acknowledgements and INFO, where they are imported."""
    for take in share.all(Part.NEXT):
        answer = await probe.next_reaches(client, take.local)
        seen = replace(seen, next=_heard(answer), waiting=probe.messages_wait(answer))
        if not (probe.is_pull_status(answer) or (seen.next and seen.next.nobody)):
            seen = seen.not_proving(f"that a pull arrives: {answer.describe()}")
        if answer.code == 404:  # nothing waits, so replies can be counted
            seen = replace(seen, streamed=_heard(await probe.next_streams(client, take.local)))
    for take in share.all(Part.ACK):
        if take.local == take.item.subject:
            seen = replace(seen, ack=_heard(await probe.ack_reaches(client, take.local)))
    for take in share.all(Part.INFO):
        answer = await probe.consumer_info(client, take.local)
        seen = replace(seen, info=_heard(answer))
        if seen.consumer is None and probe.counts(answer) is not None:
            seen = replace(seen, consumer=json.loads(answer.body))
    return seen


async def _owned(client: Client, share: Taken, seen: Seen) -> Seen:
    """As the provider: the consumer, and the messages that wait at it."""
    answer = await probe.consumer_info(client, PullConsumer(*share.key).info_subject())
    if probe.api_error(answer).startswith("404"):
        return replace(seen, missing=True)
    if probe.counts(answer) is None:
        return seen
    consumer: Mapping[str, Any] = json.loads(answer.body)
    return replace(seen, consumer=consumer, empty=await _empty(client, share.key[0], consumer))


async def _empty(client: Client, stream: str, consumer: Mapping[str, Any]) -> int:
    """Among the next messages that wait, those that are empty; read as the owner may."""
    sequence = consumer["ack_floor"]["stream_seq"] + 1
    subject = consumer["config"].get("filter_subject") or ">"
    empty = 0
    for _ in range(min(_SCANNED, consumer["num_pending"] + consumer["num_ack_pending"])):
        body = json.dumps({"seq": sequence, "next_by_subj": subject}).encode()
        answer = await probe.ask(client, f"{_PREFIX}.STREAM.MSG.GET.{stream}", body, 2.0)
        message = json.loads(answer.body or b"{}").get("message")
        if message is None:
            break
        empty += not message.get("data") and not message.get("hdrs")
        sequence = message["seq"] + 1
    return empty


async def _each(work: Callable[[T], Coroutine[Any, Any, R]], items: Sequence[T]) -> list[R]:
    """``work`` on every one, a few at a time; the first error ends the others."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(item: T) -> R:
        async with gate:
            return await work(item)

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _by(shares: Iterable[Taken], key: Callable[[Taken], str]) -> dict[str, list[Taken]]:
    groups: dict[str, list[Taken]] = {}
    for share in shares:
        groups.setdefault(key(share), []).append(share)
    return groups


def _heard(answer: probe.Observation) -> Heard:
    return Heard(code=answer.code, replies=answer.replies)


def _held(store: Store, key: str) -> Document[Account] | None:
    try:
        return store.account(key)
    except JetshareError:
        return None
