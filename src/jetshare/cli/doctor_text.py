"""What the doctor found, for people: a verdict a share, then its findings and their cures."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click

from jetshare.sharing.rules.book import rule_of
from jetshare.sharing.rules.ended import ENDED, STILL_OPEN
from jetshare.sharing.rules.rule import Finding, Severity, in_own_words, once
from jetshare.sharing.rules.shares import Accounts, Kind
from jetshare.workflows.doctor import Examination, Verdict
from jetshare.workflows.doctor_fix import FixPlan

_NOTHING = "nothing found"
_WIDE = 100
_EXPLAINED = "not by a command; jetshare explain {code} says more"
_MANY = 4  # commands that are told in full beside another cure
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def verdict_lines(found: Examination, command: str = "jetshare doctor") -> Iterator[str]:
    """Every share, and below it each kind of failure once, with one cure for all its places.

    ``command`` is what finds the same again, but for the share and the account.
    """
    told: set[int] = set()
    for verdict in found.verdicts:
        yield f"{_share(verdict)}: {_word(verdict, live=found.live)}"
        for text in verdict.unproven:
            yield from _wrapped("  not proven: ", text)
        for text in verdict.left_behind:
            yield from _wrapped("  left behind: ", text)
        in_full = f"{command} {_share_words(verdict)}--json"
        yield from _finding_lines(verdict.findings, found.accounts, told, in_full)
    by_account: dict[str, list[Finding]] = {}
    for finding in found.others:
        by_account.setdefault(finding.account, []).append(finding)
    for name, findings in by_account.items():
        yield f"account {name}: {_counted(findings)}"
        in_full = f"{command} --account {shlex.quote(name)} --json"
        yield from _finding_lines(findings, found.accounts, told, in_full)


def summary(found: Examination) -> str:
    """All shares in one line, and where to read on."""
    if not found.verdicts and not found.others:
        return "no account here shares anything"
    findings = {id(f): f for f in found.findings if f.code != ENDED.code}.values()
    count, ended = len(found.verdicts), sum(bool(verdict.ended) for verdict in found.verdicts)
    if count == 1 and not findings:
        return ""
    over = f", {ended:,} of them ended" if ended else ""
    said = f"{count:,} share{'s' if count != 1 else ''}{over}: {_counted(findings) or _NOTHING}"
    codes = sorted({f.code for f in findings if f.severity is not Severity.NOTE})
    return f"{said}; jetshare explain {codes[0]} tells the whole story" if codes else said


def plan_lines(plan: FixPlan) -> Iterator[str]:
    """The change, as a person confirms it."""
    for name, changes in plan.changes.items():
        yield f"account {name}"
        for change in changes:
            yield from (f"  {line}" for line in change.lines())
    for claims in plan.again:
        yield f"account {claims.name}: signed and pushed again"


def remaining_lines(plan: FixPlan, accounts: Accounts) -> Iterator[str]:
    """What is left, who has to be asked, and each cure once."""
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Finding]] = {}
    for finding in plan.remaining:
        cure = finding.cure or finding.nsc
        alike.setdefault((finding.code, finding.parties, cure), []).append(finding)
    told: set[tuple[str, ...]] = set()
    for (code, parties, cure), (finding, *more) in alike.items():
        names = [
            accounts.claims[key].name if key in accounts.claims else key
            for key in parties
            if key != finding.key
        ]
        why = f"it needs {' and '.join(names)} too" if names else "it is for a person to decide"
        others = f" (and {len(more)} more)" if more else ""
        yield f"left, because {why}: {code} {finding.text}{others}"
        yield from ("  as above",) if cure in told else (f"  {line}" for line in cure)
        told.add(cure)


def _share_words(verdict: Verdict) -> str:
    """A share without a consumer has no name that a command line takes."""
    name = f"{shlex.quote(verdict.share)} " if verdict.kind in (Kind.PULL, Kind.PUSH) else ""
    return f"{name}--account {shlex.quote(verdict.importer or verdict.provider)} "


def _share(verdict: Verdict) -> str:
    to = f" to {verdict.importer}" if verdict.importer else ", imported by nobody here"
    return f"{verdict.share} ({verdict.kind}) from {verdict.provider}{to}"


def _word(verdict: Verdict, *, live: bool) -> str:
    found = _counted(verdict.findings)
    if verdict.ended:
        open_ = any(finding.code == STILL_OPEN.code for finding in verdict.findings)
        said = "servers STILL answer" if open_ else "it is of no use any more"
        return f"ended, {verdict.ended}; {said}" + (
            f", {found}" if verdict.worst is not Severity.NOTE else ""
        )
    if verdict.worst is Severity.ERROR:
        return f"it does NOT work as it should, {found}"
    if verdict.worst is Severity.WARNING:
        return f"some clients will notice, {found}"
    good = _NOTHING
    if verdict.asked:
        pulled = verdict.kind in (Kind.PULL, Kind.PUSH)
        good = "works" if pulled else "what it delivers arrives"
        good += ", seen on the servers"
    elif live and verdict.importer and verdict.kind is Kind.PULL:
        good = f"{_NOTHING}, and not asked"
    return f"{good}, {found}" if found else good


def _counted(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings if not finding.follows)
    return ", ".join(
        f"{counts[severity]:,} {severity}{'s' if counts[severity] != 1 else ''}"
        for severity in _SEVERITIES
        if counts[severity]
    )


def _finding_lines(
    findings: Sequence[Finding], accounts: Accounts, told: set[int], in_full: str
) -> Iterator[str]:
    by_code: dict[str, list[Finding]] = {}
    follow = [finding for finding in findings if finding.follows]
    for finding in findings:
        if not finding.follows:
            by_code.setdefault(finding.code, []).append(finding)
    cured: set[str] = set()
    for code, alike in by_code.items():
        new = [finding for finding in alike if id(finding) not in told]
        told.update(map(id, new))
        for finding in alike:
            again = "" if finding in new else " (told above)"
            yield f"  {code} {finding.severity}: {finding.text}{again}"
            if finding in new:
                places = ", ".join(finding.places or (finding.path,))
                yield from _wrapped(f"    where: {finding.account} ", places or " ")
        if new:
            rule = rule_of(code)
            yield from _wrapped("    why:   ", rule.symptom if rule else "")
            yield from _cure_lines(new, accounts, cured, in_full)
    if follow:
        codes = ", ".join(sorted({finding.code for finding in follow}))
        yield f"  so it is on the servers: {codes} follow from the above"


def _cure_lines(
    alike: Sequence[Finding], accounts: Accounts, cured: set[str], in_full: str
) -> Iterator[str]:
    """Each command once a share: one cure may be that of many findings. Where there are too many
    to tell, ``in_full`` is the command that tells them."""
    cure = once(line for finding in alike for line in finding.cure)
    nsc = once(line for finding in alike for line in finding.nsc)
    rule = rule_of(alike[0].code)
    remedy = rule.remedy if rule else ""
    if not cure and not nsc:
        yield from _wrapped("    cure:  ", remedy or _EXPLAINED.format(code=alike[0].code))
    for title, lines in (("cure:", cure), ("or:", nsc)):
        shown: Sequence[str] = lines
        if lines and cured.issuperset(lines):
            shown = ("as above",)
        elif lines and in_own_words(lines) == cure:
            shown = ("the same without the word jetshare",)
        elif title == "or:" and len(lines) > _MANY:
            shown = (f"{len(lines)} commands of nsc, as told by: {in_full}",)
        for number, line in enumerate(shown):
            yield f"    {title if not number else '':>5}  {line}"
        cured.update(lines)
    provider = alike[0].parties[0]
    if provider not in accounts.claims and any(provider in line.split() for line in cure):
        yield f"           what says {provider} is for the provider to run"


def _wrapped(head: str, text: str) -> list[str]:
    if not text:
        return []
    return click.wrap_text(text, _WIDE, head, " " * len(head)).splitlines()
