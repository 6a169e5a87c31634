"""``jetshare verify``"""

from __future__ import annotations

import click

from jetshare.cli.options import SHARE, World, run, verb
from jetshare.cli.output import emit_json, proof_lines, say
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.verify import Verdict, VerifyRequest, verify

EPILOG = """\b
Example:
  jetshare verify ORDERS/ORDERS-C1 --account ACCTB
"""


@click.command("verify", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--account", default="", metavar="ACCT", help="Only this importer. [every one]")
@click.option("--from", "provider", default="", metavar="ACCT|KEY", help="Only this provider.")
@click.option("--user", default="", help="The importer's user to look with. [its first]")
@verb
def command(world: World, share: PullConsumer, account: str, provider: str, user: str) -> int:
    """Prove on the live server that a share works, and that it gives no more than it should.

    Consumes nothing: no message is leased, no delivery counted.
    """
    request = VerifyRequest(share=share, importer=account, provider=provider, user=user)
    verdicts = run(verify(world.store(), request, world.reach, world.now))
    if world.as_json:
        emit_json(
            {"held": all(v.held for v in verdicts), "shares": [_to_json(v) for v in verdicts]}
        )
    else:
        for verdict in verdicts:
            _say(verdict)
    return 0 if all(verdict.held for verdict in verdicts) else 1


def _say(verdict: Verdict) -> None:
    provider = verdict.provider_name or verdict.provider
    say(f"{verdict.share} from {provider} to {verdict.importer_name}: {_headline(verdict)}")
    for line in proof_lines(verdict.proofs):
        say(f"  {line}")


def _headline(verdict: Verdict) -> str:
    if not verdict.over:
        return "works" if verdict.held else "does NOT work as promised"
    if verdict.closed is None:
        return f"{verdict.over}, and it was not seen whether it is closed"
    return f"{verdict.over}, and {'closed' if verdict.closed else 'STILL OPEN'}"


def _to_json(verdict: Verdict) -> dict[str, object]:
    return {
        "share": str(verdict.share),
        "provider": {"name": verdict.provider_name, "key": verdict.provider},
        "importer": {"name": verdict.importer_name, "key": verdict.importer},
        "prefix": verdict.prefix,
        "held": verdict.held,
        "over": verdict.over,
        "closed": verdict.closed,
        "proofs": [proof.to_json() for proof in verdict.proofs],
    }
