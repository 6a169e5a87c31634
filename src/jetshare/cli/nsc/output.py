"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys

from jetshare.cli.hiding import hide_seeds
from jetshare.identity.record import record


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)


def note(text: str, end: str = "\n") -> None:
    sys.stderr.write(hide_seeds(text) + end)


def say_json(value: object, indent: int = 1) -> None:
    say(json.dumps(value, indent=indent, ensure_ascii=False))


@record
class Progress:
    """A line on a terminal that tells how far a long work is; nothing elsewhere."""

    what: str

    def __call__(self, done: int, total: int) -> None:
        if not sys.stderr.isatty() or total < 2:
            return
        width = 30
        filled = width * done // total
        bar = "#" * filled + "." * (width - filled)
        end = "\n" if done >= total else ""
        note(f"\r{self.what} [{bar}] {done}/{total}", end=end)
        sys.stderr.flush()


def bold(text: str) -> str:
    """Stands out on a terminal, and is plain text in a pipe."""
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text
