"""One activation token: for one importer, and one subject of a private export."""

from __future__ import annotations

from jetshare.editing.exports import covering_export
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims, Export
from jetshare.identity.jwt import Document
from jetshare.identity.record import record
from jetshare.store.contract import Store
from jetshare.workflows.signers import activation_signer


@record
class Activated:
    token: Document[Activation]
    export: Export


def activate(
    store: Store,
    account: str,
    *,
    importer: str,
    now: int,
    subject: str = "",
    kind: str = "",
    start: int = 0,
    expires: int = 0,
    key: str = "",
) -> Activated:
    """Sign a token with a key of the exporting account, and with no other.

    A token is revoked when it was issued at a revocation's second or before, so one for
    an importer that was just revoked is dated a second later.
    """
    claims = store.account(account).claims
    export = covering_export(claims, subject, kind, private=True)
    signer = activation_signer(store, claims, key)
    revoked = [at for who, at in export.revocations.items() if who in (importer, "*")]
    token = jwt.encode(
        Claims(
            name=subject or export.subject,
            sub=importer,
            nbf=start,
            exp=expires,
            nats=Activation(
                subject=subject or export.subject,
                kind=export.type,
                issuer_account="" if signer.public == claims.sub else claims.sub,
            ),
        ),
        signer,
        max([now, *(at + 1 for at in revoked)]),
    )
    return Activated(token=token, export=export)
