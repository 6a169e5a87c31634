"""Rules of an account's document as a whole, and of the graph that all of them form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from jetshare.identity.claims import Account, Claims, Export
from jetshare.identity.findings import Finding as Fault
from jetshare.identity.subjects import is_contained
from jetshare.identity.validate import validate
from jetshare.sharing.rules.cures import LOAD_AGAIN
from jetshare.sharing.rules.found import at_account
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import as_meant

_CHECK = "nsc validate --account {account}"
_PUSH = "nsc push --account {account}"

EXPORTS_REFUSED = Rule(
    code="JS120",
    title="Servers refuse the document for its exports",
    severity=Severity.ERROR,
    symptom='A push answers 500 ("already exports", "overlapping subject namespace", a limit), or'
    ' every connection of the account gets "Authorization Violation".',
    cause="Exports that contain one another, more of them than the operator allows, wildcards"
    " where it allows none, or a field that no server takes. Until it is mended no other change"
    " of the account reaches the servers either. An export that is made again has none of the"
    " revocations that it had.",
    nsc=("nsc delete export --account {account} --subject {subject}", _CHECK, _PUSH),
    source="nats-io/jwt Exports.Validate; nats-server accounts.go",
    shown="Two exports, one within the other, and more exports than are allowed: the push was"
    " refused with 500; after the cure it was taken.",
)

IMPORTS_REFUSED = Rule(
    code="JS220",
    title="Servers refuse the document for its imports",
    severity=Severity.ERROR,
    symptom='A push answers 500 ("overlapping subject namespace", a limit), or every connection'
    ' of the account gets "Authorization Violation".',
    cause="Local names of one exporter that overlap, a mapping whose two sides do not both end in"
    " >, more imports than the operator allows, or a field that no server takes. What is taken"
    " out of a share by the cure is found missing by the next look.",
    nsc=(
        "nsc delete import --account {account} --src-account {source} --subject {subject}",
        _CHECK,
        _PUSH,
    ),
    source="nats-io/jwt Imports.Validate; nats-server accounts.go",
    shown="A local name without > for a subject with one: the push was refused with 500; after the"
    " cure, and that of what it left missing, the share worked.",
)

REFUSED = Rule(
    code="JS121",
    title="Servers refuse the document",
    severity=Severity.ERROR,
    symptom="A push answers 500, and nothing that was changed since has any effect: not a"
    " revocation either. On servers that do not know the account yet, every connection of it gets"
    ' "Authorization Violation".',
    cause="The account's document breaks a rule that servers check when they load it.",
    nsc=("nsc delete mapping --account {account} --from {subject}", _CHECK, _PUSH),
    source="nats-io/jwt AccountClaims.Validate",
    shown="A mapping with weights of 130 in all, and a revocation made after it: both pushes were"
    " refused and the importer went on pulling; after the cure it got 503.",
)

# What takes away less than the whole export, import or mapping.
_GENTLER = {
    "account-limits-exports": "nsc edit account --name {account} --exports -1",
    "account-limits-imports": "nsc edit account --name {account} --imports -1",
    "account-limits-wildcards": "nsc edit account --name {account} --wildcard-exports",
    "export-threshold": "nsc edit export --account {account} --subject {subject}"
    " --response-threshold 0s",
}
_PLACE = re.compile(r'nats\.(exports|imports|mappings)\[(\d+|"(?:[^"\\]|\\.)*")\]')


def refused(claims: Claims[Account], now: int) -> Iterator[Finding]:
    """What servers look at, without the tokens of imports: JS302 and JS305 say those with the
    share and its cure, and to check their signatures twice takes as long as all the rest."""
    bare = tuple(replace(item, token="") for item in claims.nats.imports)
    for fault in validate(claims.with_nats(imports=bare), now):
        if fault.severity == "error":
            yield _refused(fault, claims)


def _refused(fault: Fault, claims: Claims[Account]) -> Finding:
    rule = _rule_of(fault)
    names = {"account": claims.name, **_named(fault, claims)}
    first, *rest = rule.nsc
    if gentler := _GENTLER.get(fault.code):
        first = gentler
    known = [first] if names.get("subject") or fault.code.startswith("account-limits") else []
    found = at_account(rule, claims, fault.path, fault.text)
    return replace(found, nsc=fill((*known, *rest), names), names=names)


def _named(fault: Fault, claims: Claims[Account]) -> Mapping[str, str]:
    """The subject that a fault is about, and of an import whose it is.

    Of two exports it is the wider one: what it gives beside the other was hardly meant, and
    the other may have revocations.
    """
    contained = fault.code == "export-contained"
    place = _PLACE.match(fault.path)
    if place is None:
        return {}
    key = json.loads(place[2])
    if place[1] == "mappings":
        return {"subject": key} if key in claims.nats.mappings else {}
    if place[1] == "exports":
        export = claims.nats.exports[key]
        return {"subject": _wider(export, claims) if contained else export.subject}
    item = claims.nats.imports[key]
    return {"subject": item.subject, "source": item.account}


def _wider(export: Export, claims: Claims[Account]) -> str:
    held = [one.subject for one in claims.nats.exports if one.type == export.type]
    found = (one for one in held if one != export.subject and is_contained(export.subject, by=one))
    return next(found, export.subject)


def _rule_of(fault: Fault) -> Rule:
    if fault.path.startswith("nats.exports"):
        return EXPORTS_REFUSED
    return IMPORTS_REFUSED if fault.path.startswith("nats.imports") else REFUSED


HALF_PRIVATE = Rule(
    code="JS112",
    title="One subject, exported private as one type and public as the other",
    severity=Severity.WARNING,
    symptom="A token is asked for by one of the two, and everybody gets in by the other.",
    cause="A stream and a service export share their subject, and tools that look an export up"
    " by its subject change only the first of them.",
    nsc=("nsc edit export --account {account} --subject {subject} {type} --private", _PUSH),
    source="nats-io/nsc#686",
    shown="A service that asks for a token and a stream of the same subject that does not: an"
    " account that was granted nothing heard the stream; after the cure it heard nothing.",
)


def half_private(claims: Claims[Account]) -> Iterator[Finding]:
    by_subject: dict[str, list[int]] = {}
    for index, export in enumerate(claims.nats.exports):
        by_subject.setdefault(export.subject, []).append(index)
    for subject, indices in by_subject.items():
        held = [(index, claims.nats.exports[index]) for index in indices]
        if len({export.token_req for _, export in held}) == 2:
            index, public = next(pair for pair in held if not pair[1].token_req)
            text = f"{subject} is private as one type and public as {public.type}"
            path = f"nats.exports[{index}].token_req"
            kind = "--service" if public.type == "service" else "--service=false"
            names = {"account": claims.name, "subject": subject, "type": kind}
            found = at_account(HALF_PRIVATE, claims, path, text, subject=subject)
            yield replace(found, nsc=fill(HALF_PRIVATE.nsc, names), names=names)


CYCLE = Rule(
    code="JS207",
    title="Imports form a cycle",
    severity=Severity.ERROR,
    symptom='"import forms a cycle": the import is dropped and requests get 503.',
    cause="An account imports, by way of others, what it exports itself. Servers from 2.10.17 on"
    " leave such an import out.",
    nsc=(
        "nsc delete import --account {account} --subject {subject}",
        "nsc push --account {account}",
    ),
    source="nats-io/nats-server#5752",
    shown="Two accounts that import one subject from each other: one way round the answer"
    " stayed away; after the cure it came.",
)


_Place = tuple[str, str, str]  # type, account and subject


def cycles(accounts: Mapping[str, Claims[Account]]) -> Iterator[Finding]:
    """Along the imports of services: the local name of one is what the next account imports.

    Each step is a look-up by type, account and subject, so the work grows with the number of
    imports and not with its square.
    """
    next_: dict[_Place, _Place] = {}
    places: dict[_Place, tuple[Claims[Account], int]] = {}
    for claims in accounts.values():
        for index, written in enumerate(claims.nats.imports):
            item = as_meant(written)
            here: _Place = (item.type, claims.sub, item.local_subject)
            next_[here] = (item.type, item.account, item.subject)
            places[here] = (claims, index)
    settled: set[_Place] = set()
    for start in next_:
        path: dict[_Place, None] = {}
        at = start
        while at in next_ and at not in settled and at not in path:
            path[at] = None
            at = next_[at]
        if at in path:
            claims, index = places[at]
            names = [places[step][0].name for step in list(path)[list(path).index(at) :]]
            text = f"{at[2]} leads from {' to '.join([*names, names[0]])}"
            place = f"nats.imports[{index}]"
            subject = claims.nats.imports[index].subject
            found = at_account(CYCLE, claims, place, text, subject=subject)
            # Another account of the circle may have lost its import, and has to be loaded anew.
            again = [line for name in names[1:] for line in fill(LOAD_AGAIN, {"importer": name})]
            yield replace(found, nsc=(*found.nsc, *again))
        settled |= path.keys()


RULES: tuple[Rule, ...] = (EXPORTS_REFUSED, REFUSED, IMPORTS_REFUSED, HALF_PRIVATE, CYCLE)
