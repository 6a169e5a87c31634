"""``jetshare drop``"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from jetshare.cli.confirm import confirm
from jetshare.cli.options import SHARE, World, run, verb
from jetshare.cli.output import emit_json, note, proof_lines, say
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.drop import DropPlan, DropRequest, DropResult, drop, plan_drop

EPILOG = """\b
Example:
  jetshare drop ORDERS/ORDERS-C1 --account ACCTB
"""


@click.command("drop", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--account", default="", metavar="ACCT", help="The importer. [the only one]")
@click.option("--from", "provider", default="", metavar="ACCT|KEY", help="The provider.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--no-push", is_flag=True, help="Store only; carry nothing to the servers.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@verb
def command(
    world: World,
    share: PullConsumer,
    account: str,
    provider: str,
    yes: bool,
    no_push: bool,
    dry_run: bool,
) -> int:
    """Give a share back: delete all its imports from the account that accepted it.

    Shows the change before it is made, pushes it, and proves that the share is gone. The
    provider's grant stays as it is, so the share can be accepted again while that lasts.
    """
    store = world.store()
    request = DropRequest(share=share, importer=account, provider=provider, push=not no_push)
    plan = plan_drop(store, request)
    _show(plan, note if world.as_json else say, sure=yes and not dry_run)
    if dry_run:
        if world.as_json:
            emit_json({**_plan_json(plan), "push": None, "proven": False, "proofs": []})
        note("dry run: nothing was written")
        return 0
    if not yes:
        confirm(plan.account)
    result = run(drop(store, request, world.reach, world.now))
    if world.as_json:
        emit_json(_to_json(result))
    else:
        _say(result)
    if not result.pushed:
        return push_exit(result.push)
    return 1 if result.push is not None and not result.proven else 0


def _show(plan: DropPlan, show: Callable[[str], None], *, sure: bool) -> None:
    provider = plan.provider_name or plan.provider
    gives = "gives" if sure else "would give"
    show(f"{plan.account} {gives} back {plan.share} from {provider}:")
    for change in plan.changes:
        for line in change.lines():
            show(line)


def _say(result: DropResult) -> None:
    for line in push_lines(result.push, result.plan.account):
        note(line)
    for line in proof_lines(result.proofs):
        say(line)
    if result.proven:
        say(f"{result.plan.account} has no part in {result.plan.share} any more")


def _plan_json(plan: DropPlan) -> dict[str, Any]:
    return {
        "share": str(plan.share),
        "account": plan.account,
        "provider": {"name": plan.provider_name, "key": plan.provider},
        "prefix": plan.prefix,
        "changes": [change.to_json() for change in plan.changes],
    }


def _to_json(result: DropResult) -> dict[str, Any]:
    return {
        **_plan_json(result.plan),
        "push": result.push.to_json() if result.push else None,
        "proven": result.proven,
        "proofs": [proof.to_json() for proof in result.proofs],
    }
