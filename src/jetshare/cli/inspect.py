"""``jetshare inspect``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from jetshare.cli.options import World, read_file, verb
from jetshare.cli.output import columns, emit_json
from jetshare.cli.spans import show_time
from jetshare.workflows.inspect import inspect, read_text

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
    data = sys.stdin.buffer.read() if file == "-" else read_file(Path(file))
    found = inspect(
        read_text(data, "standard input" if file == "-" else file), world.now, show_time
    )
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
        click.echo(found.what)
        for line in columns([(f"  {name}", text) for name, text in found.facts]):
            click.echo(line)
        click.echo("verdict: " + ("; ".join(found.verdict) or "signed and in time"))
    return 0 if found.good else 1
