"""Rules of an account's document as a whole, and of the graph that all of them form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jetshare.identity.claims import Account, Claims
from jetshare.identity.findings import Finding as Fault
from jetshare.identity.validate import validate
from jetshare.sharing.rules.cures import LOAD_AGAIN
from jetshare.sharing.rules.found import at_account
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import as_meant

EXPORTS_REFUSED = Rule(
    code="JS120",
    title="Servers refuse the document for its exports",
    severity=Severity.ERROR,
    symptom='A push answers 500 ("already exports", "overlapping subject namespace", a limit), or'
    ' every connection of the account gets "Authorization Violation".',
    cause="Exports that contain one another, more of them than the operator allows, wildcards"
    " where it allows none, or a field that no server takes.",
    nsc=("nsc validate --account {account}", "nsc push --account {account}"),
    source="nats-io/jwt Exports.Validate; nats-server accounts.go",
    shown="Two exports, one within the other: the push was refused with 500.",
)

IMPORTS_REFUSED = Rule(
    code="JS220",
    title="Servers refuse the document for its imports",
    severity=Severity.ERROR,
    symptom='A push answers 500 ("overlapping subject namespace", a limit), or every connection'
    ' of the account gets "Authorization Violation".',
    cause="Local names of one exporter that overlap, a mapping whose two sides do not both end in"
    " >, more imports than the operator allows, or a field that no server takes.",
    nsc=("nsc validate --account {account}", "nsc push --account {account}"),
    source="nats-io/jwt Imports.Validate; nats-server accounts.go",
    shown="A local name without > for a subject with one: the push was refused with 500.",
)

REFUSED = Rule(
    code="JS121",
    title="Servers refuse the document",
    severity=Severity.ERROR,
    symptom='Every connection of the account gets "Authorization Violation".',
    cause="The account's document breaks a rule that servers check when they load it.",
    nsc=("nsc validate --account {account}", "nsc push --account {account}"),
    source="nats-io/jwt AccountClaims.Validate",
)


def refused(claims: Claims[Account], now: int) -> Iterator[Finding]:
    """What servers look at, without the tokens of imports: JS302 and JS305 say those with the
    share and its cure, and to check their signatures twice takes as long as all the rest."""
    bare = tuple(replace(item, token="") for item in claims.nats.imports)
    for fault in validate(claims.with_nats(imports=bare), now):
        if fault.severity == "error":
            yield at_account(_rule_of(fault), claims, fault.path, fault.text)


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
    nsc=(
        "nsc edit export --account {account} --subject {subject} --private",
        "nsc push --account {account}",
    ),
    source="nats-io/nsc#686",
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
            yield at_account(HALF_PRIVATE, claims, path, text, subject=subject)


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
