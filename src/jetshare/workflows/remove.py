"""Delete users and accounts, on request with what was made for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jetshare.editing.revocations import revoke_user
from jetshare.editing.signing_keys import publics
from jetshare.editing.terms import set_times
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims
from jetshare.identity.jwt import Document
from jetshare.store.contract import Edit, Store
from jetshare.workflows.signers import account_document_signer

_GRACE_S = 60  # a deleted account's last document says that it ends this soon


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedUser:
    """Whether it was revoked now, and whether there was a key or creds file to remove.

    None where it was not asked for.
    """

    name: str
    public: str
    revoked: bool | None = None
    key: bool | None = None
    creds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """``document`` is the account's, where it changed; of a deleted account, its last."""

    users: tuple[RemovedUser, ...]
    document: Document[Account] | None = None
    keys: tuple[str, ...] = ()


def remove_users(
    store: Store,
    account: str,
    names: Sequence[str],
    *,
    now: int,
    revoke: bool = False,
    keys: bool = False,
    creds: bool = False,
    signer: str = "",
) -> Removed:
    """Delete users. ``revoke`` ends what they hold: a document in their hands stays good."""
    with store.edit() as editing:
        before = editing.account(account).claims
        after, users = _remove_users(
            editing, before, names, now=now, revoke=revoke, keys=keys, creds=creds
        )
        if after == before:
            return Removed(users=tuple(users))
        pair = account_document_signer(editing, after, signer)
        document = jwt.encode(after, pair, now)
        editing.put_account(document)
    return Removed(users=tuple(users), document=document)


def remove_account(
    store: Store,
    account: str,
    *,
    now: int,
    revoke: bool = True,
    keys: bool = False,
    creds: bool = False,
    signer: str = "",
) -> Removed:
    """Delete an account with its users.

    Servers keep what they were given, so a last document is made that revokes the users
    and ends in a minute: push it to end the account there.
    """
    with store.edit() as editing:
        before = editing.account(account).claims
        after, users = _remove_users(
            editing,
            before,
            editing.users(before.name),
            now=now,
            revoke=revoke,
            keys=keys,
            creds=creds,
        )
        pair = account_document_signer(editing, after, signer)
        document = jwt.encode(set_times(after, expires=now + _GRACE_S), pair, now)
        gone = [key for key in (*publics(before), before.sub) if keys and editing.key(key)]
        for public in gone:
            editing.delete_key(public)
        editing.delete_account(before.name)
    return Removed(users=tuple(users), document=document, keys=tuple(gone))


def _remove_users(
    editing: Edit,
    account: Claims[Account],
    names: Sequence[str],
    *,
    now: int,
    revoke: bool,
    keys: bool,
    creds: bool,
) -> tuple[Claims[Account], list[RemovedUser]]:
    removed = []
    for name in dict.fromkeys(names):
        public = editing.user(account.name, name).claims.sub
        revoked = (public not in account.nats.revocations) if revoke else None
        if revoked:
            account = revoke_user(account, public, now)
        had_key = editing.key(public) is not None if keys else None
        had_creds = editing.creds(account.name, name) is not None if creds else None
        editing.delete_user(account.name, name)
        if had_key:
            editing.delete_key(public)
        if had_creds:
            editing.delete_creds(account.name, name)
        removed.append(
            RemovedUser(name=name, public=public, revoked=revoked, key=had_key, creds=had_creds)
        )
    return account, removed
