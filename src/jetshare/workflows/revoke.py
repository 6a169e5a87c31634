"""Revoke: end a grant, and prove on the servers that it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from shlex import quote

from jetshare.editing.revocations import EVERYONE
from jetshare.errors import InputError, KeyFormatError, NotFound, StoreDamaged
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import Kind
from jetshare.sharing import edit, ledger, receipt
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.expiry import expired, terms
from jetshare.sharing.found import Accepted, Offered, accepted_share, offered_share
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof, all_held
from jetshare.sharing.receipt import Witness
from jetshare.store.contract import Store
from jetshare.workflows.accounts import account_names, readable_accounts
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach
from jetshare.workflows.signers import activation_signer, refuse_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRequest:
    """``importers`` are names or public keys; ``everyone`` revokes all that were granted.

    An importer of which no grant is on record here is a slip more often than not, so it is
    refused, but with ``unrecorded``: what another tool granted can be revoked as well.

    ``expired`` ends what is over by its own time, of ``importers`` or of all, and leaves
    every grant that is in force as it is.
    """

    share: PullConsumer
    provider: str
    importers: tuple[str, ...] = ()
    everyone: bool = False
    unrecorded: bool = False
    expired: bool = False
    signing_key: str = ""
    dry_run: bool = False
    push: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeResult:
    """``receipts`` are the texts of the signed records, one for each importer.

    There are no ``importers`` where ``expired`` was asked for and nothing is.
    """

    share: PullConsumer
    provider: str
    provider_name: str
    importers: tuple[str, ...]
    at: int
    changes: tuple[Change, ...]
    push: Push | None
    proofs: tuple[Proof, ...]
    receipts: tuple[tuple[str, Witness, str], ...]
    others: tuple[str, ...]
    names: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def pushed(self) -> bool:
        return self.push is None or self.push.complete

    @property
    def proven(self) -> bool:
        return all_held(self.proofs)


async def revoke(store: Store, request: RevokeRequest, reach: Reach, now: int) -> RevokeResult:
    """Revoke all subjects of the share together, push, prove, and sign a receipt.

    A public share has no tokens to revoke: with ``everyone`` its exports are taken away.
    """
    refuse_seed(request.signing_key)
    if request.dry_run:
        provider = store.account(request.provider).claims
        return _result(store, request, provider, _ending(store, provider, request, now), now)
    with store.edit() as editing:
        provider = editing.account(request.provider).claims
        ending = _ending(editing, provider, request, now)
        if not ending.importers and ending.after is provider:
            return _result(store, request, provider, ending, now)
        signer = activation_signer(editing, provider, request.signing_key)
        document = sign_account(editing, ending.after, now)
        editing.put_account(document)
        if not ending.damage:
            editing.append_ledger(provider.name, _entries(ending, request.share, now))
    outcome = _result(store, request, provider, ending, now)
    if not request.push:
        return outcome
    carried = await push(store, [document], reach, now)
    outcome = replace(outcome, push=carried)
    if carried.problem:
        return outcome  # nothing was carried, so there is nothing to see yet
    from jetshare.workflows.ended import prove_ended

    receipts = []
    proofs: list[Proof] = []
    for importer in ending.importers:
        ended = await prove_ended(
            store,
            document,
            ending.offer,
            importer,
            reach,
            now,
            recorded=None if ending.damage else ledger.active(ending.known, request.share),
            carried=carried,
        )
        proofs.extend(ended.proofs)
        text = receipt.make(
            request.share,
            provider=provider.sub,
            provider_name=provider.name,
            importer=importer,
            at=now,
            witness=ended.witness,
            servers=ended.servers,
            proofs=ended.proofs,
            expired=request.expired,
            signer=signer,
            now=now,
        )
        receipts.append((importer, ended.witness, text))
    return replace(outcome, proofs=tuple(proofs), receipts=tuple(receipts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """What is to end. ``until`` has the time by importer up to which tokens end;
    ``importers`` are those who are to be refused then. ``damage`` is the ledger's."""

    offer: Offered
    importers: tuple[str, ...]
    until: Mapping[str, int]
    after: Claims[Account]
    known: tuple[ledger.Entry, ...]
    damage: str
    warnings: tuple[str, ...] = ()


def _ending(store: Store, provider: Claims[Account], request: RevokeRequest, now: int) -> _Ending:
    offer = offered_share(provider, request.share)
    if offer is None:
        raise NotFound(
            f"{provider.name} does not offer {request.share}",
            hint=f"jetshare ls --account {quote(provider.name)} shows what it offers",
        )
    known, damage = _known(store, provider.name)
    importers: tuple[str, ...]
    if offer.public:
        if not request.everyone:
            raise InputError(
                f"{request.share} is public: there is no token of one importer to revoke",
                hint="withdraw it from everyone with --all, and grant it privately",
            )
        after = checked(provider, edit.withdraw(provider, offer))
        importers, until = (EVERYONE,), {EVERYONE: now}
    else:
        importers, until = _whom(store, provider, offer, known, request, now)
        after = checked(provider, edit.revoke(provider, offer, until)) if until else provider
    return _Ending(
        offer=offer,
        importers=importers,
        until=until,
        after=after,
        known=known,
        damage=damage,
        warnings=tuple(_doubts(store, provider, offer, known, request, importers, damage)),
    )


def _whom(
    store: Store,
    provider: Claims[Account],
    offer: Offered,
    known: Sequence[ledger.Entry],
    request: RevokeRequest,
    now: int,
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Who is to be refused, and for whom tokens end up to when."""
    named = _named(store, request, known)
    if request.expired:
        claims = [document.claims for document in readable_accounts(store)[0]]
        over = [
            each
            for each in expired(offer, provider.sub, known, claims, now)
            if not named or each.importer in named
        ]
        refused = tuple(each.importer for each in over if each.nothing_left)
        return refused, {each.importer: each.until for each in over}
    if not named and not request.everyone:
        raise InputError(
            "nobody is named to revoke", hint="name an account with --to, or use --all"
        )
    importers = (EVERYONE,) if request.everyone else named
    at = max(now, _last_issued(known, request.share, importers))
    return importers, dict.fromkeys(importers, at)


def _known(store: Store, provider: str) -> tuple[tuple[ledger.Entry, ...], str]:
    """The ledger, or none of it and what is wrong with it: a revocation must not wait
    until a file is mended."""
    try:
        return store.ledger(provider), ""
    except StoreDamaged as error:
        return (), str(error)


def _entries(ending: _Ending, share: PullConsumer, now: int) -> list[ledger.NewEntry]:
    """What the ledger is told: not of an importer who keeps a newer grant, for whom the
    old tokens are over by their own time."""
    unrevoked = ledger.unrevoked(ending.known, share)
    keep = {e.importer for e in unrevoked if e.issued > ending.until.get(e.importer, e.issued)}
    return [
        entry
        for importer in ending.importers
        if importer not in keep
        for entry in ledger.revoked(ending.known, share, importer, at=now)
    ]


def _last_issued(
    entries: Iterable[ledger.Entry], share: PullConsumer, importers: Sequence[str]
) -> int:
    """The time of the newest token to revoke, which may lie ahead of the clock.

    A grant in the second of a revocation is dated after it, and the clock of whoever
    granted may be ahead of this one.
    """
    return max(
        (
            grant.issued
            for grant in ledger.grants(entries, share)
            if EVERYONE in importers or grant.importer in importers
        ),
        default=0,
    )


def _named(store: Store, request: RevokeRequest, known: Iterable[ledger.Entry]) -> tuple[str, ...]:
    """Public keys, of accounts here or elsewhere."""
    found: list[str] = []
    for text in request.importers:
        if len(text) == 56 or nkeys.is_public(text):
            found.append(_account_key(text, known))
        else:
            found.append(store.account(text).claims.sub)
    return tuple(dict.fromkeys(found))


def _account_key(text: str, known: Iterable[ledger.Entry]) -> str:
    try:
        nkeys.parse_public(text, Kind.ACCOUNT)
    except KeyFormatError as error:
        near = get_close_matches(text, {entry.importer for entry in known}, n=1, cutoff=0.9)
        if not near:
            raise
        raise KeyFormatError(str(error), hint=f"did you mean {near[0]}?") from None
    return text


def _doubts(
    store: Store,
    provider: Claims[Account],
    offer: Offered,
    known: Sequence[ledger.Entry],
    request: RevokeRequest,
    importers: Iterable[str],
    damage: str,
) -> Iterable[str]:
    """What a person should know: a key with a slip in it may be a right key, and nobody's."""
    if damage:
        yield f"this is not in the ledger, which is damaged: {damage}"
        return
    if request.everyone or request.expired:
        return
    recorded = {grant.importer for grant in ledger.grants(known, request.share)}
    names = account_names(store)
    recorded |= offer.importers_revoked() | {sub for sub, _ in _holders(store, provider, offer)}
    for importer in importers:
        if importer in recorded:
            continue
        fault = f"no grant of {offer.share} to {names.get(importer, importer)} is on record here"
        if not request.unrecorded:
            raise InputError(
                fault,
                hint=f"jetshare ls --account {quote(provider.name)} shows who holds it; what"
                " another tool granted is revoked with --unrecorded",
            )
        yield f"{fault}: it is revoked all the same"


def _holders(store: Store, provider: Claims[Account], offer: Offered) -> list[tuple[str, Accepted]]:
    """The accounts of this store that import the share, by public key."""
    return [
        (document.claims.sub, held)
        for document in readable_accounts(store)[0]
        for held in accepted_share(document.claims, offer.share, provider.sub)
    ]


def _others(
    store: Store, provider: Claims[Account], share: PullConsumer, importers: Sequence[str]
) -> tuple[str, ...]:
    """Names or keys of importers that keep the share, whose pulls in flight fall silent.

    Those of the ledger, and those accounts of this store that hold it without being in one.
    """
    offer = offered_share(provider, share)
    if offer is None or EVERYONE in importers:
        return ()
    known, _ = _known(store, provider.name)
    recorded = {grant.importer for grant in ledger.grants(known, share)}
    keep = dict.fromkeys(ledger.active(known, share))
    for public, held in _holders(store, provider, offer):
        if public not in recorded and _goes_on(offer, public, held):
            keep[public] = None
    names = account_names(store)
    return tuple(names.get(public, public) for public in keep if public not in importers)


def _goes_on(offer: Offered, importer: str, held: Accepted) -> bool:
    """Whether a share that is held is not revoked, or only in part."""
    ended = offer.ended_at(importer)
    return ended is None or ended < max((term.issued for term in terms(held)), default=0)


def _result(
    store: Store, request: RevokeRequest, provider: Claims[Account], ending: _Ending, now: int
) -> RevokeResult:
    names = account_names(store)
    return RevokeResult(
        share=request.share,
        provider=provider.sub,
        provider_name=provider.name,
        importers=ending.importers,
        at=now,
        changes=changes(provider, ending.after, names),
        push=None,
        proofs=(),
        receipts=(),
        others=_others(store, ending.after, request.share, ending.importers),
        names=names,
        warnings=ending.warnings,
    )
