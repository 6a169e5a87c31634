"""``jetshare doctor``"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from jetshare.cli.doctor_formats import FORMATS, to_json, write
from jetshare.cli.options import SHARE, World, read_file, run, verb
from jetshare.cli.output import emit_json, note
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.errors import InputError, NetworkError
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.shares import Accounts
from jetshare.workflows.doctor import (
    DoctorRequest,
    Examination,
    Mended,
    Plan,
    Verdict,
    examine,
    from_servers,
    from_store,
    from_tokens,
    mend,
    plan_fix,
    see_live,
)

EPILOG = """\b
Example:
  jetshare doctor
  jetshare doctor ORDERS/ORDERS-C1 --account ACCTB --live
  jetshare doctor --jwt ACCTC.jwt --jwt ACCTB.jwt --format sarif
  jetshare explain JS101
"""


@click.command("doctor", epilog=EPILOG)
@click.argument("share", type=SHARE, required=False)
@click.option("--account", multiple=True, metavar="ACCT", help="Only what concerns these.")
@click.option("--all", "everything", is_flag=True, help="All accounts; so it is without words.")
@click.option("--jwt", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Look at these documents in place of the store's.")  # fmt: skip
@click.option("--resolver", is_flag=True,
              help="Look at the documents that the servers hold.")  # fmt: skip
@click.option("--live/--offline", default=False, help="Ask the servers too. [offline]")
@click.option("--notes", is_flag=True, help="Tell also what may be meant.")
@click.option("--fix", is_flag=True, help="Mend what one document alone can mend.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before mending.")
@click.option("--no-push", is_flag=True, help="Mend in the store only.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="[text]")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error",
              help="What makes the exit code 1. [error]")  # fmt: skip
@verb
def command(
    world: World,
    share: PullConsumer | None,
    account: tuple[str, ...],
    everything: bool,
    jwt: tuple[Path, ...],
    resolver: bool,
    live: bool,
    notes: bool,
    fix: bool,
    yes: bool,
    no_push: bool,
    form: str,
    fail_on: str,
) -> int:
    """Find what is wrong with shares, and say how to mend it.

    Shares are found by themselves, of every kind and by whatever tool they were made.
    Nothing is consumed, also with --live. Without --fix nothing is changed.
    """
    _check_words(account, jwt, everything=everything, fix=fix, live=live, resolver=resolver)
    accounts = _read(world, jwt, resolver=resolver)
    request = DoctorRequest(share=share, accounts=account, live=live, notes=notes)
    store = None if jwt else world.store()
    seen, problem = None, ""
    if live:
        seen, problem = run(see_live(store, accounts, request, world.reach))
    found = replace(examine(accounts, request, seen), problem=problem)
    form = "json" if world.as_json else form
    if fix:
        return _fix(world, accounts, found, yes=yes, push=not no_push, as_json=form == "json")
    if form == "text":
        _say(found)
    else:
        write(found, form)
    if problem:
        note(f"the servers were not looked at: {problem}")
        return NetworkError.exit_code
    return _exit(found.findings, fail_on)


def _check_words(
    account: tuple[str, ...],
    jwt: tuple[Path, ...],
    *,
    everything: bool,
    fix: bool,
    live: bool,
    resolver: bool,
) -> None:
    if everything and account:
        raise InputError("--all and --account say different things", hint="leave one of them out")
    if resolver and (fix or jwt):
        word = "--fix" if fix else "--jwt"
        raise InputError(
            f"--resolver looks at what servers hold, and {word} at other documents",
            hint="leave one of them out",
        )
    if jwt and (fix or live):
        word = "--fix" if fix else "--live"
        raise InputError(
            f"{word} needs a store, and --jwt names loose documents", hint="leave one of them out"
        )


def _read(world: World, jwt: tuple[Path, ...], *, resolver: bool) -> Accounts:
    if resolver:
        return run(from_servers(world.store(), world.reach, world.now))
    if not jwt:
        return from_store(world.store(), world.now)
    return from_tokens((read_file(path).decode("ascii", "replace") for path in jwt), world.now)


def _exit(findings: Iterable[Finding], fail_on: str) -> int:
    least = Severity(fail_on).rank
    return 1 if any(finding.severity.rank >= least for finding in findings) else 0


def _say(found: Examination) -> None:
    for verdict in found.verdicts:
        click.echo(_verdict_line(verdict))
        for finding in verdict.findings:
            _say_finding(finding)
    for finding in found.others:
        _say_finding(finding)
    if not found.verdicts and not found.others:
        note("no account here shares anything")


def _verdict_line(verdict: Verdict) -> str:
    to = f" to {verdict.importer}" if verdict.importer else ", imported by nobody here"
    count = len(verdict.findings)
    words = {
        None: "nothing found",
        Severity.NOTE: "nothing found that must be mended",
        Severity.WARNING: f"{count} found, some clients will notice",
        Severity.ERROR: f"{count} found, it does NOT work as it should",
    }
    return f"{verdict.share} ({verdict.kind}) from {verdict.provider}{to}: {words[verdict.worst]}"


def _say_finding(finding: Finding) -> None:
    place = f"{finding.account} {finding.path}".strip()
    click.echo(f"  {finding.code} {finding.severity}: {finding.text}")
    click.echo(f"    where: {place}")
    for title, lines in (("cure:", finding.cure), ("nsc:", finding.nsc)):
        for number, line in enumerate(lines):
            click.echo(f"    {title if not number else '':<6} {line}")


def _fix(
    world: World,
    accounts: Accounts,
    found: Examination,
    *,
    yes: bool,
    push: bool,
    as_json: bool,
) -> int:
    plan = plan_fix(accounts, found.findings)
    if not as_json:
        _say_plan(plan)
    mended = Mended()
    if not plan.edits and not plan.again:
        note("nothing here can be mended in one document alone")
    else:
        if not yes:
            click.confirm("Apply this?", abort=True, err=True)
        mended = run(mend(world.store(), plan, world.reach, world.now, carry=push))
    if as_json:
        emit_json(
            {
                "mended": list(mended.documents),
                "push": mended.push.to_json() if mended.push else None,
                "remaining": [finding.to_json() for finding in plan.remaining],
                "before": to_json(found),
            }
        )
    else:
        _say_mended(mended, plan)
    if mended.push is not None and not mended.push.complete:
        return push_exit(mended.push)
    return 1 if any(finding.severity is Severity.ERROR for finding in plan.remaining) else 0


def _say_plan(plan: Plan) -> None:
    for name, changes in plan.changes:
        click.echo(f"account {name}")
        for line in (line for change in changes for line in change.lines()):
            click.echo(f"  {line}")
    for claims in plan.again:
        click.echo(f"account {claims.name}: signed and pushed again")


def _say_mended(mended: Mended, plan: Plan) -> None:
    for line in push_lines(mended.push) if mended.documents else ():
        note(line)
    for finding in plan.remaining:
        note(f"left, because it needs more than this document: {finding.code} {finding.text}")
        for line in finding.cure or finding.nsc:
            note(f"  {line}")
