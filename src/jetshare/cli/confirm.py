"""Asking a person before a change is made."""

from __future__ import annotations

import sys

import click

from jetshare.cli.output import plain
from jetshare.errors import InputError


def confirm(account: str) -> None:
    """Raises InputError where nobody can be asked, and click.Abort for a no."""
    if not sys.stdin.isatty():
        raise InputError(
            f"the change to {plain(account)} was not confirmed",
            hint="answer on a terminal, or say --yes",
        )
    click.confirm("Make this change?", abort=True, err=True)
