"""``jetshare nsc …``: hands all words on to the nsc face as they are."""

from __future__ import annotations

import click

from jetshare.cli.nsc.main import run


@click.command(
    "nsc",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> int:
    """Speak as nsc does, on the same folders."""
    return run(words)
