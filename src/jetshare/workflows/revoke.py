"""Revoke: end a grant, and prove on the servers that it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jetshare.errors import InputError, NotFound, StoreDamaged
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import Kind
from jetshare.sharing import edit, ledger, receipt
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.edit import EVERYONE
from jetshare.sharing.found import Offered, accepted_share, offered_share
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
    """``importers`` are names or public keys; ``everyone`` revokes all that were granted."""

    share: PullConsumer
    provider: str
    importers: tuple[str, ...] = ()
    everyone: bool = False
    signing_key: str = ""
    dry_run: bool = False
    push: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeResult:
    """``receipts`` are the texts of the signed records, one for each importer."""

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
        provider = store.account(request.provider)
        offer, importers, after = _edit(store, provider.claims, request, now)
        return _result(request, provider.claims, after, importers, now)
    with store.edit() as editing:
        provider = editing.account(request.provider)
        offer, importers, after = _edit(editing, provider.claims, request, now)
        signer = activation_signer(editing, provider.claims, request.signing_key)
        document = sign_account(editing, after, now)
        editing.put_account(document)
        known, damage = _known(editing, provider.claims.name)
        if not damage:
            endings = [
                entry
                for importer in importers
                for entry in ledger.revoked(known, request.share, importer, at=now)
            ]
            editing.append_ledger(provider.claims.name, endings)
    outcome = _result(request, provider.claims, after, importers, now)
    outcome = replace(
        outcome,
        others=_others(store, after, request.share, importers),
        names=account_names(store),
        warnings=(f"this is not in the ledger, which is damaged: {damage}",) if damage else (),
    )
    if not request.push:
        return outcome
    carried = await push(store, [document], reach, now)
    outcome = replace(outcome, push=carried)
    if carried.problem:
        return outcome  # nothing was carried, so there is nothing to see yet
    from jetshare.workflows.ended import prove_ended

    receipts = []
    proofs: list[Proof] = []
    for importer in importers:
        ended = await prove_ended(store, document, offer, importer, reach, now)
        proofs.extend(ended.proofs)
        text = receipt.make(
            request.share,
            provider=provider.claims.sub,
            provider_name=provider.claims.name,
            importer=importer,
            at=now,
            witness=ended.witness,
            servers=ended.servers,
            proofs=ended.proofs,
            signer=signer,
            now=now,
        )
        receipts.append((importer, ended.witness, text))
    return replace(outcome, proofs=tuple(proofs), receipts=tuple(receipts))


def _edit(
    store: Store, provider: Claims[Account], request: RevokeRequest, now: int
) -> tuple[Offered, tuple[str, ...], Claims[Account]]:
    offer = offered_share(provider, request.share)
    if offer is None:
        raise NotFound(
            f"{provider.name} does not offer {request.share}",
            hint=f"jetshare ls --account {provider.name} shows what it offers",
        )
    if offer.public:
        if not request.everyone:
            raise InputError(
                f"{request.share} is public: there is no token of one importer to revoke",
                hint="withdraw it from everyone with --all, and grant it privately",
            )
        return offer, (EVERYONE,), checked(provider, edit.withdraw(provider, offer))
    importers = (EVERYONE,) if request.everyone else _importers(store, request)
    known, _ = _known(store, provider.name)
    at = max(now, _last_issued(known, request.share, importers))
    return offer, importers, checked(provider, edit.revoke(provider, offer, importers, at))


def _known(store: Store, provider: str) -> tuple[tuple[ledger.Entry, ...], str]:
    """The ledger, or none of it and what is wrong with it: a revocation must not wait
    until a file is mended."""
    try:
        return store.ledger(provider), ""
    except StoreDamaged as error:
        return (), str(error)


def _last_issued(
    entries: Sequence[ledger.Entry], share: PullConsumer, importers: Sequence[str]
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


def _importers(store: Store, request: RevokeRequest) -> tuple[str, ...]:
    """Public keys. One that no ledger knows is no error: other tools grant too."""
    if not request.importers:
        raise InputError(
            "nobody is named to revoke", hint="name an account with --to, or use --all"
        )
    found: list[str] = []
    for text in request.importers:
        if len(text) == 56 or nkeys.is_public(text):
            nkeys.parse_public(text, Kind.ACCOUNT)
            public = text
        else:
            public = store.account(text).claims.sub
        found.append(public)
    return tuple(dict.fromkeys(found))


def _others(
    store: Store, provider: Claims[Account], share: PullConsumer, importers: Sequence[str]
) -> tuple[str, ...]:
    """Names or keys of importers that keep the share, whose pulls in flight fall silent.

    Those of the ledger, and those accounts of this store that hold it without being in one.
    """
    offer = offered_share(provider, share)
    if offer is None or EVERYONE in importers:
        return ()
    documents, _ = readable_accounts(store)
    names = {document.claims.sub: document.claims.name for document in documents}
    known, _ = _known(store, provider.name)
    keep = list(ledger.active(known, share))
    recorded = {grant.importer for grant in ledger.grants(known, share)}
    keep += [
        public
        for document in documents
        if (public := document.claims.sub) not in recorded
        and offer.revoked_at(public) is None
        and accepted_share(document.claims, share, provider.sub)
    ]
    return tuple(names.get(public, public) for public in keep if public not in importers)


def _result(
    request: RevokeRequest,
    before: Claims[Account],
    after: Claims[Account],
    importers: tuple[str, ...],
    now: int,
) -> RevokeResult:
    return RevokeResult(
        share=request.share,
        provider=before.sub,
        provider_name=before.name,
        importers=importers,
        at=now,
        changes=changes(before, after),
        push=None,
        proofs=(),
        receipts=(),
        others=(),
        names={},
    )
