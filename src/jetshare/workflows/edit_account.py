"""Change one account's document: read, change, check, sign and store under one lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.identity.record import record
from jetshare.store.contract import Store
from jetshare.workflows.documents import checked, issue_time
from jetshare.workflows.signers import account_document_signer

Change: TypeAlias = Callable[[Claims[Account]], Claims[Account]]


@record
class Edited:
    """An account's document as it was and as it is stored now."""

    before: Document[Account]
    after: Document[Account]

    @property
    def changed(self) -> bool:
        return self.before.token != self.after.token


def edit_account(
    store: Store,
    account: str,
    change: Change,
    *,
    now: int,
    key: str = "",
    keep_signer: bool = False,
    new_keys: Iterable[KeyPair] = (),
) -> Edited:
    """Apply ``change`` to ``account`` (a name or a public key).

    A change that changes nothing writes nothing, unless ``key`` asks for another signer.
    ``keep_signer`` signs with the key that signed before, where that is held.
    ``new_keys`` are stored with the document. Raises InvalidDocument where the change
    breaks a rule, and stores nothing then.
    """
    with store.edit() as editing:
        before = editing.account(account)
        after = checked(before.claims, change(before.claims))
        prefer = before.claims.iss if keep_signer else ""
        signer = account_document_signer(editing, after, key, prefer=prefer)
        for pair in new_keys:
            editing.put_key(pair)
        if after == before.claims and signer.public == before.claims.iss:
            return Edited(before=before, after=before)
        document = jwt.encode(after, signer, issue_time(before.claims, now))
        editing.put_account(document)
    return Edited(before=before, after=document)
