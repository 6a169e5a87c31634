"""Whether an import fits the export that it is for, where the store holds both.

Servers take a document whose imports reach nothing and say nothing of it; what is
wrong shows later, as silence. So both documents are compared here.
"""

from __future__ import annotations

from jetshare.editing.signing_keys import publics
from jetshare.errors import JetshareError, NotFound
from jetshare.identity import jwt, subjects
from jetshare.identity.claims import Account, Activation, Claims, Export, Import
from jetshare.identity.record import record
from jetshare.store.contract import Store


@record
class PairFault:
    """``code`` is stable; ``text`` names the import and what its export says."""

    code: str
    text: str


def account_faults(store: Store, importer: Claims[Account], now: int) -> list[PairFault]:
    """The faults of all imports of an account."""
    return [
        fault
        for item in importer.nats.imports
        for fault in import_faults(store, importer, item, now)
    ]


def import_faults(
    store: Store, importer: Claims[Account], item: Import, now: int
) -> list[PairFault]:
    """Nothing where the exporter is not in this store: then it cannot be known."""
    try:
        exporter = store.account(item.account).claims
    except NotFound:
        return []
    what = f'{item.type} import "{item.subject}" from {exporter.name}'
    export = _export_of(exporter, item)
    if export is None:
        return [PairFault(code="pair-no-export", text=f"{what}: nothing there is exported so")]
    if export.token_req and not item.token:
        return [
            PairFault(
                code="pair-token-missing",
                text=f"{what}: the export is private, and the import has no activation token",
            )
        ]
    if export.token_req:
        return _token_faults(exporter, export, importer, item, what)
    return _position_faults(export, importer, item, what)


def _export_of(exporter: Claims[Account], item: Import) -> Export | None:
    for export in exporter.nats.exports:
        if export.type == item.type and subjects.is_contained(item.subject, export.subject):
            return export
    return None


def _token_faults(
    exporter: Claims[Account], export: Export, importer: Claims[Account], item: Import, what: str
) -> list[PairFault]:
    try:
        token = jwt.decode(item.token, Activation).claims
    except JetshareError:
        return []  # no token, as validation of the document says
    signers = {exporter.sub, *publics(exporter)}
    if token.iss not in signers:
        return [
            PairFault(
                code="pair-token-signer",
                text=f"{what}: the token was signed by {token.iss}, no key of {exporter.name}",
            )
        ]
    revoked = [
        at
        for who, at in export.revocations.items()
        if who in (importer.sub, "*") and at >= token.iat
    ]
    if revoked:
        text = f"{what}: the activation token was revoked"
        return [PairFault(code="pair-token-revoked", text=text)]
    return []


def _position_faults(
    export: Export, importer: Claims[Account], item: Import, what: str
) -> list[PairFault]:
    """A subject that names an account must name the one that imports."""
    place = export.account_token_position
    tokens = subjects.tokens(item.subject)
    if not place or place > len(tokens) or tokens[place - 1] == importer.sub:
        return []
    text = f"{what}: token {place} of the subject must be {importer.sub}"
    return [PairFault(code="pair-token-position", text=text)]
