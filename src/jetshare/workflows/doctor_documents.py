"""The documents that the doctor looks at: of a store, of loose files, of the servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jetshare.errors import InputError, MalformedToken, StoreError, TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Body, Claims, User
from jetshare.identity.creds import parse_token_file
from jetshare.sharing.ledger import Entry
from jetshare.sharing.rules.shares import Accounts
from jetshare.store.contract import Store
from jetshare.workflows.accounts import readable_accounts
from jetshare.workflows.reach import Reach, system_creds


def from_store(store: Store, now: int) -> Accounts:
    """Every account of a store, with its users and its ledger. A file that cannot be read is
    one of the faults, and stands in nobody's way."""
    documents, damaged = readable_accounts(store)
    faults = list(damaged)
    users: dict[str, tuple[Claims[User], ...]] = {}
    ledgers: dict[str, tuple[Entry, ...]] = {}
    for claims in (document.claims for document in documents):
        held = []
        for name in store.users(claims.name):
            try:
                held.append(store.user(claims.name, name).claims)
            except StoreError as error:
                faults.append(str(error))
        users[claims.sub] = tuple(held)
        try:
            if entries := store.ledger(claims.name):
                ledgers[claims.sub] = entries
        except StoreError as error:
            faults.append(str(error))
    return Accounts(
        claims={document.claims.sub: document.claims for document in documents},
        users=users,
        now=now,
        ledgers=ledgers,
        faults=tuple(faults),
    )


def from_files(texts: Mapping[str, str], now: int) -> Accounts:
    """Accounts and users from what loose files hold, by the files' names, bare or in frames.

    Raises MalformedToken for one that holds no token, and InputError for a token of another
    kind, and for an account that is given twice; each names the file.
    """
    accounts: dict[str, Claims[Account]] = {}
    users: dict[str, tuple[Claims[User], ...]] = {}
    came_from: dict[str, str] = {}
    for name, text in texts.items():
        token, body = _read(name, text)
        if isinstance(body, Account):
            account = jwt.decode(token, Account).claims
            if account.sub in accounts:
                raise InputError(
                    f"{came_from[account.sub]} and {name} are both of account {account.name}",
                    hint="give the one that is in force",
                )
            accounts[account.sub], came_from[account.sub] = account, name
        elif isinstance(body, User):
            user = jwt.decode(token, User).claims
            owner = user.nats.issuer_account or user.iss
            users[owner] = (*users.get(owner, ()), user)
        else:
            kind = type(body).__name__.lower()
            raise InputError(
                f"{name} holds a token of kind {kind}, which is neither an account nor a user",
                hint="give the JWT files of accounts, and of users if they matter",
            )
    return Accounts(claims=accounts, users=users, now=now, stored=False)


async def from_servers(store: Store, reach: Reach, now: int) -> Accounts:
    """The documents that a server holds, with the users and the ledgers that the store has."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    login = reach.login(store, system_creds(store, reach, now))
    async with connect(login) as client:
        tokens = await Resolver(client, timeout_s=reach.timeout_s).pack()
    own = from_store(store, now)
    served = from_files({f"the servers' {key}": token for key, token in tokens.items()}, now)
    return replace(served, users=own.users, ledgers=own.ledgers)


def _read(name: str, text: str) -> tuple[str, Body]:
    """The token in a file, and what it says; every error names the file."""
    try:
        token = parse_token_file(text)
        return token, jwt.decode(token).claims.nats
    except TokenError as error:
        raise MalformedToken(f"{name}: {error}", hint=error.hint) from None
