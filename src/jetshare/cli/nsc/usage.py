"""The help of commands and of groups of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jetshare.cli.nsc.commands import COMMANDS, Command
from jetshare.cli.nsc.flags import Flag


def of_group(name: str) -> str:
    start = f"{name} " if name else ""
    rows = [(full, text) for full, (_, _, text) in COMMANDS.items() if full.startswith(start)]
    return "\n".join(
        [
            f"Usage: nsc {start}COMMAND [FLAGS]",
            "",
            "Commands:",
            *_columns(rows),
            "",
            f"nsc {start}COMMAND --help shows the flags of a command.",
        ]
    )


def of_command(name: str, command: Command, everywhere: Sequence[Flag]) -> str:
    argument = " [NAME]" if command.arguments else ""
    lines = [COMMANDS[name][2], "", f"Usage: nsc {name}{argument} [FLAGS]"]
    own = [flag for flag in command.flags if not flag.hidden]
    if own:
        lines += ["", "Flags:", *_columns(map(_row, own))]
    lines += ["", "Flags of every command:", *_columns(map(_row, everywhere))]
    if command.example:
        lines += ["", "Example:", *(f"  {line}" for line in command.example.splitlines())]
    return "\n".join(lines)


def _row(flag: Flag) -> tuple[str, str]:
    short = f"-{flag.short}, " if flag.short else "    "
    value = f" {flag.metavar}" if flag.implied is None else ""
    if flag.implied is not None and flag.metavar:
        value = f"[={flag.metavar}]"
    return f"{short}--{flag.name}{value}", flag.help


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = max((len(left) for left, _ in listed), default=0)
    return [f"  {left.ljust(width)}  {right}".rstrip() for left, right in listed]
