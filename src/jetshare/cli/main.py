"""The entry point: finds the verb, runs it, and turns every error into two lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from jetshare.cli.hiding import hide_seeds
from jetshare.errors import JetshareError

# Each verb's module is imported only when the verb is used: `--help` stays fast.
# name: (module, one line of help)
VERBS: dict[str, tuple[str, str]] = {
    "up": ("jetshare.cli.up", "Serve the operator of the store on an embedded nats-server."),
    "grant": ("jetshare.cli.grant", "Offer a pull consumer to other accounts."),
    "accept": ("jetshare.cli.accept", "Take a grant into an account of yours."),
    "verify": ("jetshare.cli.verify", "Prove on the live server that a share works."),
    "revoke": ("jetshare.cli.revoke", "End a grant, and prove that it ended."),
    "drop": ("jetshare.cli.drop", "Give a share back that an account of yours accepted."),
    "ls": ("jetshare.cli.ls", "List what is offered and what is accepted."),
    "inspect": ("jetshare.cli.inspect", "Say in words what a bundle, token or creds file is."),
    "next": ("jetshare.cli.next", "Pull the next messages of a share and acknowledge them."),
    "nsc": ("jetshare.cli.nsc.face", "The commands of nsc, on the same folders."),
    "doctor": ("jetshare.cli.doctor", "Find what is wrong with shares, and say the cure."),
    "explain": ("jetshare.cli.explain", "Tell the whole story of one of the doctor's rules."),
    "nats": ("jetshare.cli.nats.main", "The commands of nats, on the same contexts."),
    "shims": ("jetshare.cli.shims", "Write launchers named nsc and nats into a folder."),
    "consume": ("jetshare.cli.consume", "Stream a share to a program or to standard output."),
    "demo": ("jetshare.cli.demo", "Run the whole life of a share on a real server."),
}

EPILOG = """\b
Exit codes: 0 done and proven, 1 a proof did not hold, 2 unusable words or files,
3 stored but not on every server, 4 server out of reach, 5 store unusable,
130 interrupted.

\b
Example:
  jetshare grant ORDERS/ORDERS-C1 --from ACCTC --to ACCTB
  jetshare accept ACCTC-ORDERS-C1-ACCTB.share --account ACCTB
  jetshare verify ORDERS/ORDERS-C1
"""


class Verbs(click.Group):
    """Loads a verb when it is named, and names the nearest one when it is not known."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in VERBS and not name.startswith("-"):
            near = get_close_matches(name, VERBS, n=1)
            raise click.UsageError(
                f'unknown command "{name}"' + (f'; did you mean "{near[0]}"?' if near else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.group(cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jetshare", message="jetshare %(version)s")
def cli() -> None:
    """Share a JetStream pull consumer with another NATS account, prove that it
    works, and prove that it stopped."""


def run(argv: Sequence[str]) -> int:
    """Run one command line; its exit code. No traceback reaches the user."""
    argv = argv or ["--help"]
    as_json = "--json" in argv
    try:
        outcome: Any = cli.main(args=list(argv), prog_name="jetshare", standalone_mode=False)
    except JetshareError as error:
        return _report(str(error), error.hint, error.exit_code, type(error).__name__, as_json)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "jetshare"
        return _report(
            error.format_message(), f"{where} --help shows the words", 2, "UsageError", as_json
        )
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        _drop_output()  # its reader is gone; what was asked for is done
        return 0
    except SystemExit as left:
        # click leaves so where the reader of our output is gone, and quietens stdout.
        gone = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        return 0 if gone or left.code is None else int(left.code)
    except OSError as error:
        return _report(
            f"{error.filename or 'the output'}: {os.strerror(error.errno or 0)}",
            "check that the place is there, and that it can be read and written",
            1,
            type(error).__name__,
            as_json,
        )
    except Exception as error:  # the last line of defence: a fault of ours, not a traceback
        if os.environ.get("JETSHARE_TRACEBACK"):
            raise
        return _report(
            f"a fault in jetshare itself: {type(error).__name__}",
            "run it again with JETSHARE_TRACEBACK=1 and report what it prints",
            1,
            type(error).__name__,
            as_json,
        )
    return outcome if isinstance(outcome, int) else 0


def _report(message: str, hint: str, code: int, kind: str, as_json: bool) -> int:
    from jetshare.cli.output import emit_json, note

    message, hint = hide_seeds(message), hide_seeds(hint)
    try:
        if as_json:
            emit_json({"error": {"kind": kind, "message": message, "hint": hint, "exit": code}})
    except OSError:
        _drop_output()  # it takes nothing, which may be the very error; a person is told below
    with suppress(OSError):
        note(f"jetshare: error: {message}")
        for line in f"hint: {hint}".splitlines() if hint else []:
            note(line)
    return code


def _drop_output() -> None:
    """Point stdout elsewhere, so that the interpreter's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
