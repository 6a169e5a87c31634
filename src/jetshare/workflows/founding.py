"""Found an operator: a store with accounts that can begin at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jetshare.identity.claims import NO_LIMIT, Account, AccountLimits, Claims, Operator
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.config import read_config, write_config
from jetshare.store.contexts import Context, ContextFolder
from jetshare.store.contract import Store
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location
from jetshare.workflows.identities import SYSTEM, make_account, make_operator, make_user

OPERATOR = "OP"
ACCOUNTS = ("ACCTA", "ACCTB", "ACCTC")

_UNLIMITED_JETSTREAM = AccountLimits(
    mem_storage=NO_LIMIT,
    disk_storage=NO_LIMIT,
    streams=NO_LIMIT,
    consumer=NO_LIMIT,
    max_ack_pending=NO_LIMIT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRequest:
    """``url`` is where the servers will be; it is written into the operator's document."""

    operator: str = OPERATOR
    accounts: tuple[str, ...] = ACCOUNTS
    url: str


def found_operator(location: Location, request: FoundRequest, now: int) -> FolderStore:
    """Make an operator with a signing key and SYS, and accounts with JetStream and a user.

    Each account's user has the account's name and is without limits of its own. The
    store appears whole or not at all. Raises StoreError where it is there already.
    """
    operator = KeyPair.generate(Kind.OPERATOR)
    claims = Claims(
        name=request.operator,
        sub=operator.public,
        nats=Operator(account_server_url=request.url, operator_service_urls=(request.url,)),
    )
    with create_store(location, request.operator) as editing:
        make_operator(editing, claims, operator, now=now, signing_key=True, system=True)
        for name in request.accounts:
            if name == SYSTEM:
                continue
            key = KeyPair.generate(Kind.ACCOUNT)
            account = Claims(name=name, sub=key.public, nats=Account(limits=_UNLIMITED_JETSTREAM))
            make_account(editing, account, now=now, key=key)
            make_user(editing, name, name, now=now)
    _select(location, request)
    return open_store(location, request.operator)


def _select(location: Location, request: FoundRequest) -> None:
    """Make the new operator the one that nsc uses, where it uses none yet."""
    known = read_config(location.config)
    if not known.operator:
        root = known.store_root or str(location.stores)
        account = next(iter(request.accounts), "")
        chosen = replace(known, store_root=root, operator=request.operator, account=account)
        write_config(location.config, chosen)


def add_contexts(
    store: Store, location: Location, contexts: ContextFolder, accounts: Sequence[str], url: str
) -> tuple[str, ...]:
    """A nats context for each account; those that were added.

    One of that name that is there stays as it is. A context names no JetStream domain:
    with one, ``nats`` would refuse the API prefix under which a share is imported.
    """
    added = []
    for account in accounts:
        for user in store.users(account)[:1]:
            creds = location.keystore / "creds" / store.name / account / f"{user}.creds"
            context = Context(description=f"{account} of {store.name}", url=url, creds=str(creds))
            if creds.is_file() and contexts.add_if_absent(account, context):
                added.append(account)
    return tuple(added)
