"""Proofs that a grant ended, from every side that is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jetshare.errors import InputError, JetshareError, KeyNotHeld, NotFound
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.net import probe
from jetshare.net.connect import connect, server_name
from jetshare.net.probe import Heard
from jetshare.net.resolver import Resolver
from jetshare.sharing.edit import EVERYONE
from jetshare.sharing.found import Accepted, Offered, accepted_share, local_subject
from jetshare.sharing.kinds import Role
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.sharing.receipt import Witness
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, account_creds, system_creds

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
) -> Ended:
    """Look as each importer of this store that was revoked, as the servers, and as the resolver.

    ``importer`` is a public key or ``*``. An importer whose account is elsewhere can
    still be seen through the system account: its imports turn invalid.
    """
    watched = _watched(store, provider, offer, importer)
    on_servers = await _seen_by_servers(store, provider, offer, importer, watched, reach, now)
    invalid = [proof for proof in on_servers if proof.name == _INVALID]
    refused: list[Proof] = []
    for account, held in watched:
        refused.extend(await _refused(store, account, held, reach, now))
    if all_held(refused):
        witness = Witness.IMPORTER
    elif all_held(invalid):
        witness = Witness.SERVERS
    elif all_held(on_servers):
        witness = Witness.RESOLVER
    else:
        witness = Witness.NONE
    proofs = (*on_servers, *refused)
    servers = tuple(dict.fromkeys(proof.server for proof in proofs if proof.server))
    return Ended(proofs=proofs, witness=witness, servers=servers)


def _watched(
    store: Store, provider: Document[Account], offer: Offered, importer: str
) -> list[tuple[Document[Account], Accepted]]:
    """The revoked importers whose accounts this store holds."""
    accounts = [store.account(name) for name in store.accounts()]
    return [
        (account, held)
        for account in accounts
        if importer in (account.claims.sub, EVERYONE)
        for held in accepted_share(account.claims, offer.share, provider.claims.sub)
    ]


async def _refused(
    store: Store, account: Document[Account], held: Accepted, reach: Reach, now: int
) -> list[Proof]:
    """What the importer hears on every server: 503 for each subject of the share."""
    try:
        login = reach.login(store, account_creds(store, account, reach, now))
    except (KeyNotHeld, NotFound, InputError):
        return []
    proofs = []
    for url in login.servers:
        async with connect(replace(login, servers=(url,))) as client:
            for role, item in held.imports:
                if role is Role.ACK_V2:
                    continue  # a server that does not know this form was silent before, too
                local = local_subject(item)
                if role is Role.ACK:
                    seen = await probe.ack_reaches(client, local)
                else:
                    seen = await probe.next_reaches(client, local)
                proofs.append(
                    Proof(
                        name=f"{account.claims.name}: {role} is refused",
                        side=Side.IMPORTER,
                        held=seen.heard is Heard.NO_RESPONDERS,
                        seen=seen.describe(),
                        server=server_name(client),
                        took_ms=seen.took_ms,
                    )
                )
    return proofs


async def _seen_by_servers(
    store: Store,
    provider: Document[Account],
    offer: Offered,
    importer: str,
    watched: Sequence[tuple[Document[Account], Accepted]],
    reach: Reach,
    now: int,
) -> list[Proof]:
    """Through the system account: the resolver's document, and the imports on every server."""
    try:
        async with connect(reach.login(store, system_creds(store, reach, now))) as client:
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            keys = [a.claims.sub for a, _ in watched] if importer == EVERYONE else [importer]
            return [
                await _returned(resolver, provider),
                *[p for key in keys for p in await _imports_invalid(resolver, offer, key)],
            ]
    except JetshareError as error:
        return [Proof(name=_RETURNED, side=Side.SERVERS, held=None, seen=f"not seen: {error}")]


async def _returned(resolver: Resolver, provider: Document[Account]) -> Proof:
    same = await resolver.lookup(provider.claims.sub) == provider.token
    seen = "it does" if same else "it returns another document"
    return Proof(name=_RETURNED, side=Side.SERVERS, held=same, seen=seen)


async def _imports_invalid(resolver: Resolver, offer: Offered, importer: str) -> list[Proof]:
    subjects = {export.subject for _, export in offer.exports}
    proofs = []
    for state in await resolver.accountz(importer):
        imports = [item for item in state.imports if item.subject in subjects]
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
