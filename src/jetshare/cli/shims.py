"""``jetshare shims``"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from jetshare.cli.output import emit_json, say
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
@click.option("--force", is_flag=True, help="Replace other programs of these names.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: Path, force: bool, as_json: bool) -> int:
    """Write launchers named nsc and nats into DIR.

    With DIR first on PATH, a script that calls nsc and nats runs as it is, on jetshare.
    """
    paths = [folder / name for name in _LAUNCHERS]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not force:
            for path in paths:
                _check_ours(path)
        for path in paths:
            path.unlink(missing_ok=True)  # a link is replaced, and not what it leads to
            write_atomic(path, launcher(_LAUNCHERS[path.name]).encode(), mode=0o755)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to: {os.strerror(error.errno or 0)}",
            hint="choose another folder",
        ) from None
    if as_json:
        emit_json({"launchers": list(map(str, paths))})
    else:
        for path in paths:
            say(str(path))
    return 0


def _check_ours(path: Path) -> None:
    """Raises InputError for a program that is there already and is no launcher of ours."""
    if not path.is_symlink() and not path.exists():
        return
    with path.open("rb") as file:
        if b" -m jetshare" in file.read(4096) and not path.is_symlink():
            return
    raise InputError(
        f"{path} is there already, and no launcher of jetshare's",
        hint="choose a folder of their own, such as ~/.jetshare/bin; --force replaces it",
    )


def launcher(words: str) -> str:
    """A shell script that becomes this Python. -P keeps the current folder's modules out."""
    python = sys.executable.replace("'", "'\\''")
    return f"#!/bin/sh\nexec '{python}' -P {words} \"$@\"\n"
