"""``jetshare nats``: finds the command, runs it, and turns every error into nats' form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from jetshare.cli.hiding import hide_seeds
from jetshare.cli.nats.groups import Group
from jetshare.errors import InputError, JetshareError

_ELSEWHERE = (
    *("audit", "auth", "backup", "bench", "cheat", "counter", "errors", "events", "kv", "latency"),
    *("object", "plugins", "schema", "service", "top", "trace", "traffic"),
)

ROOT = Group(
    "nats",
    help="The commands of nats that a share's two sides use.",
    modules={
        "account": ("jetshare.cli.nats.account", ("a",), "Account information."),
        "consumer": ("jetshare.cli.nats.consumer", ("con", "obs", "c"), "JetStream consumers."),
        "context": ("jetshare.cli.nats.context", ("ctx",), "Configuration contexts."),
        "publish": ("jetshare.cli.nats.publish", ("pub",), "Publish messages."),
        "reply": ("jetshare.cli.nats.reply", (), "Answer requests."),
        "request": ("jetshare.cli.nats.request", ("req",), "Send requests and show the replies."),
        "rtt": ("jetshare.cli.nats.rtt", (), "Round-trip time to the servers."),
        "server": (
            "jetshare.cli.nats.check",
            ("srv", "sys", "system"),
            "Checks of connections, streams and consumers.",
        ),
        "stream": ("jetshare.cli.nats.stream", ("str", "st", "ms", "s"), "JetStream streams."),
        "subscribe": ("jetshare.cli.nats.subscribe", ("sub",), "Show messages as they come."),
    },
    elsewhere=_ELSEWHERE,
)
click.version_option(package_name="jetshare", message="jetshare %(version)s")(ROOT)


class Face(click.Command):
    """Takes all words as they are: they are nats' words, not jetshare's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> int:
        return run(ctx.args)


command = Face("nats", help="The commands of nats.")


def run(words: Sequence[str]) -> int:
    """One command line of nats. Exit 0, 1 for what failed, 2 for unusable words."""
    args = list(words)
    if args[:1] == ["help"]:
        args = [*args[1:], "--help"]
    try:
        outcome: Any = ROOT.main(args=args, prog_name="nats", standalone_mode=False)
    except JetshareError as error:
        return _report(str(error), error.hint, 2 if isinstance(error, InputError) else 1)
    except NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "nats"
        return _report(error.format_message(), f"{path} --help shows the words", 2)
    except OSError as error:
        place = error.filename or "the output"
        hint = "check that the place is there, and that it can be read and written"
        return _report(f"{place}: {os.strerror(error.errno or 0)}", hint, 1)
    return outcome if isinstance(outcome, int) else 0


def _report(message: str, hint: str, code: int) -> int:
    click.echo(f"nats: error: {hide_seeds(message)}", err=True)
    if hint:
        click.echo(f"hint: {hide_seeds(hint)}", err=True)
    return code
