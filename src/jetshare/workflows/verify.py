"""Verify: prove on the live server that a share works, and only as far as it should.

Nothing here consumes: see `net.probe`. What cannot be seen from here is said to be
not seen; it is never taken for held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from jetshare.errors import (
    InputError,
    JetshareError,
    KeyNotHeld,
    NetworkError,
    NotFound,
    StoreDamaged,
)
from jetshare.identity import jwt
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.net.probe import ConsumerCounts
from jetshare.sharing.found import (
    Accepted,
    Offered,
    accepted_share,
    local_subject,
    offered_share,
    remote_subject,
)
from jetshare.sharing.kinds import API_PREFIX, PullConsumer, Role
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.store.contract import Store
from jetshare.workflows.hearing import (
    NOBODY,
    heard_on_each_server,
    is_overheard,
    reaches_no_more,
    refusal,
    works,
)
from jetshare.workflows.importers import find_importers
from jetshare.workflows.in_force import NEXT_REACHES, ended_as_it_should, how_over, time_left
from jetshare.workflows.reach import Reach, account_creds, host_of, system_creds

if TYPE_CHECKING:
    from jetshare.net.connect import Login
    from jetshare.net.monitoring import AccountState, ImportState
    from jetshare.net.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """``importer`` and ``provider`` narrow the shares down; both are names or keys."""

    share: PullConsumer
    importer: str = ""
    provider: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One pair of provider and importer, with every proof that was tried.

    ``over`` is how the grant came to be over by its documents, ``revoked`` or ``expired``,
    and empty while it is in force. ``closed`` is whether servers let nothing of what is over
    on, None where that was not seen.
    """

    share: PullConsumer
    provider: str
    provider_name: str
    importer: str
    importer_name: str
    prefix: str
    proofs: tuple[Proof, ...]
    over: str = ""
    closed: bool | None = None

    @property
    def held(self) -> bool:
        return all_held(self.proofs)


async def verify(
    store: Store, request: VerifyRequest, reach: Reach, now: int
) -> tuple[Verdict, ...]:
    """Every pair of the share that the store knows. NotFound where it knows none."""
    pairs = _pairs(store, request)
    return tuple([await _verify_pair(store, pair, request, reach, now) for pair in pairs])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    importer: Document[Account]
    accepted: Accepted
    provider: Document[Account] | None
    offer: Offered | None


def _pairs(store: Store, request: VerifyRequest) -> list[_Pair]:
    pairs = []
    for importer, held in find_importers(store, request.share, request.importer, request.provider):
        provider = _account_or_none(store, held.provider)
        offer = offered_share(provider.claims, request.share) if provider else None
        pairs.append(_Pair(importer=importer, accepted=held, provider=provider, offer=offer))
    return pairs


async def _verify_pair(
    store: Store, pair: _Pair, request: VerifyRequest, reach: Reach, now: int
) -> Verdict:
    importer, held = pair.importer.claims, pair.accepted
    login = reach.login(store, account_creds(store, pair.importer, reach, now, user=request.user))
    before = await _provider_counts(store, pair, reach, now)
    on_servers = await _on_each_server(login, pair)
    agree, states = await _documents_agree(store, pair, reach, now)
    outsider = await _outsider_is_refused(store, pair, reach, now, reached=_reached(on_servers))
    after = await _provider_counts(store, pair, reach, now)
    proofs = [
        time_left(held, pair.offer, now),
        *on_servers,
        *agree,
        outsider,
        _counts_unchanged(before, after),
    ]
    over = how_over(
        held,
        pair.offer,
        importer=(importer.sub, importer.name),
        provider_name=pair.provider.claims.name if pair.provider else "",
        now=now,
    )
    closed = None
    if over is not None:
        heard = await heard_on_each_server(login, held)
        there = held.import_(Role.INFO) is not None or after is not None
        ended = ended_as_it_should(over, heard, refused=there or _given_up(states, held))
        proofs.extend(ended)
        closed = next(proof.held for proof in ended if proof.name == over.closed)
    return Verdict(
        share=held.share,
        provider=held.provider,
        provider_name=pair.provider.claims.name if pair.provider else "",
        importer=importer.sub,
        importer_name=importer.name,
        prefix=held.prefix,
        proofs=tuple(proofs),
        over=over.how if over else "",
        closed=closed,
    )


def _reached(proofs: Iterable[Proof]) -> bool:
    return any(proof.held for proof in proofs if proof.name == NEXT_REACHES)


async def _on_each_server(login: Login, pair: _Pair) -> list[Proof]:
    """What the importer hears on every server. One that is not reached costs the proof that
    it works there, and not what the others show; where none is, the first error is raised.
    """
    from jetshare.net.connect import connect

    proofs: list[Proof] = []
    failures: list[NetworkError] = []
    for url in login.servers:
        try:
            async with connect(replace(login, servers=(url,))) as client:
                heard = await works(client, pair.accepted, pair.offer)
                proofs.extend([*heard, *await reaches_no_more(client, pair.accepted)])
        except NetworkError as error:
            failures.append(error)
            proofs.append(
                Proof(
                    name="the server is reached",
                    side=Side.IMPORTER,
                    held=False,
                    seen=str(error),
                    server=host_of(url),
                )
            )
    if len(failures) == len(login.servers):
        raise failures[0]
    return proofs


async def _outsider_is_refused(
    store: Store, pair: _Pair, reach: Reach, now: int, *, reached: bool
) -> Proof:
    """An account that was granted nothing hears 503 where the importer hears the consumer.

    Where the importer does not hear it either (it is not ``reached``), that shows nothing.
    """
    from jetshare.net.connect import connect

    name = "a third account is refused"
    if pair.offer is not None and pair.offer.public:
        seen = "the share is public: any account may import it"
        return Proof(name=name, side=Side.OUTSIDER, held=None, seen=seen)
    own = replace(reach, creds=None)
    for account_name in store.accounts():
        try:
            account = store.account(account_name)
        except StoreDamaged:
            continue  # which says nothing of this share
        if account.claims.sub in (pair.importer.claims.sub, pair.accepted.provider):
            continue
        if account.claims.sub == store.operator().claims.nats.system_account:
            continue
        if accepted_share(account.claims, pair.accepted.share, pair.accepted.provider):
            continue
        try:
            login = own.login(store, account_creds(store, account, own, now))
        except (KeyNotHeld, NotFound, InputError):
            continue
        prefix = pair.accepted.prefix or "JETSHARE.API"
        subject = prefix + pair.accepted.share.next_subject().removeprefix(API_PREFIX)
        try:
            async with connect(login) as client:
                if await is_overheard(client, f"{prefix}.{NOBODY}"):
                    continue  # silence says nothing there
                heard = await probe.next_reaches(client, subject)
                proof = refusal(name, heard, client, side=Side.OUTSIDER, who=account_name)
        except NetworkError:
            continue  # such as an account that was never pushed; the next one may do
        if proof.held is None:
            continue
        if proof.held and not reached:
            return replace(proof, held=None, seen=f"{proof.seen}, as the importer does")
        return proof
    return Proof(
        name=name, side=Side.OUTSIDER, held=None, seen="no third account of this store is at hand"
    )


async def _documents_agree(
    store: Store, pair: _Pair, reach: Reach, now: int
) -> tuple[list[Proof], tuple[AccountState, ...]]:
    """What the servers hold is what the store holds, for both accounts; and the importer as
    each server has it."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    sides = [("importer", pair.importer), ("provider", pair.provider)]
    try:
        async with connect(reach.login(store, system_creds(store, reach, now))) as client:
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            proofs = [await _agreement(resolver, side, document) for side, document in sides]
            states = await resolver.accountz(pair.importer.claims.sub)
    except JetshareError as error:
        return [_agrees(side, None, f"not at hand: {error}") for side, _ in sides], ()
    return [*proofs, *_imports_valid(states, pair.accepted)], states


def _imports_valid(states: Iterable[AccountState], held: Accepted) -> list[Proof]:
    """Every server that uses the account holds each import of the share for valid."""
    wanted = _names(held)
    proofs = []
    for state in states:
        known = _known(state, held)
        bad = [item.subject for item in known if item.invalid]
        there = wanted & {(item.subject, item.local_subject) for item in known}
        seen = f"{len(there)} of {len(wanted)}"
        if bad:
            seen = f"invalid: {', '.join(bad)}"
        proofs.append(
            Proof(
                name="the server holds the imports for valid",
                side=Side.SERVERS,
                held=not bad and there == wanted,
                seen=seen,
                server=state.server,
            )
        )
    return proofs


def _given_up(states: Sequence[AccountState], held: Accepted) -> bool:
    """Whether every server that uses the account has given up all imports of the share."""
    return bool(states) and all(i.invalid for state in states for i in _known(state, held))


def _known(state: AccountState, held: Accepted) -> list[ImportState]:
    """The imports of a share that a server has, each by the provider's name and the own."""
    wanted = _names(held)
    return [
        item
        for item in state.imports
        if item.account == held.provider and (item.subject, item.local_subject) in wanted
    ]


def _names(held: Accepted) -> set[tuple[str, str]]:
    return {(remote_subject(item), local_subject(item)) for _, item in held.imports}


async def _agreement(resolver: Resolver, side: str, document: Document[Account] | None) -> Proof:
    if document is None:
        return _agrees(side, None, "its document is not in this store")
    token = await resolver.lookup(document.claims.sub)
    return _agrees(side, token == document.token, _compare(token, document))


def _agrees(side: str, held: bool | None, seen: str) -> Proof:
    return Proof(
        name=f"the server holds the {side}'s document", side=Side.SERVERS, held=held, seen=seen
    )


def _compare(token: str | None, document: Document[Account]) -> str:
    ours = document.claims
    push = f"push it: jetshare nsc push -a {quote(ours.name)}"
    if token is None:
        return f"the server does not know the account; {push}"
    if token == document.token:
        return "equal to the store's"
    if jwt.decode(token, Account).claims.iat <= ours.iat:
        return f"the server's is older than the store's; {push}"
    return (
        f"the server's is newer than the store's; pull it: jetshare nsc pull -a {quote(ours.name)}"
    )


async def _provider_counts(
    store: Store, pair: _Pair, reach: Reach, now: int
) -> ConsumerCounts | None:
    """The consumer's counts from the provider's own side; None where it is not at hand."""
    from jetshare.net.connect import connect

    if pair.provider is None:
        return None
    own = replace(reach, creds=None)
    try:
        login = own.login(store, account_creds(store, pair.provider, own, now))
        async with connect(login) as client:
            info = await probe.consumer_info(client, pair.accepted.share.info_subject())
            return probe.counts(info)
    except (KeyNotHeld, NotFound, NetworkError):
        return None


def _counts_unchanged(before: ConsumerCounts | None, after: ConsumerCounts | None) -> Proof:
    name = "the proofs consumed nothing"
    if before is None or after is None:
        return Proof(
            name=name, side=Side.PROVIDER, held=None, seen="the provider's user is not at hand"
        )
    same = replace(before, pending=0) == replace(after, pending=0)
    # A consumer in use moves by itself, so a difference alone is no one's fault.
    return Proof(
        name=name,
        side=Side.PROVIDER,
        held=True if same else None,
        seen="every count of the consumer as before" if same else "the consumer is in use",
    )


def _account_or_none(store: Store, public: str) -> Document[Account] | None:
    try:
        return store.account(public)
    except NotFound:
        return None
