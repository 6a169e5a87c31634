"""The keys that the documents of a store speak of, and which of them are held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jetshare.editing.signing_keys import publics
from jetshare.identity import nkeys
from jetshare.identity.nkeys import Kind
from jetshare.identity.record import record
from jetshare.store.contract import Store


@record
class ListedKey:
    """``name`` is of the document that has the key, empty where none here has it.

    ``token`` is that document, for an identity key; ``parent`` the key above it.
    """

    name: str
    public: str
    kind: Kind
    held: bool
    signing: bool = False
    parent: str = ""
    token: str = ""


def list_keys(store: Store, accounts: Sequence[str] | None = None) -> Iterator[ListedKey]:
    """The operator's keys, and each account's (of ``accounts``, or all) with its users'."""
    operator = store.operator()
    claims = operator.claims

    def key(
        name: str,
        public: str,
        kind: Kind,
        *,
        signing: bool = False,
        parent: str = "",
        token: str = "",
    ) -> ListedKey:
        return ListedKey(
            name=name,
            public=public,
            kind=kind,
            held=store.key(public) is not None,
            signing=signing,
            parent=parent,
            token=token,
        )

    yield key(claims.name, claims.sub, Kind.OPERATOR, token=operator.token)
    for public in claims.nats.signing_keys:
        yield key(claims.name, public, Kind.OPERATOR, signing=True)
    for name in store.accounts() if accounts is None else accounts:
        account = store.account(name)
        body, own = account.claims.nats, account.claims.name
        identity = account.claims.sub
        yield key(own, identity, Kind.ACCOUNT, parent=claims.sub, token=account.token)
        for public in publics(account.claims):
            yield key(own, public, Kind.ACCOUNT, signing=True)
        if body.authorization.xkey:
            yield key(own, body.authorization.xkey, Kind.CURVE)
        for user_name in store.users(own):
            user = store.user(own, user_name)
            yield key(user_name, user.claims.sub, Kind.USER, parent=identity, token=user.token)


def unreferenced_keys(store: Store) -> Iterator[ListedKey]:
    """Keys that are held and that no document of this operator speaks of."""
    known = {listed.public for listed in list_keys(store)}
    order = (Kind.OPERATOR, Kind.ACCOUNT, Kind.USER, Kind.CURVE)
    unknown = sorted(set(store.keys()) - known)
    for kind in order:
        for public in unknown:
            if nkeys.is_public(public, kind):
                yield ListedKey(name="", public=public, kind=kind, held=True)
