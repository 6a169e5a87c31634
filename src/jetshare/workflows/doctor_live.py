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
from jetshare.identity.subjects import REST, is_contained
from jetshare.net import probe
from jetshare.net.connect import connect
from jetshare.net.monitoring import AccountState, ImportState
from jetshare.net.resolver import Resolver
from jetshare.net.stored import stored_message
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import SeenOf, Sight, sight_of
from jetshare.sharing.rules.deliveries import pushes_to_importer
from jetshare.sharing.rules.pieces import Part, is_api
from jetshare.sharing.rules.servers import Heard, Seen, Server
from jetshare.sharing.rules.shares import Kind, Taken
from jetshare.store.contract import Store
from jetshare.workflows.doctor_consume import deliver_one
from jetshare.workflows.doctor_flow import not_watching, push_some
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
    pulled = [share for share in shares if share.kind in (Kind.PULL, Kind.PUSH)]
    pushed = [share for share in shares if pushes_to_importer(share)]
    view.total = len(shares) + 2 * len(pulled) + len(pushed)

    async def as_importer(client: Client, share: Taken, seen: Seen) -> Seen:
        seen = await _asked(client, share, seen)
        if not seen.waiting:
            return seen
        if consume:
            return await deliver_one(client, share, seen)
        return seen.not_proving(_CONSUMING)

    async def as_owner(client: Client, share: Taken, seen: Seen) -> Seen:
        passed_on = share.offered is not None and share.offered.passed_on
        return seen if passed_on else await _owned(client, share, seen)

    await _ask_system(view, store, shares, reach)
    own = replace(reach, creds=None)
    await _visit(view, store, _by(pulled, lambda share: share.provider_key), own, as_owner)
    own = replace(reach, creds_named=False)
    await _visit(view, store, _by(pulled, lambda share: share.importer.sub), own, as_importer)
    if consume:
        await _visit(view, store, _by(pushed, lambda share: share.importer.sub), own, push_some)
    else:
        for share in pushed:
            unseen = view.found[sight_of(share)].not_proving(_PUSHING)
            view.put(share, not_watching(share, unseen))
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
            states = await _each(resolver.accountz, importers)
            held = dict(zip(importers, map(_imports, states), strict=True))
    except JetshareError as error:
        view.missed(shares, "what the servers hold", error)
        return
    for share in shares:
        keys = (share.importer.sub, share.provider_key)
        seen = Seen(
            servers=servers,
            differing={key: behind[key] for key in keys if key in behind},
            newer=frozenset(newer.intersection(keys)),
            invalid=_invalid(share, held[share.importer.sub]),
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


_Imports = Mapping[tuple[str, str, str], ImportState]
"""What a server has of an account's imports, by the exporter's key, the subject and the type."""


def _imports(states: Sequence[AccountState]) -> dict[str, _Imports]:
    """By each server's name; once for an account, that may have many shares."""
    return {
        state.server: {(i.account, i.subject, i.type): i for i in state.imports} for state in states
    }


def _invalid(share: Taken, held: Mapping[str, _Imports]) -> dict[str, str]:
    found: dict[str, str] = {}
    for server, imports in held.items():
        for take in share.takes:
            there = imports.get((share.provider_key, take.item.subject, take.item.type))
            if there is None:
                found[take.item.subject] = f"server {server} does not have this import"
            elif there.invalid:
                found[take.item.subject] = f"server {server} holds this import for invalid"
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
        elif probe.api_error(answer).startswith("404") and not is_api(take.local):
            seen = replace(seen, missing=True)
    if seen.ack is not None and not any(is_api(take.local) for take in share.takes):
        own_info = PullConsumer(*share.key).info_subject()
        own = await probe.consumer_info(client, own_info, timeout_s=0.5)
        seen = replace(seen, own=probe.counts(own) is not None)
    return seen


async def _owned(client: Client, share: Taken, seen: Seen) -> Seen:
    """As the provider: the consumer, and the messages that wait at it."""
    answer = await probe.consumer_info(client, PullConsumer(*share.key).info_subject())
    if probe.api_error(answer).startswith("404"):
        return replace(seen, missing=True)
    counts = probe.counts(answer)
    if counts is None:
        return seen
    seen = replace(seen, consumer=json.loads(answer.body))
    return replace(seen, empty=await _empty(client, share.key[0], seen.config, counts))


async def _empty(
    client: Client, stream: str, config: Mapping[str, Any], counts: probe.ConsumerCounts
) -> int:
    """Among the next messages that wait, those that are empty; read as the owner may."""
    filters = config.get("filter_subjects") or [config.get("filter_subject") or REST]
    subject = filters[0] if len(filters) == 1 else REST
    sequence = counts.ack_floor + 1
    waiting, empty = counts.pending + counts.ack_pending, 0
    for _ in range(_SCANNED if waiting else 0):
        body = json.dumps({"seq": sequence, "next_by_subj": subject}).encode()
        answer = await probe.ask(client, f"{_PREFIX}.STREAM.MSG.GET.{stream}", body, 2.0)
        message = stored_message(answer.body)
        if message is None or not waiting:
            break
        if any(is_contained(message.subject, by=filtered) for filtered in filters):
            waiting -= 1
            empty += message.empty
        sequence = message.sequence + 1
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
