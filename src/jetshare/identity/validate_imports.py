"""Rules of what an account imports, and of the activation tokens in its imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from jetshare.errors import JetshareError
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims, Import
from jetshare.identity.containment import contained
from jetshare.identity.findings import Finding, finding, show
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.subjects import fault, is_contained, local_fault, local_pattern


def check_imports(imports: tuple[Import, ...], importer: str, now: int) -> Iterator[Finding]:
    for index, item in enumerate(imports):
        path = f"nats.imports[{index}]"
        yield from _import(path, item)
        if item.token:
            yield from _token(f"{path}.token", item, importer, now)
    yield from _overlaps(imports)


def check_activation(activation: Activation) -> Iterator[Finding]:
    if activation.kind not in ("stream", "service"):
        yield finding(
            "activation-type",
            "nats.kind",
            f"the activation of {show(activation.subject)} is for neither a stream nor a service",
        )
    if wrong := fault(activation.subject):
        yield finding(
            "activation-subject",
            "nats.subject",
            f"the subject {show(activation.subject)} of the activation {wrong}",
        )
    if activation.issuer_account and not is_public(activation.issuer_account, Kind.ACCOUNT):
        yield finding(
            "activation-issuer-account",
            "nats.issuer_account",
            f"issuer account {show(activation.issuer_account)} of the activation is not an "
            "account's public key",
        )


def _import(path: str, item: Import) -> Iterator[Finding]:
    owner = _name(item)
    if item.type not in ("stream", "service"):
        yield finding("import-type", f"{path}.type", f"{owner} is neither a stream nor a service")
    if item.type == "service" and item.allow_trace:
        yield finding(
            "import-service-trace",
            f"{path}.allow_trace",
            f"{owner} allows traces; only the import of a stream may",
        )
    if item.type != "service" and item.share:
        yield finding(
            "import-stream-share",
            f"{path}.share",
            f"{owner} shares who asks; only the import of a service may",
        )
    if not item.account:
        yield finding("import-account", f"{path}.account", f"{owner} is from no account")
    elif not is_public(item.account, Kind.ACCOUNT):
        yield finding(
            "import-account-key",
            f"{path}.account",
            f"{owner} is from {show(item.account)}, which is not an account's public key",
        )
    if item.to and not item.local_subject:
        yield finding("import-to", f"{path}.to", f"{owner} uses 'to'; use local_subject instead")
    if wrong := fault(item.subject):
        yield finding("import-subject", f"{path}.subject", f"{owner}: the subject {wrong}")
    if item.local_subject:
        yield from _local_subject(f"{path}.local_subject", item)


def _local_subject(path: str, item: Import) -> Iterator[Finding]:
    owner = f"{_name(item)} as {show(item.local_subject)}"
    if wrong := local_fault(item.local_subject, item.subject):
        yield finding("import-local-subject", path, f"{owner}: the local subject {wrong}")
    if item.to:
        yield finding("import-local-subject-to", path, f"{owner} has both local_subject and 'to'")


def _token(path: str, item: Import, importer: str, now: int) -> Iterator[Finding]:
    owner = _name(item)
    try:
        claims = jwt.decode(item.token, Activation).claims
    except JetshareError as error:
        yield finding("import-token", path, f"{owner} holds no activation: {error}")
        return
    activation = claims.nats
    if item.account not in (claims.iss, activation.issuer_account):
        yield finding(
            "import-token-issuer",
            path,
            f"{owner} is from {show(item.account)}, and its token from "
            f"{show(activation.issuer_account or claims.iss)}",
        )
    if claims.sub != importer:
        yield finding(
            "import-token-importer",
            path,
            f"the token of {owner} was made out to {show(claims.sub)}",
        )
    if activation.kind != item.type:
        yield finding(
            "import-token-type",
            path,
            f"the token of {owner} is for a {activation.kind or 'thing without a type'}",
        )
    yield from (replace(found, path=path) for found in check_activation(activation))
    named = item.to if item.type == "service" and item.to else item.subject
    if not is_contained(named, by=activation.subject):
        yield finding(
            "import-token-subject",
            path,
            f"the token of {owner} is for {show(activation.subject)}, which does not cover it",
        )
    yield from _token_times(path, owner, claims, now)


def _token_times(path: str, owner: str, claims: Claims[Activation], now: int) -> Iterator[Finding]:
    if claims.exp and claims.exp <= now:
        yield finding("import-token-expired", path, f"the token of {owner} has expired")
    if claims.nbf > now:
        yield finding("import-token-not-yet-valid", path, f"the token of {owner} is not valid yet")


def _overlaps(imports: tuple[Import, ...]) -> Iterator[Finding]:
    """Within one account alone: of two accounts, either may answer on a subject."""
    by_account: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(imports):
        if item.type == "service":
            by_account[item.account].append(index)
    for indices in by_account.values():
        for inner, outer in contained([_local(imports[index]) for index in indices]):
            one, other = imports[indices[inner]], imports[indices[outer]]
            yield finding(
                "import-overlap",
                f"nats.imports[{indices[inner]}].{_local_field(one)}",
                f"{_name(one)} as {show(_local(one))} overlaps {_name(other)} as "
                f"{show(_local(other))}",
            )


def _local(item: Import) -> str:
    if item.to or not item.local_subject:
        return item.to or item.subject
    return local_pattern(item.local_subject)


def _local_field(item: Import) -> str:
    return "to" if item.to else "local_subject" if item.local_subject else "subject"


def _name(item: Import) -> str:
    return f"{item.type or 'untyped'} import {show(item.subject)}"
