"""One line on a terminal that says how far long work has come; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

_LONG = 50  # what is shorter is done before anybody reads it


def progress(what: str) -> Callable[[int, int], None] | None:
    """A function of (done, of how many), for the verbs that take one."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if total < _LONG or (done % 10 and done < total):
            return
        end = "\n" if done == total else ""
        click.echo(f"\r{what}: {done:,} of {total:,}{end}", err=True, nl=False)

    return show
