"""``jetshare inspect``"""

from __future__ import annotations

from contextlib import suppress

import click

from jetshare.cli.options import World, folder_verb, read_token_file
from jetshare.cli.output import columns, emit_json, say
from jetshare.errors import JetshareError
from jetshare.sharing.times import show_time
from jetshare.store.contract import Store
from jetshare.workflows.inspect import inspect

EPILOG = """\b
Example:
  jetshare inspect ACCTC-ORDERS-C1-ACCTB.share
"""


@click.command("inspect", epilog=EPILOG)
@click.argument("file", metavar="FILE|-")
@folder_verb
def command(world: World, file: str) -> int:
    """Say in words what a bundle, receipt, token, creds file or JWT is.

    Its signature is checked first; its secrets are never shown. Where there is a store
    that has the provider's account, it is asked who may sign for it, and what it revoked.
    Exit 1 where the content is wrong, revoked or out of time, or the signer not the
    provider's.
    """
    found = inspect(read_token_file(file), world.now, show_time, _store(world))
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


def _store(world: World) -> Store | None:
    """The store, if one is there and can be read: a file is inspected without, too."""
    with suppress(JetshareError):
        return world.store()
    return None
