"""What live servers show of shares: requests that consume nothing, and what servers hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jetshare.errors import InputError, JetshareError, KeyNotHeld, NetworkError, NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import SeenOf
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.servers import Heard, Seen, Server
from jetshare.sharing.rules.shares import Key, Kind, Taken
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, account_creds, system_creds

if TYPE_CHECKING:
    from nats.aio.client import Client

    from jetshare.net.resolver import Resolver

_SCANNED = 50  # messages that wait, looked at one by one
_PREFIX = "$JS.API"


async def look(store: Store, shares: Sequence[Taken], reach: Reach, now: int) -> SeenOf:
    """Each pull consumer from both sides, and through the system account.

    What is not at hand (a user, the system account) is left out of what is seen. Raises
    Unreachable where no server is reached at all.
    """
    seen: dict[tuple[str, str, Key], Seen] = {}
    servers, held = await _from_system(store, shares, reach, now)
    for share in shares:
        sight = replace(held[_key(share)], servers=servers)
        if share.kind is Kind.PULL:
            sight = await _from_importer(store, share, sight, reach, now)
            sight = await _from_provider(store, share, sight, reach, now)
        seen[_key(share)] = sight
    return seen


async def _from_system(
    store: Store, shares: Sequence[Taken], reach: Reach, now: int
) -> tuple[tuple[Server, ...], dict[tuple[str, str, Key], Seen]]:
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    seen = {_key(share): Seen() for share in shares}
    try:
        login = reach.login(store, system_creds(store, reach, now))
    except (KeyNotHeld, InputError):
        return (), seen
    async with connect(login) as client:
        resolver = Resolver(client, timeout_s=reach.timeout_s)
        servers = tuple(
            Server(name=s.name, version=s.version, second_form=s.js_ack_fc_v2)
            for s in await resolver.servers()
        )
        behind, newer = await _compared(store, resolver, shares)
        for share in shares:
            keys = (share.importer.sub, share.provider_key)
            seen[_key(share)] = Seen(
                differing={key: behind[key] for key in keys if key in behind},
                newer=frozenset(newer.intersection(keys)),
                invalid=await _invalid(resolver, share),
            )
    return servers, seen


async def _compared(
    store: Store, resolver: Resolver, shares: Sequence[Taken]
) -> tuple[dict[str, str], set[str]]:
    """Of the accounts that the store has: whose document the servers have not or an older
    one, and whose newer."""
    behind: dict[str, str] = {}
    newer = set()
    keys = dict.fromkeys(key for s in shares for key in (s.importer.sub, s.provider_key))
    for key in keys:
        document = _held(store, key)
        if document is None:
            continue
        token = await resolver.lookup(key)
        if token is None:
            behind[key] = "no server has it"
        elif token != document.token:
            if jwt.decode(token, Account).claims.iat > document.claims.iat:
                newer.add(key)
            else:
                behind[key] = "servers hold an older one than the store"
    return behind, newer


async def _invalid(resolver: Resolver, share: Taken) -> dict[str, str]:
    found: dict[str, str] = {}
    for state in await resolver.accountz(share.importer.sub):
        known = {i.subject: i for i in state.imports if i.account == share.provider_key}
        for take in share.takes:
            there = known.get(take.item.subject)
            if there is None:
                found[take.item.subject] = f"server {state.server} does not have this import"
            elif there.invalid:
                found[take.item.subject] = f"server {state.server} holds this import for invalid"
    return found


async def _from_importer(store: Store, share: Taken, seen: Seen, reach: Reach, now: int) -> Seen:
    from jetshare.net.connect import connect

    document = _held(store, share.importer.sub)
    if document is None:
        return seen
    try:
        creds = account_creds(store, document, replace(reach, creds_named=False), now)
        async with connect(reach.login(store, creds)) as client:
            return await _asked(client, share, seen)
    except (KeyNotHeld, NotFound, InputError, NetworkError):
        return seen


async def _asked(client: Client, share: Taken, seen: Seen) -> Seen:
    for take in share.all(Part.NEXT):
        answer = await probe.next_reaches(client, take.local)
        seen = replace(seen, next=_heard(answer))
        if answer.code == 404:  # nothing waits, so replies can be counted
            seen = replace(seen, streamed=_heard(await probe.next_streams(client, take.local)))
    for take in share.all(Part.ACK):
        if take.local == take.item.subject:
            seen = replace(seen, ack=_heard(await probe.ack_reaches(client, take.local)))
    for take in share.all(Part.INFO):
        answer = await probe.consumer_info(client, take.local)
        seen = replace(seen, info=_heard(answer))
        if probe.counts(answer) is not None:
            seen = replace(seen, consumer=json.loads(answer.body))
    return seen


async def _from_provider(store: Store, share: Taken, seen: Seen, reach: Reach, now: int) -> Seen:
    """The consumer as its owner sees it, and the messages that wait at it."""
    from jetshare.net.connect import connect

    document = _held(store, share.provider_key)
    if document is None:
        return seen
    try:
        creds = account_creds(store, document, replace(reach, creds=None), now)
        async with connect(reach.login(store, creds)) as client:
            wanted = PullConsumer(*share.key)
            answer = await probe.consumer_info(client, wanted.info_subject())
            if probe.api_error(answer).startswith("404"):
                return replace(seen, missing=True)
            if probe.counts(answer) is None:
                return seen
            consumer: Mapping[str, Any] = json.loads(answer.body)
            empty = await _empty(client, share.key[0], consumer)
            return replace(seen, consumer=consumer, empty=empty)
    except (KeyNotHeld, NotFound, InputError, NetworkError):
        return seen


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


def _heard(answer: probe.Observation) -> Heard:
    return Heard(code=answer.code, replies=answer.replies)


def _held(store: Store, key: str) -> Document[Account] | None:
    try:
        return store.account(key)
    except JetshareError:
        return None


def _key(share: Taken) -> tuple[str, str, Key]:
    return (share.importer.sub, share.provider_key, share.key)
