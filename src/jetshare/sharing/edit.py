"""How a share changes documents: one pure function a change.

Each takes verified claims and gives new claims; signing and storing are the
caller's. What is not asked for is carried over as it was, unknown fields too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jetshare.errors import ShareConflict
from jetshare.identity import jwt, subjects
from jetshare.identity.claims import Account, Activation, Claims, Export, Import
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.sharing.bundle import Bundle
from jetshare.sharing.found import Accepted, Offered, local_subject, remote_subject
from jetshare.sharing.kinds import PullConsumer, Role, SharedSubject


def offer(
    account: Claims[Account], share: PullConsumer, *, public: bool, info: bool
) -> Claims[Account]:
    """Add the exports of ``share`` that are missing, and no others.

    Raises ShareConflict where an export of the account stands in the way: another
    form of the same subject, or one that contains it (the server takes no two).
    """
    wanted = share.subjects(account.sub, info=info)
    services = [export for export in account.nats.exports if export.type == "service"]
    added = [
        Export(
            name=f"{share} {subject.role}",
            subject=subject.subject,
            type="service",
            token_req=not public,
            response_type=subject.response_type,
        )
        for subject in wanted
        if not _exported(services, subject, public=public)
    ]
    if not added:
        return account
    return account.with_nats(exports=(*account.nats.exports, *added))


def _exported(services: Iterable[Export], wanted: SharedSubject, *, public: bool) -> bool:
    for export in services:
        if export.subject == wanted.subject:
            _check_form(export, wanted, public=public)
            return True
        if subjects.is_contained(wanted.subject, export.subject) or subjects.is_contained(
            export.subject, wanted.subject
        ):
            raise ShareConflict(
                f'export "{export.name}" ({export.subject}) overlaps {wanted.subject},'
                " and a server takes no two such exports in one account",
                hint=f'delete the export of "{export.subject}" first, or share it as it is',
            )
    return False


def _check_form(export: Export, wanted: SharedSubject, *, public: bool) -> None:
    if export.token_req == public:
        held, asked = ("private", "public") if export.token_req else ("public", "private")
        raise ShareConflict(
            f"{wanted.subject} is already exported as {held}, and {asked} was asked for",
            hint="delete that export first; importers of it lose access until they accept again",
        )
    if export.account_token_position:
        raise ShareConflict(
            f"the export of {wanted.subject} has an account token position,"
            " with which the server does not check revocations",
            hint="delete that export and grant again",
        )
    if wanted.role is Role.NEXT and export.response_type != wanted.response_type:
        raise ShareConflict(
            f"{wanted.subject} is exported with response type"
            f" {export.response_type or 'Singleton'}: each pull would get one message",
            hint="set the export's response type to Stream, push it, and grant again",
        )


def activate(
    wanted: Iterable[SharedSubject],
    *,
    provider: str,
    importer: str,
    signer: KeyPair,
    now: int,
    expires: int = 0,
    not_before: int = 0,
) -> tuple[Document[Activation], ...]:
    """Sign one activation token a subject, made out to ``importer``.

    ``issuer_account`` names the provider when the signer is one of its signing keys.
    """
    return tuple(
        jwt.encode(
            Claims(
                name=subject.subject,
                sub=importer,
                exp=expires,
                nbf=not_before,
                nats=Activation(
                    subject=subject.subject,
                    kind="service",
                    issuer_account="" if signer.public == provider else provider,
                ),
            ),
            signer,
            now,
        )
        for subject in wanted
    )


def issue_time(offer: Offered | None, importer: str, now: int) -> int:
    """When a new activation for ``importer`` must say that it was issued.

    A token is revoked when its ``iat`` is not after the revocation, so a grant in
    the very second of a revocation has to be dated one second later.
    """
    revoked = offer.revoked_at(importer) if offer else None
    return now if revoked is None else max(now, revoked + 1)


def accept(account: Claims[Account], bundle: Bundle, prefix: str) -> Claims[Account]:
    """Add the imports of a bundle under ``prefix``; a share held already gets the new tokens.

    Raises ShareConflict where a local name is taken by another import.
    """
    imports = list(account.nats.imports)
    for subject, token in bundle.tokens():
        local = subject.local(prefix)
        held = _position(imports, bundle.provider, subject.subject)
        if held is not None:
            _check_same_place(imports[held], local)
            imports[held] = replace(imports[held], token=token)
            continue
        _check_free(imports, subject, local)
        imports.append(
            Import(
                name=f"{bundle.share} {subject.role}",
                subject=subject.subject,
                account=bundle.provider,
                token=token,
                local_subject=local,
                type="service",
            )
        )
    if tuple(imports) == account.nats.imports:
        return account
    return account.with_nats(imports=tuple(imports))


def _position(imports: list[Import], provider: str, subject: str) -> int | None:
    for index, item in enumerate(imports):
        if item.type == "service" and (item.account, remote_subject(item)) == (provider, subject):
            return index
    return None


def _check_same_place(held: Import, local: str) -> None:
    if local_subject(held) != local:
        raise ShareConflict(
            f"{held.subject} is already imported as {local_subject(held)}",
            hint="accept it under the prefix it has, or delete those imports first",
        )


def _check_free(imports: Iterable[Import], subject: SharedSubject, local: str) -> None:
    for item in imports:
        if item.type != "service" or not subjects.overlaps(local_subject(item), local):
            continue
        if subject.role is Role.ACK:
            raise ShareConflict(
                f"{local} is already imported from {item.account}: acknowledgements for one"
                " provider would reach the other",
                hint="two providers with the same stream and consumer names need different"
                " names; ask one of them to rename its consumer",
            )
        raise ShareConflict(
            f'local subject {local} collides with import "{item.name}" ({local_subject(item)})',
            hint="choose another prefix with --prefix",
        )


def drop(account: Claims[Account], held: Accepted) -> Claims[Account]:
    """Take the imports of a share out, all of them together; others of the account stay."""
    gone = [item for _, item in held.imports]
    return account.with_nats(imports=tuple(i for i in account.nats.imports if i not in gone))


def revoke(account: Claims[Account], offer: Offered, until: Mapping[str, int]) -> Claims[Account]:
    """Revoke every subject of a share together, for each importer up to a time of its own.

    ``until`` has the times by importer: what was issued then or earlier ends. Revoking
    some subjects would leave a hand on the consumer: with ACK alone an importer can still
    terminate what it holds, and pull by ``+NXT``. A later revocation stays as it is: an
    earlier time in its place would bring the tokens between the two back.
    """
    subjects_ = {export.subject for _, export in offer.exports}
    exports = tuple(
        replace(export, revocations=_revoked_up_to(export.revocations, until))
        if export.type == "service" and export.subject in subjects_
        else export
        for export in account.nats.exports
    )
    return account.with_nats(exports=exports)


def _revoked_up_to(held: Mapping[str, int], until: Mapping[str, int]) -> dict[str, int]:
    return {**held, **{who: max(at, held.get(who, at)) for who, at in until.items()}}


def withdraw(account: Claims[Account], offer: Offered) -> Claims[Account]:
    """Take the share's exports away, which is how a public share ends."""
    gone = {export.subject for _, export in offer.exports}
    kept = tuple(
        export
        for export in account.nats.exports
        if export.type != "service" or export.subject not in gone
    )
    return account.with_nats(exports=kept)
