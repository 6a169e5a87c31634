"""When the documents of a store end."""

from __future__ import annotations

from collections.abc import Iterator

from jetshare.errors import TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, User
from jetshare.identity.record import record
from jetshare.store.contract import Store


@record
class Expiration:
    """``at`` is Unix seconds, 0 for never. ``creds`` names account and user of a creds
    file, whose token may be older than the user's document.
    """

    resource: str
    public: str
    at: int
    creds: tuple[str, str] | None = None


def expirations(store: Store) -> Iterator[Expiration]:
    """The operator, and each account with its activation tokens, users and their creds."""
    operator = store.operator().claims
    yield Expiration(resource=operator.name, public=operator.sub, at=operator.exp)
    for name in store.accounts():
        account = store.account(name).claims
        where = f"{operator.name}/{name}"
        yield Expiration(resource=where, public=account.sub, at=account.exp)
        yield from _activations(where, account)
        for user_name in store.users(name):
            user = store.user(name, user_name).claims
            yield Expiration(resource=f"{where}/{user_name}", public=user.sub, at=user.exp)
            yield from _creds(store, name, user_name)


def _activations(where: str, account: Claims[Account]) -> Iterator[Expiration]:
    for item in account.nats.imports:
        if not item.token:
            continue
        try:
            token = jwt.decode(item.token, Activation).claims
        except TokenError:
            continue  # a URL, which says nothing here
        resource = f"{where} import {item.name or item.subject}"
        yield Expiration(resource=resource, public=token.iss, at=token.exp)


def _creds(store: Store, account: str, user: str) -> Iterator[Expiration]:
    held = store.creds(account, user)
    if held:
        claims = jwt.decode(held.jwt, User).claims
        yield Expiration(resource="", public=claims.sub, at=claims.exp, creds=(account, user))
