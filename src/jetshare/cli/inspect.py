"""``jetshare inspect``"""

from __future__ import annotations

import click

from jetshare.cli.options import World, read_token_file, verb
from jetshare.cli.output import columns, emit_json, say
from jetshare.cli.spans import show_time
from jetshare.workflows.inspect import inspect

EPILOG = """\b
Example:
  jetshare inspect ACCTC-ORDERS-ORDERS-C1-ACCTB.share
"""


@click.command("inspect", epilog=EPILOG)
@click.argument("file", metavar="FILE|-")
@verb
def command(world: World, file: str) -> int:
    """Say in words what a bundle, receipt, token, creds file or JWT is.

    Its signature is checked first; its secrets are never shown. Exit 1 where its own
    content is wrong or out of time.
    """
    found = inspect(read_token_file(file), world.now, show_time)
    if world.as_json:
        emit_json(
            {
                "what": found.what,
                "good": found.good,
                "verdict": list(found.verdict),
                "payload": found.payload,
            }
        )
    else:
        say(found.what)
        for line in columns([(f"  {name}", text) for name, text in found.facts]):
            say(line)
        say("verdict: " + ("; ".join(found.verdict) or "signed and in time"))
    return 0 if found.good else 1
