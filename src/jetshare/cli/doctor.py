"""``jetshare doctor``"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from jetshare.cli.confirm import confirm
from jetshare.cli.doctor_formats import FORMATS, to_json, write
from jetshare.cli.doctor_text import plan_lines, remaining_lines, summary, verdict_lines
from jetshare.cli.options import SHARE, World, read_token_file, run, verb
from jetshare.cli.output import emit_json, note, say
from jetshare.cli.progress import progress
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.errors import InputError, JetshareError, StoreDamaged
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.book import SeenOf
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.shares import Accounts
from jetshare.workflows.doctor import DoctorRequest, Examination, examine, see
from jetshare.workflows.doctor_documents import from_files, from_servers, from_store
from jetshare.workflows.doctor_fix import Mended, mend, plan_fix

EPILOG = """\b
Example:
  jetshare doctor
  jetshare doctor ORDERS/ORDERS-C1 --account ACCTB --live
  jetshare doctor --jwt ACCTC.jwt --jwt ACCTB.jwt --format sarif
  jetshare doctor --config /etc/nats/nats-server.conf
  jetshare doctor --account ACCTC --fix
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
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE",
              help="Look at the accounts of a server's configuration file.")  # fmt: skip
@click.option("--live/--offline", default=None, help="Ask the servers too. [offline]")
@click.option("--consume", is_flag=True,
              help="Ask the servers, take one message of each share and give it back (or make a"
              " consumer for a moment): what --live alone does not show.")  # fmt: skip
@click.option(
    "--notes",
    is_flag=True,
    help="Tell also what may be meant. (That a share has ended is told anyway.)",
)
@click.option("--fix", is_flag=True, help="Mend what one document alone can mend.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before mending.")
@click.option("--no-push", is_flag=True, help="Mend in the store only.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=None, help="[text]")
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
    config: Path | None,
    live: bool | None,
    consume: bool,
    notes: bool,
    fix: bool,
    yes: bool,
    no_push: bool,
    form: str | None,
    fail_on: str,
) -> int:
    """Find what is wrong with shares, and say how to mend it.

    Shares are found by themselves, of every kind and by whatever tool they were made.
    Nothing is consumed but with --consume, and nothing changed but with --fix.
    """
    _refuse_contradictions(
        {
            "--all": everything,
            "--account": account,
            "--jwt": jwt,
            "--resolver": resolver,
            "--config": config,
            "--fix": fix,
            "--live": live,
            "--offline": live is False,
            "--consume": consume,
            "--json": world.as_json,
            "--format junit": form == "junit",
            "--format sarif": form == "sarif",
            "--format text": form == "text",
        }
    )
    least = Severity(fail_on)
    form = form or ("json" if world.as_json else "text")
    accounts = _read(world, jwt, config, resolver=resolver)
    request = DoctorRequest(
        share=share, accounts=account, live=bool(live or consume), consume=consume, notes=notes
    )
    seen, problem = _look(world, accounts, request)
    found = examine(accounts, request, seen)
    if fix and problem is None:
        return _fix(world, found, least, yes=yes, push=not no_push, as_json=form == "json")
    if form == "text":
        again = {"--resolver": resolver, "--live": live, "--consume": consume, "--notes": notes}
        files = [*(("--jwt", path) for path in jwt), *([("--config", config)] if config else [])]
        _tell(found, _same(again, files))
    else:
        write(found, form, least, problem=str(problem or ""))
    if problem is not None:
        note(f"the servers were not looked at: {problem}")
        if problem.hint:
            note(f"hint: {problem.hint}")
        return problem.exit_code
    return _exit(found, least)


_CONTRADICTIONS = (
    ("--all", "--account", "they say different things"),
    ("--resolver", "--jwt", "they name different documents"),
    ("--config", "--jwt", "they name different documents"),
    ("--config", "--resolver", "they name different documents"),
    ("--config", "--live", "who may ask the servers is in the store"),
    ("--config", "--consume", "who may ask the servers is in the store"),
    ("--config", "--fix", "what is mended is the store"),
    ("--resolver", "--fix", "what is mended is the store"),
    ("--jwt", "--fix", "what is mended is the store"),
    ("--jwt", "--live", "who may ask the servers is in the store"),
    ("--jwt", "--consume", "who may ask the servers is in the store"),
    ("--consume", "--offline", "messages are taken from servers"),
    ("--json", "--format text", "there is one output"),
    ("--json", "--format junit", "there is one output"),
    ("--json", "--format sarif", "there is one output"),
    ("--fix", "--format junit", "what is mended is told as text or JSON"),
    ("--fix", "--format sarif", "what is mended is told as text or JSON"),
)


def _refuse_contradictions(words: dict[str, object]) -> None:
    for one, other, why in _CONTRADICTIONS:
        if words[one] and words[other]:
            raise InputError(f"{one} and {other}: {why}", hint="leave one of them out")


def _read(world: World, jwt: tuple[Path, ...], config: Path | None, *, resolver: bool) -> Accounts:
    if config is not None:
        from jetshare.server.binary import find_binary
        from jetshare.workflows.doctor_config import from_config

        return run(from_config(config, find_binary(os.environ), world.now))
    if resolver:
        return run(from_servers(world.store(), world.reach, world.now))
    if not jwt:
        return from_store(world.store(), world.now)
    return from_files({str(path): read_token_file(str(path)) for path in jwt}, world.now)


def _look(
    world: World, accounts: Accounts, request: DoctorRequest
) -> tuple[SeenOf | None, JetshareError | None]:
    """What servers show, or why they could not be looked at: the documents are told all the
    same."""
    if not request.live:
        return None, None
    try:
        show = progress("asking the servers")
        return run(see(world.store(), accounts, request, world.reach, progress=show)), None
    except JetshareError as error:
        return None, error


def _same(words: Mapping[str, object], files: Iterable[tuple[str, Path]]) -> str:
    """The command line that looks at the same, without what it looks for."""
    given = [word for word, is_given in words.items() if is_given]
    return shlex.join(["jetshare", "doctor", *given, *(str(w) for pair in files for w in pair)])


def _tell(found: Examination, command: str) -> None:
    for line in verdict_lines(found, command):
        say(line)
    if said := summary(found):
        note(said)


def _exit(found: Examination, least: Severity) -> int:
    for fault in found.accounts.faults:
        note(f"not looked at: {fault}")
    if _grave(found.findings, least):
        return 1
    return StoreDamaged.exit_code if found.accounts.faults else 0


def _grave(findings: Iterable[Finding], least: Severity) -> bool:
    return any(finding.severity.rank >= least.rank for finding in findings)


def _fix(
    world: World, found: Examination, least: Severity, *, yes: bool, push: bool, as_json: bool
) -> int:
    plan = plan_fix(found)
    show = note if as_json else say
    for line in plan_lines(plan):
        show(line)
    mended = Mended()
    if plan.empty:
        note("nothing here can be mended in one document alone")
    else:
        if not yes:
            confirm(" and ".join(plan.names))
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
    for line in push_lines(mended.push) if mended.documents else ():
        note(line)
    for line in remaining_lines(plan, found.accounts):
        note(line)
    if mended.push is not None and not mended.push.complete:
        return push_exit(mended.push)
    return 1 if _grave(plan.remaining, least) else 0
