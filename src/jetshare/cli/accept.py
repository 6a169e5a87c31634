"""``jetshare accept``"""

from __future__ import annotations

from typing import Any

import click

from jetshare.cli.confirm import confirm
from jetshare.cli.options import World, read_token_file, run, verb
from jetshare.cli.output import emit_json, note, proof_lines, say, warn
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.sharing.proof import Proof, all_held
from jetshare.workflows.accept import AcceptPlan, AcceptRequest, AcceptResult, accept, plan_accept
from jetshare.workflows.verify import VerifyRequest, verify

EPILOG = """\b
Example:
  jetshare accept ACCTC-ORDERS-C1-ACCTB.share --account ACCTB
"""


@click.command("accept", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--account", required=True, metavar="ACCT", help="The account that takes it.")
@click.option("--prefix", default="", help="Import the API under this prefix. [as suggested]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--no-push", is_flag=True, help="Store only; carry nothing to the servers.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@verb
def command(
    world: World,
    files: tuple[str, ...],
    account: str,
    prefix: str,
    yes: bool,
    no_push: bool,
    dry_run: bool,
) -> int:
    """Take a grant into an account of yours: a bundle, or loose token files.

    Shows the change before it is made, pushes it, and proves that it works.
    """
    store = world.store()
    request = AcceptRequest(
        files=tuple(read_token_file(name) for name in files),
        names=tuple("standard input" if name == "-" else name for name in files),
        account=account,
        prefix=prefix,
        push=not no_push,
    )
    plan = plan_accept(store, request, world.now)
    _show(plan, world, sure=yes and not dry_run)
    if dry_run:
        if world.as_json:
            emit_json({**_plan_json(plan), "push": None, "proofs": []})
        note("dry run: nothing was written")
        return 0
    if plan.changes and not yes:
        confirm(plan.account)
    result = run(accept(store, request, world.reach, world.now))
    proofs: tuple[Proof, ...] = ()
    if result.push is not None and result.push.complete:
        wanted = VerifyRequest(share=result.share, importer=account, provider=result.provider)
        proofs = run(verify(store, wanted, world.reach, world.now))[0].proofs
    if world.as_json:
        emit_json(_to_json(plan, result, proofs))
    else:
        _say(result, proofs)
    if proofs and not all_held(proofs):
        return 1
    return push_exit(result.push)


def _show(plan: AcceptPlan, world: World, *, sure: bool) -> None:
    show = note if world.as_json else say
    provider = plan.bundle.provider_name or plan.bundle.provider
    if not plan.changes:
        show(f"{plan.account} holds this grant of {plan.bundle.share} from {provider} already")
        return
    takes = "takes" if sure else "would take"
    show(f"{plan.account} {takes} {plan.bundle.share} from {provider} under {plan.prefix}:")
    for change in plan.changes:
        for line in change.lines():
            show(line)
    for text in plan.warnings:
        warn(text)


def _say(result: AcceptResult, proofs: tuple[Proof, ...]) -> None:
    for line in push_lines(result.push, result.account):
        note(line)
    for line in proof_lines(proofs):
        say(line)
    if proofs and all_held(proofs):
        say(f"{result.account} can pull {result.share} under {result.prefix}")


def _plan_json(plan: AcceptPlan) -> dict[str, Any]:
    return {
        "share": str(plan.bundle.share),
        "account": plan.account,
        "provider": {"name": plan.bundle.provider_name, "key": plan.bundle.provider},
        "prefix": plan.prefix,
        "changes": [change.to_json() for change in plan.changes],
        "warnings": list(plan.warnings),
    }


def _to_json(plan: AcceptPlan, result: AcceptResult, proofs: tuple[Proof, ...]) -> dict[str, Any]:
    return {
        **_plan_json(plan),
        "push": result.push.to_json() if result.push else None,
        "proofs": [proof.to_json() for proof in proofs],
    }
