"""From a rule and a share to a finding, with the real names in its cure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from jetshare.identity.claims import Account, Claims, Import
from jetshare.sharing.rules.cures import (
    ACTIVATE,
    EXPORT_NEXT,
    EXPORT_SERVICE,
    GRANT_AGAIN,
    IMPORT,
    IMPORT_PUBLIC,
)
from jetshare.sharing.rules.pieces import Part, piece_of
from jetshare.sharing.rules.rule import Finding, Fix, Rule, fill, once
from jetshare.sharing.rules.shares import Kind, Offer, Offered, Take, Taken

_SERVICE = " --service"  # in nsc's words; without it a stream is meant
_EXPORT = "nsc add export "
_ENDLESS = re.compile(r" --(expires|expiry) \{end\}")
_FIX = "jetshare doctor {share} --account {account} --fix"
_FIX_ALL = "jetshare doctor --account {account} --fix"


def at_offer(
    rule: Rule,
    share: Offered,
    offer: Offer | None,
    text: str,
    *,
    fix: Fix | None = None,
    subject: str = "",
    more: Mapping[str, str] | None = None,
) -> Finding:
    """A finding in the provider's document; ``offer`` is None for an export that is missing,
    and ``subject`` is then what it would be of. ``more`` are names that this rule's commands
    alone have."""
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
    names |= {"subject": subject, **(more or {})}
    return Finding(
        code=rule.code,
        severity=rule.severity,
        share=share.name,
        account=provider.name,
        key=provider.sub,
        path=offer.path if offer else "nats.exports",
        text=text,
        cure=fill(_commands(rule, share, fix), names),
        nsc=fill(_lines(rule, share, None, fix, subject), names),
        fix=fix,
        parties=(provider.sub,),
        names=names,
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
    whole: str = "",
    every: Sequence[Take] = (),
    more: Mapping[str, str] | None = None,
) -> Finding:
    """A finding in the importer's document, or with ``at_provider`` in the provider's one.

    With ``whole`` (the provider's name) it is the provider's to mend, and of no one place.
    It is about each of ``every``, where that is given, and so are nsc's commands that name a
    subject.

    ``subject`` and ``local`` name what the cure is about, where ``take`` does not; ``more``
    are names that this rule's commands alone have.
    """
    importer = share.importer
    names = _names(share.name, share.key) | {
        "provider": share.provider_name,
        "provider_key": share.provider_key,
        "importer": importer.name,
        "importer_key": importer.sub,
        "whom": share.whom,
        "end": share.end,
        "account": importer.name,
        "prefix": share.prefix,
        "share_file": f"{'-'.join(filter(None, share.key))}.tok",
        "bundle": f"{'-'.join(filter(None, share.key))}-{importer.name}.share",
        "subject": subject or (take.item.subject if take else ""),
        "local": local or (_proper_local(share, take) if take else ""),
    }
    names |= more or {}
    account, path = importer, f"{take.path if take else 'nats.imports'}"
    if at_provider is not None and share.provider is not None:
        account, path = share.provider, at_provider.path
    where = (account.name, account.sub, f"{path}.{field}" if field else path)
    if whole:
        where = (whole, share.provider_key, "")
    names["account"] = where[0]
    lines = _filled(rule, share, take, fix, names)
    if every:
        each = [_filled(rule, share, one, fix, names | _names_of(share, one)) for one in every]
        lines = once([line for filled in each for line in filled])
    held = [one.offer if at_provider else one for one in every]
    places = tuple(f"{one.path}.{field}" if field else one.path for one in held if one)
    return Finding(
        code=rule.code,
        severity=rule.severity,
        share=share.name,
        account=where[0],
        key=where[1],
        path=where[2],
        text=text,
        cure=fill(_lasting(_commands(rule, share, fix), names["end"]), names),
        nsc=lines,
        fix=fix,
        parties=(share.provider_key, importer.sub),
        names=names,
        places=places,
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
        names=names,
    )


def listed(takes: Iterable[Take]) -> str:
    """What is imported, by its part in the share where there are several."""
    held = list(takes)
    if len(held) == 1:
        return held[0].item.subject
    parts = (t.item.subject if t.piece.part is Part.OTHER else str(t.piece.part) for t in held)
    return ", ".join(dict.fromkeys(parts))


def grant_again(found: Finding) -> tuple[str, ...]:
    """A grant made again, where the share is not of the kind that says so by itself."""
    return fill(_lasting(GRANT_AGAIN, found.names["end"]), found.names)


def proper_local(share: Taken, part: Part, tail: str, subject: str) -> str:
    """The local name that a piece should have."""
    if part in (Part.ACK, Part.ACK_V2, Part.FC, Part.FC_V2) or not tail:
        return subject
    return f"{share.prefix}.{tail}"


def _proper_local(share: Taken, take: Take) -> str:
    return proper_local(share, take.piece.part, take.piece.tail, take.item.subject)


def _names_of(share: Taken, take: Take) -> dict[str, str]:
    """The names that are of one import, in commands that are given for each of several."""
    issued = str(take.activation.iat) if take.activation else ""
    local = _proper_local(share, take)
    return {"subject": take.item.subject, "local": local, "issued": issued}


def _filled(
    rule: Rule, share: Taken, take: Take | None, fix: Fix | None, names: Mapping[str, str]
) -> tuple[str, ...]:
    """The rule's commands of nsc about one import, or about what is missing."""
    service = "" if take and take.item.type == "stream" and not take.piece.tail else _SERVICE
    lines = _lines(rule, share, take, fix, names["subject"])
    return fill(_lasting((line.replace(_SERVICE, service) for line in lines), names["end"]), names)


def _lasting(lines: Iterable[str], end: str) -> tuple[str, ...]:
    """The commands that make a grant again, without the end where there was none."""
    return tuple(lines) if end else tuple(_ENDLESS.sub("", line) for line in lines)


def _commands(rule: Rule, share: Offered | Taken, fix: Fix | None) -> tuple[str, ...]:
    """A grant is of pull consumers only; what else is shared is mended with nsc. A share
    without a consumer has no name that a command line takes."""
    if fix is not None:
        return (_FIX if share.key[1] else _FIX_ALL,)
    return rule.cure if share.kind is Kind.PULL else ()


def _lines(
    rule: Rule, share: Offered | Taken, take: Take | None, fix: Fix | None, subject: str
) -> tuple[str, ...]:
    """The rule's commands of nsc, as this share needs them: NEXT has its response type, and
    what is public is exported without --private, and imported without a token."""
    lines = rule.nsc
    if piece_of(subject).part is Part.NEXT:
        lines = tuple(EXPORT_NEXT if line == EXPORT_SERVICE else line for line in lines)
    if not _is_public(share, take, fix):
        return lines
    return tuple(
        line.replace(" --private", "") if line.startswith(_EXPORT) else line
        for line in (IMPORT_PUBLIC if line == IMPORT else line for line in lines)
        if line != ACTIVATE
    )


def _is_public(share: Offered | Taken, take: Take | None, fix: Fix | None) -> bool:
    """Whether no token is asked for what the commands are about: by its own export, else by
    all the others of the share."""
    if take is not None and take.offer is not None:
        return not take.offer.export.token_req
    if fix is not None and isinstance(fix.added, Import):
        return True
    offered = share.offered if isinstance(share, Taken) else share
    return offered is not None and not any(offer.export.token_req for offer in offered.offers)


def _names(name: str, key: tuple[str, str]) -> dict[str, str]:
    return {"share": name, "stream": key[0], "consumer": key[1]}
