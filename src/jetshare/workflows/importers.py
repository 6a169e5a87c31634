"""Who imports a share, among the accounts of a store."""

from __future__ import annotations

from jetshare.errors import InputError, NotFound
from jetshare.identity import nkeys
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import Kind
from jetshare.sharing.found import Accepted, accepted_share
from jetshare.sharing.kinds import PullConsumer, check_prefix
from jetshare.store.contract import Store
from jetshare.workflows.accounts import readable_accounts


def find_importers(
    store: Store, share: PullConsumer, importer: str = "", provider: str = ""
) -> list[tuple[Document[Account], Accepted]]:
    """Every account that imports the share, narrowed down to one importer or provider.

    Both are names or public keys. Raises NotFound where there is none.
    """
    documents = [store.account(importer)] if importer else readable_accounts(store)[0]
    key = _provider_key(store, provider)
    found = [
        (document, held)
        for document in documents
        for held in accepted_share(document.claims, share, key)
    ]
    if not found:
        who = store.account(importer).claims.name if importer else "no account in this store"
        verb = "does not import" if importer else "imports"
        whose = f" from {provider}" if provider else ""
        raise NotFound(
            f"{who} {verb} {share}{whose}",
            hint="jetshare ls shows which shares are imported, and by whom",
        )
    return found


def find_importer(
    store: Store, share: PullConsumer, importer: str = "", provider: str = ""
) -> tuple[Document[Account], Accepted]:
    """The one account that imports the share; InputError where several do."""
    found = find_importers(store, share, importer, provider)
    if len(found) > 1:
        names = ", ".join(document.claims.name for document, _ in found)
        raise InputError(
            f"{share} is imported more than once here: {names}",
            hint="choose the account with --account, and the provider with --from",
        )
    return found[0]


def prefix_of(importer: Document[Account], held: Accepted, wanted: str = "") -> str:
    """The API prefix to pull under: ``wanted``, else the one of the import."""
    if wanted:
        return check_prefix(wanted)
    if not held.prefix:
        raise InputError(
            f"{importer.claims.name} imports {held.share} under no prefix",
            hint="an unmapped import of the API makes two accounts answer; accept it again",
        )
    return held.prefix


def _provider_key(store: Store, named: str) -> str | None:
    """A provider may live in a store that is not ours, so its key is enough."""
    if not named:
        return None
    return named if nkeys.is_public(named, Kind.ACCOUNT) else store.account(named).claims.sub
