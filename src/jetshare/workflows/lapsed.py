"""Imports whose activations end while a server holds them.

A server goes on with such an import until it takes the account anew, and it takes no
document twice. Signing the importer's document again, with nothing in it changed, is
enough: the server builds the imports from it, and leaves out what is over. That touches
the importer alone, where a change of the provider would cut off the pulls in flight of
every importer.
"""

from __future__ import annotations

from jetshare.errors import TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims
from jetshare.store.contract import Store
from jetshare.workflows.documents import issue_time
from jetshare.workflows.signers import operators_signer


def next_end(account: Claims[Account], after: int) -> int:
    """When the next of the account's activations ends, in Unix seconds; 0 for never."""
    return min((at for at in _ends(account) if at > after), default=0)


def sign_anew(store: Store, account: str, now: int) -> None:
    """Sign an account's document as it is. Raises KeyNotHeld where that is not ours to do.

    With the account's own key, as in a managed store, servers would refuse it, and the
    operator's signature would be gone from the store.
    """
    with store.edit() as editing:
        held = editing.account(account).claims
        signer = operators_signer(editing, prefer=held.iss)
        editing.put_account(jwt.encode(held, signer, issue_time(held, now)))


def _ends(account: Claims[Account]) -> list[int]:
    found = []
    for item in account.nats.imports:
        try:
            found.append(jwt.decode(item.token, Activation).claims.exp)
        except TokenError:
            continue  # none, or a URL
    return found
