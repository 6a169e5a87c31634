"""Check a changed document, and sign it with the key that may."""

from __future__ import annotations

from jetshare.errors import InvalidDocument
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims
from jetshare.identity.jwt import Document
from jetshare.identity.validate import validate
from jetshare.store.contract import Edit
from jetshare.workflows.signers import account_document_signer


def checked(before: Claims[Account], after: Claims[Account]) -> Claims[Account]:
    """``after``, or InvalidDocument where the change breaks a rule that was kept before.

    What was wrong already is not this change's fault: an edit must not be refused for
    it, or an account with one bad import could never be mended.
    """
    known = {(found.code, found.text) for found in validate(before, before.iat)}
    broken = [
        found
        for found in validate(after, before.iat)
        if found.severity == "error" and (found.code, found.text) not in known
    ]
    if broken:
        raise InvalidDocument(
            f"account {after.name} would be invalid: {broken[0].text} ({broken[0].path})",
            findings=tuple(broken),
            hint="a server would refuse the whole account; nothing was written",
        )
    return after


def sign_account(editing: Edit, claims: Claims[Account], now: int) -> Document[Account]:
    """Sign an account's claims with the operator's key, or where that is managed
    elsewhere with the account's own."""
    signer = account_document_signer(editing, claims, prefer=claims.iss)
    return jwt.encode(claims, signer, issue_time(claims, now))


def issue_time(before: Claims[Account], now: int) -> int:
    """When the next document of an account says that it was issued: later than the last.

    Servers of a cluster that catch up with one another keep the newer one by ``iat``, so
    of two edits in one second they might keep the first (nats-server ``dirstore.go``).
    """
    return max(now, before.iat + 1)
