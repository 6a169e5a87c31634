"""Data on stdout; log lines, with the time before them, on stderr."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import click

from jetshare.errors import InputError


def log(line: str) -> None:
    click.echo(f"{datetime.now().astimezone():%H:%M:%S} {line}", err=True)


def say(text: str = "") -> None:
    click.echo(text)


def show_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_body(data: bytes) -> None:
    """A message's body and the empty line after it, as nats shows it."""
    if not data:
        click.echo("nil body\n\n")
        return
    show_raw(data)
    click.echo("" if data.endswith(b"\n") else "\n")


def show_raw(data: bytes) -> None:
    """A message's body, byte for byte, and a line break where it ends without one."""
    click.echo(data, nl=not data.endswith(b"\n"))


def confirmed(question: str, *, force: bool) -> bool:
    """Whether to go on with what cannot be undone. Raises InputError without a terminal."""
    if force:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "cannot ask for confirmation without a terminal", hint="--force goes on without asking"
        )
    return click.confirm(question, default=False)
