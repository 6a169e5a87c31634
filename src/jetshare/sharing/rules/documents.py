"""Rules of an account's document as a whole, and of the graph that all of them form."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from jetshare.identity.claims import Account, Claims, Export
from jetshare.identity.findings import Finding as Fault
from jetshare.identity.subjects import is_contained
from jetshare.identity.validate import validate
from jetshare.sharing.rules.cures import LOAD_AGAIN
from jetshare.sharing.rules.found import at_account
from jetshare.sharing.rules.remaking import remade
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import Offer, as_meant, offers_of

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
    shown="Two exports, one within the other, more exports than are allowed, and one with a"
    " wildcard where none is allowed: the push was refused with 500, and where a server had the"
    " document from its start nobody could log in (Authorization Violation); after the cure the"
    " push was taken, and clients were let in.",
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
    " cure, and that of what it left missing, the share worked. A server that had such a document"
    " from its start, or one with more imports than are allowed, let nobody log in (Authorization"
    " Violation); after the cure it did.",
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
    " refused and the importer went on pulling; after the cure it got 503. A server that had such a"
    " document from its start let nobody log in (Authorization Violation); after the cure it did.",
)

OUT_OF_TIME = Rule(
    code="JS122",
    title="The account's document is past its time, or before it",
    severity=Severity.ERROR,
    symptom='Every connection of the account gets "Authorization Violation" or is closed'
    ' ("account authentication expired"), and nothing of what it shares or imports works.',
    cause="The document's own exp lies in the past, or its nbf in the future.",
    nsc=("nsc edit account --name {account} --start 0 --expiry 0", _PUSH),
    source="RFC 7519, exp and nbf; nats-server auth.go, accounts.go",
    shown="An importer whose document ended: its clients could not log in any more; after the cure"
    " the share worked. One whose document was not valid yet: nobody could log in. (A server that"
    " has loaded the account goes on with it in that case, until it is started anew.)",
)


def out_of_time(claims: Claims[Account], now: int) -> Iterator[Finding]:
    if 0 < claims.exp <= now:
        text = f"the document of account {claims.name} has expired"
        yield at_account(OUT_OF_TIME, claims, "exp", text)
    elif claims.nbf > now:
        text = f"the document of account {claims.name} is not valid yet"
        yield at_account(OUT_OF_TIME, claims, "nbf", text)


# What takes away less than the whole export, import or mapping.
_GENTLER = {
    "account-limits-exports": "nsc edit account --name {account} --exports -1",
    "account-limits-imports": "nsc edit account --name {account} --imports -1",
    "account-limits-wildcards": "nsc edit account --name {account} --wildcard-exports",
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
    place = _PLACE.match(fault.path)
    if fault.code == "export-threshold" and place:
        offer = offers_of(claims)[int(place[2])]
        return remade(found, (offer, replace(offer.export, response_threshold=0)))
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
    " by its subject, as nsc does, change only the first of them. So jetshare's cure is the one to"
    " use.",
    cure=(
        "jetshare nsc edit export --account {account} --subject {subject} {type} --private",
        f"jetshare {_PUSH}",
    ),
    source="nats-io/nsc#686",
    shown="A service that asks for a token and a stream of the same subject that does not: an"
    " account that was granted nothing heard the stream; after the cure it heard nothing.",
)


def half_private(claims: Claims[Account]) -> Iterator[Finding]:
    exports = claims.nats.exports
    if len({export.subject for export in exports}) == len(exports):
        return
    by_subject: dict[str, list[Offer]] = {}
    for offer in offers_of(claims):
        if offer.twin:
            by_subject.setdefault(offer.export.subject, []).append(offer)
    for subject, held in by_subject.items():
        if len({offer.export.token_req for offer in held}) == 2:
            offer = next(one for one in held if not one.export.token_req)
            public = offer.export
            text = f"{subject} is private as one type and public as {public.type}"
            path = f"{offer.path}.token_req"
            found = at_account(HALF_PRIVATE, claims, path, text, subject=subject)
            private = replace(public, token_req=True, account_token_position=0)
            yield remade(found, (offer, private))


CYCLE = Rule(
    code="JS207",
    title="Imports form a cycle",
    severity=Severity.ERROR,
    symptom='"import forms a cycle": the import is dropped and requests get 503.',
    cause="An account imports, by way of others, what it exports itself. Servers from 2.10.17 on"
    " leave out the import that closes the circle; which one that is they show alone (--live), and"
    " the cure then takes out that one.",
    nsc=(
        "nsc delete import --account {account} --src-account {source} --subject {subject}",
        "nsc push --account {account}",
    ),
    source="nats-io/nats-server#5752",
    shown="Two accounts that import one subject from each other: one way round the answer"
    " stayed away. After the cure, with --live, that import was gone, and the other way the answer"
    " came as before.",
)


_Place = tuple[str, str, str]  # type, account and subject


def cycles(
    accounts: Mapping[str, Claims[Account]], left_out: Container[tuple[str, str, str]] = ()
) -> Iterator[Finding]:
    """Along the imports of services: the local name of one is what the next account imports.

    ``left_out`` are imports that servers do not have: by the importer's and the provider's key,
    and subject. The one to go is one of those, if there are any in the circle.
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
            circle = list(path)[list(path).index(at) :]
            dead = (here for here in circle if (here[1], *next_[here][1:]) in left_out)
            first = circle.index(next(dead, at))
            yield _circle([places[step] for step in (*circle[first:], *circle[:first])])
        settled |= path.keys()


def _circle(places: Sequence[tuple[Claims[Account], int]]) -> Finding:
    """The first import of the circle is the one that is to go."""
    (claims, index), *_ = places
    written = claims.nats.imports[index]
    names = [held.name for held, _ in places]
    text = (
        f"{written.local_subject or written.subject} leads from {' to '.join([*names, names[0]])}"
    )
    found = at_account(CYCLE, claims, f"nats.imports[{index}]", text)
    named = {"account": claims.name, "source": written.account, "subject": written.subject}
    # Another account of the circle may have lost its import, and has to be loaded anew.
    again = [line for name in names[1:] for line in fill(LOAD_AGAIN, {"importer": name})]
    return replace(found, nsc=(*fill(CYCLE.nsc, named), *again), names=named)


RULES: tuple[Rule, ...] = (
    EXPORTS_REFUSED,
    REFUSED,
    IMPORTS_REFUSED,
    OUT_OF_TIME,
    HALF_PRIVATE,
    CYCLE,
)
