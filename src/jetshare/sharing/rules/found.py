"""From a rule and a share to a finding, with the real names in its cure."""

from __future__ import annotations

from jetshare.identity.claims import Account, Claims
from jetshare.sharing.rules.cures import ACTIVATE, IMPORT, IMPORT_PUBLIC
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Fix, Rule, fill
from jetshare.sharing.rules.shares import Kind, Offer, Offered, Take, Taken

_SERVICE = " --service"  # in nsc's words; without it a stream is meant
_FIX = "jetshare doctor {share} --account {account} --fix"


def at_offer(
    rule: Rule,
    share: Offered,
    offer: Offer | None,
    text: str,
    *,
    fix: Fix | None = None,
    subject: str = "",
) -> Finding:
    """A finding in the provider's document; ``offer`` is None for an export that is missing,
    and ``subject`` is then what it would be of."""
    provider = share.provider
    names = _names(share.name, share.key) | {
        "provider": provider.name,
        "provider_key": provider.sub,
        "account": provider.name,
    }
    if offer is not None:
        subject = offer.export.subject
    elif fix is not None and fix.added is not None:
        subject = fix.added.subject
    names["subject"] = subject
    return Finding(
        code=rule.code,
        severity=rule.severity,
        share=share.name,
        account=provider.name,
        key=provider.sub,
        path=offer.path if offer else "nats.exports",
        text=text,
        cure=fill(_commands(rule, share.kind, fix), names),
        nsc=fill(rule.nsc, names),
        fix=fix,
        parties=(provider.sub,),
    )


def at_take(
    rule: Rule,
    share: Taken,
    take: Take | None,
    text: str,
    *,
    fix: Fix | None = None,
    subject: str = "",
    local: str = "",
    at_provider: Offer | None = None,
    field: str = "",
    user: str = "",
    whole: str = "",
) -> Finding:
    """A finding in the importer's document, or with ``at_provider`` in the provider's one.

    With ``whole`` (the provider's name) it is the provider's to mend, and of no one place.

    ``subject`` and ``local`` name what the cure is about, where ``take`` does not.
    """
    importer = share.importer
    names = _names(share.name, share.key) | {
        "provider": share.provider_name,
        "provider_key": share.provider_key,
        "importer": importer.name,
        "importer_key": importer.sub,
        "account": importer.name,
        "prefix": share.prefix,
        "share_file": f"{'-'.join(filter(None, share.key))}.tok",
        "user": user,
        "bundle": f"{'-'.join(filter(None, share.key))}-{importer.name}.share",
        "subject": subject or (take.item.subject if take else ""),
        "local": local or (_proper_local(share, take) if take else ""),
    }
    account, path = importer, f"{take.path if take else 'nats.imports'}"
    if at_provider is not None and share.provider is not None:
        account, path = share.provider, at_provider.path
    service = "" if take and take.item.type == "stream" and not take.piece.tail else _SERVICE
    where = (account.name, account.sub, f"{path}.{field}" if field else path)
    if whole:
        where = (whole, share.provider_key, "")
    names["account"] = where[0]
    return Finding(
        code=rule.code,
        severity=rule.severity,
        share=share.name,
        account=where[0],
        key=where[1],
        path=where[2],
        text=text,
        cure=fill(_commands(rule, share.kind, fix), names),
        nsc=fill(tuple(line.replace(_SERVICE, service) for line in _lines(rule, take, fix)), names),
        fix=fix,
        parties=(share.provider_key, importer.sub),
    )


def at_account(
    rule: Rule, claims: Claims[Account], path: str, text: str, *, subject: str = ""
) -> Finding:
    """A finding that is not about one share."""
    names = {"account": claims.name, "subject": subject}
    return Finding(
        code=rule.code,
        severity=rule.severity,
        share="",
        account=claims.name,
        key=claims.sub,
        path=path,
        text=text,
        cure=fill(rule.cure, names),
        nsc=fill(rule.nsc, names),
        parties=(claims.sub,),
    )


def proper_local(share: Taken, part: Part, tail: str, subject: str) -> str:
    """The local name that a piece should have."""
    if part in (Part.ACK, Part.ACK_V2, Part.FC, Part.FC_V2) or not tail:
        return subject
    return f"{share.prefix}.{tail}"


def _proper_local(share: Taken, take: Take) -> str:
    return proper_local(share, take.piece.part, take.piece.tail, take.item.subject)


def _commands(rule: Rule, kind: Kind, fix: Fix | None) -> tuple[str, ...]:
    """A grant is of pull consumers only; what else is shared is mended with nsc."""
    if fix is not None:
        return (_FIX,)
    return rule.cure if kind is Kind.PULL else ()


def _lines(rule: Rule, take: Take | None, fix: Fix | None) -> tuple[str, ...]:
    """The rule's commands of nsc; an import of a public export is made without a token."""
    public = take is not None and take.offer is not None and not take.offer.export.token_req
    if not public and (fix is None or fix.added is None):
        return rule.nsc
    return tuple(IMPORT_PUBLIC if line == IMPORT else line for line in rule.nsc if line != ACTIVATE)


def _names(name: str, key: tuple[str, str]) -> dict[str, str]:
    return {"share": name, "stream": key[0], "consumer": key[1]}
