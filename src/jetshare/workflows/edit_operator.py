"""Change the operator's document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from jetshare.errors import InputError, InvalidDocument
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.identity.validate import validate
from jetshare.store.contract import Edit, Store
from jetshare.workflows.signers import account_document_signer, operator_document_signer


def edit_operator(
    store: Store,
    change: Callable[[Claims[Operator]], Claims[Operator]],
    *,
    now: int,
    key: str = "",
    new_keys: Iterable[KeyPair] = (),
) -> tuple[Document[Operator], Document[Operator]]:
    """The document before and after. Raises InvalidDocument, and InputError where signing
    keys are asked to be required while something is signed by an identity. ``new_keys``
    are stored with the document.
    """
    with store.edit() as editing:
        before = editing.operator()
        after = change(before.claims)
        _check(before.claims, after, now)
        if after.nats.strict_signing_key_usage and not before.claims.nats.strict_signing_key_usage:
            _check_all_signed_by_signing_keys(editing, after)
        if after == before.claims and not key:
            return before, before
        for pair in new_keys:
            editing.put_key(pair)
        document = jwt.encode(after, operator_document_signer(editing, after, key), now)
        editing.put_operator(document)
    return before, document


def _check(before: Claims[Operator], after: Claims[Operator], now: int) -> None:
    known = {(found.code, found.text) for found in validate(before, now)}
    for found in validate(after, now):
        if found.severity == "error" and (found.code, found.text) not in known:
            raise InvalidDocument(found.text, findings=(found,))


def _check_all_signed_by_signing_keys(editing: Edit, operator: Claims[Operator]) -> None:
    for name in editing.accounts():
        account = editing.account(name).claims
        if account.iss == operator.sub:
            raise InputError(
                f'account "{name}" needs to be issued with a signing key first',
                hint=f"nsc edit account {name} -K SIGNING_KEY signs it anew",
            )
        for user in editing.users(name):
            if editing.user(name, user).claims.iss == account.sub:
                raise InputError(
                    f'user "{user}" in account "{name}" needs to be issued with a signing'
                    " key first",
                    hint=f"nsc edit user {user} --account {name} -K SIGNING_KEY signs it anew",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissued:
    """``old`` is the identity before; ``signed`` and ``kept`` are names of accounts."""

    old: str
    signed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def reissue_operator(
    store: Store, identity: KeyPair, *, now: int, keep_old: bool = False
) -> Reissued:
    """Give the operator a new identity, and sign anew what the old one signed.

    ``keep_old`` makes the old identity a signing key instead, so that nothing need be
    signed anew. Servers must be given the new operator either way.
    """
    if store.managed:
        raise InputError("resign is only supported in non managed stores")
    with store.edit() as editing:
        before = editing.operator().claims
        keys = before.nats.signing_keys
        after = replace(before, sub=identity.public)
        if keep_old:
            after = after.with_nats(signing_keys=(*keys, before.sub))
        elif before.nats.strict_signing_key_usage and not keys:
            raise InputError(
                "resign of strict operator is only supported with signing keys present"
            )
        editing.put_key(identity)
        editing.put_operator(jwt.encode(after, identity, now))
        signed, kept = ([], []) if keep_old else _sign_anew(editing, before.sub, now)
    return Reissued(old=before.sub, signed=tuple(signed), kept=tuple(kept))


def _sign_anew(editing: Edit, old: str, now: int) -> tuple[list[str], list[str]]:
    signed, kept = [], []
    for name in editing.accounts():
        account = editing.account(name).claims
        if account.iss != old:
            kept.append(name)
            continue
        editing.put_account(jwt.encode(account, account_document_signer(editing, account), now))
        signed.append(name)
    return signed, kept
