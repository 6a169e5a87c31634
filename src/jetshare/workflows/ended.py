"""Proofs that a grant ended, from every side that is at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jetshare.editing.revocations import EVERYONE
from jetshare.errors import JetshareError
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.net.connect import connect
from jetshare.net.resolver import Resolver
from jetshare.sharing.found import Accepted, Offered, accepted_share
from jetshare.sharing.kinds import Role
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.sharing.receipt import Witness
from jetshare.store.contract import Store
from jetshare.workflows.accounts import readable_accounts
from jetshare.workflows.hearing import refused_on_each_server
from jetshare.workflows.push import Push
from jetshare.workflows.reach import Reach, system_creds

_INFO_REFUSED = f": {Role.INFO} is refused"
_INVALID = "the server holds the imports for invalid"
_RETURNED = "the resolver returns the revoking document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was seen, the strongest way in which it was, and on which servers."""

    proofs: tuple[Proof, ...]
    witness: Witness
    servers: tuple[str, ...]


async def prove_ended(
    store: Store,
    provider: Document[Account],
    offer: Offered,
    importer: str,
    reach: Reach,
    now: int,
    *,
    recorded: Iterable[str] | None,
    carried: Push,
) -> Ended:
    """Look as each importer of this store that was revoked, as the servers, and as the resolver.

    ``importer`` is a public key or ``*``, which stands for those that are ``recorded`` in the
    ledger as well; None is a ledger that cannot be read, and there may be others. An importer
    whose account is elsewhere can still be seen through the system account: its imports turn
    invalid. A server that did not take the document, as ``carried`` says, goes on, and cannot be
    seen from here.
    """
    watched = _watched(store, provider, offer, importer)
    elsewhere = {*(recorded or ())} if importer == EVERYONE else {importer}
    elsewhere -= {account.claims.sub for account, _ in watched}
    keys = [*dict.fromkeys(account.claims.sub for account, _ in watched), *sorted(elsewhere)]
    on_servers = await _seen_by_servers(store, provider, offer, keys, reach, now)
    invalid = [proof for proof in on_servers if proof.name == _INVALID]
    theirs = replace(reach, creds_named=False)  # what is named speaks for the provider
    refused = [
        await refused_on_each_server(store, account, held, theirs, now) for account, held in watched
    ]
    still_open = any(proof.held is False for each in refused for proof in each)
    all_known = importer != EVERYONE or recorded is not None
    if all_known and not elsewhere and _heard_by_all(refused, invalid):
        witness = Witness.IMPORTER
    elif all_known and all_held(invalid) and carried.complete and not still_open:
        witness = Witness.SERVERS
    elif all_held(on_servers):
        witness = Witness.RESOLVER
    else:
        witness = Witness.NONE
    proofs = (*_taken(carried), *on_servers, *(proof for each in refused for proof in each))
    servers = tuple(dict.fromkeys(proof.server for proof in proofs if proof.server and proof.held))
    return Ended(proofs=proofs, witness=witness, servers=servers)


def _taken(carried: Push) -> list[Proof]:
    """The servers that do not have the document, of which nothing else can be seen."""
    return [
        Proof(
            name="every server took the document",
            side=Side.SERVERS,
            held=False,
            seen=answer.message,
            server=answer.server,
        )
        for answer in carried.answers
        if not answer.ok
    ]


def _heard_by_all(refused: Sequence[Sequence[Proof]], invalid: Sequence[Proof]) -> bool:
    """Whether every importer was looked through, and what it heard can mean one thing only.

    A 503 is also what a consumer gives that is not there. CONSUMER.INFO would answer then,
    and a server knows whether it holds the imports for valid; so one of these is needed.
    """
    return bool(refused) and all(
        bool(each)
        and all(proof.held for proof in each)
        and (all_held(invalid) or any(proof.name.endswith(_INFO_REFUSED) for proof in each))
        for each in refused
    )


def _watched(
    store: Store, provider: Document[Account], offer: Offered, importer: str
) -> list[tuple[Document[Account], Accepted]]:
    """The revoked importers whose accounts this store holds."""
    accounts, _ = readable_accounts(store)
    return [
        (account, held)
        for account in accounts
        if importer in (account.claims.sub, EVERYONE)
        for held in accepted_share(account.claims, offer.share, provider.claims.sub)
    ]


async def _seen_by_servers(
    store: Store,
    provider: Document[Account],
    offer: Offered,
    importers: Iterable[str],
    reach: Reach,
    now: int,
) -> list[Proof]:
    """Through the system account: the resolver's document, and the imports on every server."""
    try:
        async with connect(reach.login(store, system_creds(store, reach, now))) as client:
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            return [
                await _returned(resolver, provider),
                *[
                    proof
                    for key in importers
                    for proof in await _imports_invalid(resolver, provider.claims.sub, offer, key)
                ],
            ]
    except JetshareError as error:
        return [Proof(name=_RETURNED, side=Side.SERVERS, held=None, seen=f"not seen: {error}")]


async def _returned(resolver: Resolver, provider: Document[Account]) -> Proof:
    same = await resolver.lookup(provider.claims.sub) == provider.token
    seen = "it does" if same else "it returns another document"
    return Proof(name=_RETURNED, side=Side.SERVERS, held=same, seen=seen)


async def _imports_invalid(
    resolver: Resolver, provider: str, offer: Offered, importer: str
) -> list[Proof]:
    subjects = {export.subject for _, export in offer.exports}
    proofs = []
    for state in await resolver.accountz(importer):
        imports = [i for i in state.imports if i.account == provider and i.subject in subjects]
        if imports:
            invalid = sum(1 for item in imports if item.invalid)
            proofs.append(
                Proof(
                    name=_INVALID,
                    side=Side.SERVERS,
                    held=invalid == len(imports),
                    seen=f"{invalid} of {len(imports)} imports invalid",
                    server=state.server,
                )
            )
    return proofs
