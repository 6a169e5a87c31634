"""An account's imports."""

from __future__ import annotations

from jetshare.errors import InputError, NotFound, ShareConflict, WrongRecipient
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, Import
from jetshare.identity.jwt import Document


def from_activation(
    importer: Claims[Account],
    activation: Document[Activation],
    now: int,
    *,
    name: str = "",
    local_subject: str = "",
    share: bool = False,
    allow_trace: bool = False,
) -> Import:
    """The import that ``activation`` allows to ``importer``, with the token within.

    A service that gets no local subject gets the remote one, as from nsc. Raises
    WrongRecipient, TokenExpired and TokenNotYetValid: a server drops such an import.
    """
    claims = activation.claims
    if claims.sub != importer.sub:
        raise WrongRecipient(
            f'activation is not intended for this account - it is for "{claims.sub}"',
            hint=f"ask the exporter for a token for {importer.name} ({importer.sub})",
        )
    jwt.check_time(claims, now)
    grant = claims.nats
    service = grant.kind == "service"
    return Import(
        name=name or claims.name or grant.subject,
        subject=grant.subject,
        account=grant.issuer_account or claims.iss,
        token=activation.token,
        local_subject=local_subject or (grant.subject if service else ""),
        type=grant.kind,
        share=share,
        allow_trace=allow_trace,
    )


def add_import(account: Claims[Account], new: Import) -> Claims[Account]:
    """Add an import. Raises ShareConflict where the account has it already, or is the exporter."""
    if new.account == account.sub:
        raise ShareConflict(
            "export issuer is this account", hint="an account reaches its own subjects as they are"
        )
    if new.share and new.type != "service":
        raise InputError("only services can set the share property")
    for held in account.nats.imports:
        if (held.type, held.account, held.subject) == (new.type, new.account, new.subject):
            raise ShareConflict(
                f'account already imports {new.type} "{new.subject}" from {new.account}',
                hint="delete that import first: nsc delete import",
            )
    return account.with_nats(imports=(*account.nats.imports, new))


def delete_import(account: Claims[Account], held: Import) -> Claims[Account]:
    imports = tuple(each for each in account.nats.imports if each is not held)
    return account.with_nats(imports=imports)


def find_import(account: Claims[Account], subject: str, source: str = "", kind: str = "") -> Import:
    """The import of ``subject`` (from ``source``); without a subject, the only one there is."""
    imports = tuple(item for item in account.nats.imports if kind in ("", item.type))
    if not imports:
        raise NotFound(f'account "{account.name}" doesn\'t have imports')
    if not subject and not source and len(imports) == 1:
        return imports[0]
    if not subject:
        raise InputError("subject is required", hint=_listing(imports))
    found = [item for item in imports if item.subject == subject and source in ("", item.account)]
    if not found:
        where = f" from account {source}" if source else ""
        raise NotFound(f'no import matching "{subject}" found{where}', hint=_listing(imports))
    sources = sorted({item.account for item in found})
    if len(sources) > 1:
        raise InputError(
            f'more than one import "{subject}" found - specify --src-account with one of'
            f" {', '.join(sources)}"
        )
    if len(found) > 1:
        raise InputError(
            f'"{subject}" is imported as a stream and as a service',
            hint="say which one is meant: --service, or --service=false for the stream",
        )
    return found[0]


def _listing(imports: tuple[Import, ...]) -> str:
    return f"there are: {', '.join(item.subject for item in imports)}"
