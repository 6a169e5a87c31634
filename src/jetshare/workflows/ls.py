"""List: what is offered and to whom, what is accepted and from whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from jetshare.identity.claims import Account, Claims
from jetshare.sharing import ledger
from jetshare.sharing.expiry import terms
from jetshare.sharing.found import (
    Accepted,
    Offered,
    accepted,
    accepted_share,
    offered,
    offered_share,
)
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.store.contract import Store
from jetshare.workflows.accounts import readable_accounts


class State(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    INCOMPLETE = "incomplete"  # a subject that it needs is not exported, or not imported
    UNKNOWN = "unknown"  # nothing at hand says so: the grant was made elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One importer of an offered share. Times are Unix seconds, 0 for none."""

    importer: str
    importer_name: str
    state: State
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedShare:
    share: PullConsumer
    account: str
    public: bool
    roles: tuple[Role, ...]
    granted: tuple[Granted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedShare:
    share: PullConsumer
    account: str
    provider: str
    provider_name: str
    prefix: str
    roles: tuple[Role, ...]
    state: State
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    offered: tuple[OfferedShare, ...]
    accepted: tuple[AcceptedShare, ...]
    faults: tuple[str, ...] = ()


def list_shares(store: Store, now: int, *, accounts: Iterable[str] = ()) -> Listing:
    """Every share in the documents of the store, whoever made it; or of some accounts."""
    found, faults = readable_accounts(store)
    documents = {document.claims.sub: document.claims for document in found}
    names = {public: claims.name for public, claims in documents.items()}
    wanted = {store.account(name).claims.sub for name in accounts} or set(documents)
    offers: list[OfferedShare] = []
    takes: list[AcceptedShare] = []
    for public, claims in documents.items():
        if public not in wanted:
            continue
        entries = store.ledger(claims.name)
        offers.extend(
            _offered(claims, offer, entries, documents.values(), names, now)
            for offer in offered(claims)
        )
        takes.extend(_accepted(claims, item, documents, now) for item in accepted(claims))
    return Listing(offered=tuple(offers), accepted=tuple(takes), faults=faults)


def _offered(
    provider: Claims[Account],
    offer: Offered,
    entries: tuple[ledger.Entry, ...],
    accounts: Iterable[Claims[Account]],
    names: dict[str, str],
    now: int,
) -> OfferedShare:
    held = {
        account.sub: item
        for account in accounts
        for item in accepted_share(account, offer.share, provider.sub)
    }
    granted: dict[str, Granted] = {}
    for grant in ledger.grants(entries, offer.share):
        issued, expires = grant.issued, grant.expires
        if 0 < expires <= now and grant.importer in held and terms(held[grant.importer]):
            issued, expires = _times(held[grant.importer])  # the last may never have been taken
        granted[grant.importer] = Granted(
            importer=grant.importer,
            importer_name=names.get(grant.importer, ""),
            state=_state(offer, grant.importer, issued, expires, now),
            since=grant.since,
            until=expires,
        )
    # Grants made by other tools leave no ledger; an importer in this store still shows.
    for public, item in held.items():
        if public not in granted:
            issued, expires = _times(item)
            granted[public] = Granted(
                importer=public,
                importer_name=names[public],
                state=_state(offer, public, issued, expires, now),
                since=issued,
                until=expires,
            )
    for public in sorted(offer.importers_revoked() - granted.keys() - {"*"}):
        granted[public] = Granted(
            importer=public,
            importer_name=names.get(public, ""),
            state=State.REVOKED,
            since=0,
            until=0,
        )
    return OfferedShare(
        share=offer.share,
        account=provider.name,
        public=offer.public,
        roles=tuple(role for role, _ in offer.exports),
        granted=tuple(granted.values()),
    )


def _accepted(
    importer: Claims[Account], item: Accepted, documents: dict[str, Claims[Account]], now: int
) -> AcceptedShare:
    provider = documents.get(item.provider)
    issued, expires = _times(item)
    state = State.UNKNOWN
    if provider is not None:
        offer = offered_share(provider, item.share)
        state = State.INCOMPLETE
        if offer is not None:
            state = _state(offer, importer.sub, issued, expires, now)
            if state is State.ACTIVE and not _takes_all(item, offer):
                state = State.INCOMPLETE
    elif expires and expires <= now:
        state = State.EXPIRED
    return AcceptedShare(
        share=item.share,
        account=importer.name,
        provider=item.provider,
        provider_name=provider.name if provider else "",
        prefix=item.prefix,
        roles=tuple(role for role, _ in item.imports),
        state=state,
        since=issued,
        until=expires,
    )


def _state(offer: Offered, importer: str, issued: int, expires: int, now: int) -> State:
    ended, revoked = offer.ended_at(importer), offer.revoked_at(importer)
    if not offer.public and ended is not None and ended >= issued:
        return State.REVOKED
    if expires and expires <= now:
        return State.EXPIRED
    if not offer.public and revoked is not None and revoked >= issued:
        return State.INCOMPLETE  # a part of it is revoked
    return State.ACTIVE if offer.export(Role.NEXT) else State.INCOMPLETE


def _takes_all(item: Accepted, offer: Offered) -> bool:
    """Whether it can pull, and acknowledge where acknowledgements are offered."""
    # Servers want the second form where they name the domain in it, which is not seen here.
    ack = Role.ACK if offer.export(Role.ACK) else Role.ACK_V2
    acknowledges = item.import_(ack) is not None or offer.export(ack) is None
    return item.import_(Role.NEXT) is not None and acknowledges


def _times(item: Accepted) -> tuple[int, int]:
    """The latest issue and the earliest expiry of the tokens of an accepted share."""
    held = terms(item)
    return (
        max((term.issued for term in held), default=0),
        min((term.expires for term in held if term.expires), default=0),
    )
