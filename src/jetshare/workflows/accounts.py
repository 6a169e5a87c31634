"""The accounts of a store, where one damaged file must not stand in the way of the rest."""

from __future__ import annotations

from jetshare.errors import StoreDamaged
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.store.contract import Store


def readable_accounts(store: Store) -> tuple[list[Document[Account]], tuple[str, ...]]:
    """Every account that can be read, and what is wrong with those that cannot."""
    documents: list[Document[Account]] = []
    faults: list[str] = []
    for name in store.accounts():
        try:
            documents.append(store.account(name))
        except StoreDamaged as error:
            faults.append(str(error))
    return documents, tuple(faults)


def account_names(store: Store) -> dict[str, str]:
    """The names of the accounts that can be read, by public key."""
    documents, _ = readable_accounts(store)
    return {document.claims.sub: document.claims.name for document in documents}
