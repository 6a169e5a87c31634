"""Verify: prove on the live server that a share works, and only as far as it should.

Nothing here consumes: see `net.probe`. What cannot be seen from here is said to be
not seen; it is never taken for held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jetshare.errors import InputError, JetshareError, KeyNotHeld, NetworkError, NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Import
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.net.probe import ConsumerCounts, Heard
from jetshare.sharing.found import Accepted, Offered, accepted_share, local_subject, offered_share
from jetshare.sharing.kinds import API_PREFIX, STREAM, PullConsumer, Role
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.store.contract import Store
from jetshare.workflows.importers import find_importers
from jetshare.workflows.in_force import (
    ACK_REACHES,
    INFO_ANSWERS,
    NEXT_REACHES,
    ended_as_it_should,
    time_left,
)
from jetshare.workflows.reach import Reach, account_creds, system_creds

if TYPE_CHECKING:
    from nats.aio.client import Client

    from jetshare.net.resolver import Resolver


_NOBODY = "JETSHARE-PROBE"  # a consumer that nobody has
_SECOND_FORM_SINCE = (2, 14)  # nats-server, feature_flags.go


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """``importer`` and ``provider`` narrow the shares down; both are names or keys."""

    share: PullConsumer
    importer: str = ""
    provider: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One pair of provider and importer, with every proof that was tried."""

    share: PullConsumer
    provider: str
    provider_name: str
    importer: str
    importer_name: str
    prefix: str
    proofs: tuple[Proof, ...]

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
    from jetshare.net.connect import connect

    importer, held = pair.importer.claims, pair.accepted
    proofs: list[Proof] = [time_left(held, now)]
    login = reach.login(store, account_creds(store, pair.importer, reach, now, user=request.user))
    before = await _provider_counts(store, pair, reach, now)
    for url in login.servers:
        async with connect(replace(login, servers=(url,))) as client:
            proofs.extend(await _works(client, held, pair.offer))
            proofs.extend(await _reaches_no_more(client, held))
    proofs.extend(await _documents_agree(store, pair, reach, now))
    proofs.append(await _outsider_is_refused(store, pair, reach, now))
    after = await _provider_counts(store, pair, reach, now)
    proofs.append(_counts_unchanged(before, after))
    proofs.extend(ended_as_it_should(held, pair.offer, importer.sub, proofs, now))
    return Verdict(
        share=held.share,
        provider=held.provider,
        provider_name=pair.provider.claims.name if pair.provider else "",
        importer=importer.sub,
        importer_name=importer.name,
        prefix=held.prefix,
        proofs=tuple(proofs),
    )


async def _works(client: Client, held: Accepted, offer: Offered | None) -> list[Proof]:
    server = _server_name(client)
    proofs: list[Proof] = []

    def add(name: str, outcome: bool | None, seen: probe.Observation | str) -> None:
        text, took = (seen, 0.0) if isinstance(seen, str) else (seen.describe(), seen.took_ms)
        proofs.append(
            Proof(
                name=name,
                side=Side.IMPORTER,
                held=outcome,
                seen=text,
                server=server,
                took_ms=took,
            )
        )

    next_ = held.import_(Role.NEXT)
    if next_ is None:
        add(NEXT_REACHES, False, "NEXT is not imported")
    else:
        seen = await probe.next_reaches(client, local_subject(next_))
        reached = probe.is_pull_status(seen)
        add(NEXT_REACHES, reached, seen)
        if reached:
            add(*await _streams(client, local_subject(next_), offer))
    info = held.import_(Role.INFO)
    wants_acks = True
    if info is not None:
        seen = await probe.consumer_info(client, local_subject(info))
        error = probe.api_error(seen)
        answered = seen.heard is Heard.ANSWER and not error
        wants_acks = not probe.takes_no_acks(seen)
        add(INFO_ANSWERS, answered, error or ("the consumer's state" if answered else seen))
    ack = held.import_(Role.ACK)
    if not wants_acks:
        add(ACK_REACHES, None, "the consumer wants no acknowledgements")
        return proofs
    if ack is None:
        add(ACK_REACHES, False, "ACK is not imported: every message would be redelivered")
    else:
        seen = await probe.ack_reaches(client, local_subject(ack))
        add(ACK_REACHES, seen.heard is Heard.ANSWER, seen)
    second = held.import_(Role.ACK_V2)
    if second is not None:
        add("ACK reaches it in the second form", *await _second_form(client, second))
    return proofs


async def _second_form(client: Client, item: Import) -> tuple[bool | None, probe.Observation | str]:
    """Whether ``$JS.ACK.<domain>.<hash>.…`` arrives, on servers that listen to it.

    The provider's consumer may be in another JetStream domain than this server, so
    silence says nothing; that the import is valid is asked of the servers.
    """
    from jetshare.net.connect import server_domain

    version = client.connected_server_version
    if (version.major, version.minor) < _SECOND_FORM_SINCE:
        return None, "this server does not know it yet"
    domain = server_domain(client)
    seen = await probe.ack_reaches(client, local_subject(item), domain=domain)
    if seen.heard is Heard.ANSWER:
        return True, seen
    return None, f"nothing listens in domain {domain or '_'}"


async def _streams(
    client: Client, subject: str, offer: Offered | None
) -> tuple[str, bool | None, probe.Observation | str]:
    name = "NEXT streams its replies"
    seen = await probe.next_streams(client, subject)
    if seen.replies > 1:
        return name, True, f"{seen.replies} replies to one pull"
    if seen.code == 409:
        export = offer.export(Role.NEXT) if offer else None
        if export is not None and export.response_type != STREAM:
            return name, False, f"the export's response type is {export.response_type}"
        return name, None, "messages are waiting, so a pull is answered at once"
    return name, False, f"{seen.replies} reply, then silence: the export is a Singleton"


async def _reaches_no_more(client: Client, held: Accepted) -> list[Proof]:
    """The importer reaches nothing else of the provider's API under its prefix."""
    if not held.prefix:
        return []
    share, prefix, server = held.share, held.prefix, _server_name(client)
    asked = (
        ("STREAM.DELETE", f"{prefix}.STREAM.DELETE.{share.stream}", probe.delete_is_refused),
        (
            "CONSUMER.DELETE",
            f"{prefix}.CONSUMER.DELETE.{share.stream}.{share.consumer}",
            probe.delete_is_refused,
        ),
        (
            "another consumer's NEXT",
            f"{prefix}.CONSUMER.MSG.NEXT.{share.stream}.{_NOBODY}",
            probe.next_reaches,
        ),
        (
            "another consumer's INFO",
            f"{prefix}.CONSUMER.INFO.{share.stream}.{_NOBODY}",
            probe.consumer_info,
        ),
    )
    proofs = []
    for what, subject, request in asked:
        seen = await request(client, subject)
        proofs.append(
            Proof(
                name=f"{what} is out of reach",
                side=Side.IMPORTER,
                held=seen.heard is Heard.NO_RESPONDERS,
                seen=seen.describe(),
                server=server,
                took_ms=seen.took_ms,
            )
        )
    return proofs


async def _outsider_is_refused(store: Store, pair: _Pair, reach: Reach, now: int) -> Proof:
    """An account that was granted nothing hears 503 where the importer hears the consumer."""
    from jetshare.net.connect import connect

    name = "a third account is refused"
    own = replace(reach, creds=None)
    for account_name in store.accounts():
        account = store.account(account_name)
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
                seen = await probe.next_reaches(client, subject)
                return Proof(
                    name=name,
                    side=Side.OUTSIDER,
                    held=seen.heard is Heard.NO_RESPONDERS,
                    seen=f"{account_name}: {seen.describe()}",
                    server=_server_name(client),
                    took_ms=seen.took_ms,
                )
        except NetworkError:
            continue  # such as an account that was never pushed; the next one may do
    return Proof(
        name=name, side=Side.OUTSIDER, held=None, seen="no third account of this store is at hand"
    )


async def _documents_agree(store: Store, pair: _Pair, reach: Reach, now: int) -> list[Proof]:
    """What the servers hold is what the store holds, for both accounts."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    sides = [("importer", pair.importer), ("provider", pair.provider)]
    try:
        login = reach.login(store, system_creds(store, reach, now))
    except JetshareError as error:
        seen = f"not at hand: {error}"
        return [_agreement(side, None, seen) for side, _ in sides]
    async with connect(login) as client:
        resolver = Resolver(client, timeout_s=reach.timeout_s)
        proofs = []
        for side, document in sides:
            if document is None:
                proofs.append(_agreement(side, None, "its document is not in this store"))
                continue
            token = await resolver.lookup(document.claims.sub)
            proofs.append(_agreement(side, token == document.token, _compare(token, document)))
        return [*proofs, *await _imports_valid(resolver, pair)]


async def _imports_valid(resolver: Resolver, pair: _Pair) -> list[Proof]:
    """Every server that uses the account holds each import of the share for valid."""
    held = pair.accepted
    subjects = {item.subject for _, item in held.imports}
    proofs = []
    for state in await resolver.accountz(pair.importer.claims.sub):
        known = [i for i in state.imports if i.account == held.provider and i.subject in subjects]
        bad = [item.subject for item in known if item.invalid]
        missing = len(subjects) - len(known)
        seen = f"{len(known)} of {len(subjects)}"
        if bad:
            seen = f"invalid: {', '.join(bad)}"
        proofs.append(
            Proof(
                name="the server holds the imports for valid",
                side=Side.SERVERS,
                held=not bad and not missing,
                seen=seen,
                server=state.server,
            )
        )
    return proofs


def _agreement(side: str, held: bool | None, seen: str) -> Proof:
    return Proof(
        name=f"the server holds the {side}'s document", side=Side.SERVERS, held=held, seen=seen
    )


def _compare(token: str | None, document: Document[Account]) -> str:
    if token is None:
        return "the server does not know the account: push it"
    if token == document.token:
        return "equal to the store's"
    theirs = jwt.decode(token, Account).claims
    age = "newer" if theirs.iat > document.claims.iat else "older"
    return f"the server's is {age} than the store's: {'pull' if age == 'newer' else 'push'} it"


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


def _server_name(client: Client) -> str:
    from jetshare.net.connect import server_name

    return server_name(client)
