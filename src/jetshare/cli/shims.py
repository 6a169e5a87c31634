"""``jetshare shims``"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from jetshare.errors import InputError
from jetshare.store.atomic import write_atomic

EPILOG = """\b
Example:
  jetshare shims ~/.jetshare/bin
  export PATH=~/.jetshare/bin:$PATH
"""

# name of the launcher: what it has Python run
_LAUNCHERS = {"nsc": "-m jetshare.cli.nsc", "nats": "-m jetshare nats"}


@click.command("shims", epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Write launchers named nsc and nats into DIR.

    With DIR first on PATH, a script that calls nsc and nats runs as it is, on jetshare.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, words in _LAUNCHERS.items():
            path = folder / name
            write_atomic(path, launcher(words).encode(), mode=0o755)
            click.echo(path)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to: {os.strerror(error.errno or 0)}",
            hint="choose another folder",
        ) from None
    return 0


def launcher(words: str) -> str:
    """A shell script that becomes this Python. -P keeps the current folder's modules out."""
    python = sys.executable.replace("'", "'\\''")
    return f"#!/bin/sh\nexec '{python}' -P {words} \"$@\"\n"
