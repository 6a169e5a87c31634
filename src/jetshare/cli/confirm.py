"""Asking a person before a change is made."""

from __future__ import annotations

import sys

import click

from jetshare.cli.output import plain
from jetshare.errors import Declined, InputError


def confirm(account: str) -> None:
    """Raises InputError where nobody can be asked, and Declined for a no."""
    if not sys.stdin.isatty():
        raise InputError(
            f"the change to {plain(account)} was not confirmed",
            hint="answer on a terminal, or say --yes",
        )
    if not click.confirm("Make this change?", err=True):
        raise Declined("you said no: nothing was changed")
