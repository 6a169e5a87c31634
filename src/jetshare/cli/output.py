"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

import click

from jetshare.cli.hiding import hide_seeds
from jetshare.sharing.proof import Proof

# DEL and C1, which JSON lets stand as they are, and a terminal obeys.
_OBEYED = re.compile(r"[\x7f-\x9f]")
_MARKS = {True: "ok", False: "FAILED", None: "not seen"}


def emit_json(value: Mapping[str, object], *, lines: bool = False) -> None:
    """The one JSON object that a verb prints with ``--json``; or one a line, as they come."""
    click.echo(json_text(value, lines=lines))


def json_text(value: Mapping[str, object], *, lines: bool = False) -> str:
    """An object as JSON that no terminal obeys."""
    text = json.dumps(value, indent=None if lines else 2, ensure_ascii=False)
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def say(line: str) -> None:
    """One line of a verb's result."""
    click.echo(plain(line))


def note(line: str) -> None:
    """Something that a person should know, and a program need not read."""
    click.echo(plain(hide_seeds(line)), err=True)


def plain(line: str) -> str:
    """``line`` with what is no printable character spelt out.

    Names come from others' files, and a terminal obeys the escapes in what it shows.
    """
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)


def plain_text(text: str) -> str:
    """A text of several lines, each of them ``plain`` but for its tabs."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(plain, line.split("\t"))) for line in lines)


def warn(line: str) -> None:
    note(f"warning: {line}")


def proof_lines(proofs: Iterable[Proof]) -> list[str]:
    """One line a proof: mark, name, what was seen, and from where."""
    rows = [(_MARKS[proof.held], proof.name, f"{proof.seen} ({_where(proof)})") for proof in proofs]
    return columns(rows)


def columns(rows: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Rows of text as aligned columns, the last one as long as it is."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return [
        "".join(cell.ljust(width + gap) for cell, width in zip(row, widths, strict=False)) + row[-1]
        for row in rows
    ]


def _where(proof: Proof) -> str:
    return f"{proof.side}, {proof.server}" if proof.server else str(proof.side)
