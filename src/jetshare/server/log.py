"""The end of a server's log, as it may be shown to anybody."""

from __future__ import annotations

import re
from pathlib import Path

# "[4711] 2026/01/31 10:00:00.000000 [INF] " before the words.
_STAMP = re.compile(r"^\[\d+\] \d{4}/\d\d/\d\d [\d:.]+ (?=\[)")
# Seeds begin with S, private keys with P, and no public key with either.
_SECRET = re.compile(r"(?<![A-Z0-9])[SP][A-Z2-7]{40,}")
_FATAL = ("[FTL]", "nats-server:", "panic:", "fatal error:")  # the last two are Go's
_TAIL_BYTES = 16 * 1024
_LONGEST = 300


def size(path: Path) -> int:
    """Bytes that are in the log now; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def last_lines(path: Path, *, since: int = 0) -> tuple[str, ...]:
    """The last lines that were written after byte ``since``, without time and secrets."""
    try:
        with path.open("rb") as file:
            file.seek(max(since, size(path) - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ()
    return tuple(_shown(line) for line in text.splitlines() if line.strip())


def cause(lines: tuple[str, ...]) -> str:
    """The line that says why a server ended, or the last one.

    A signal leaves no line of the server's own: its guard writes that one.
    """
    for line in reversed(lines):
        if line.startswith(_FATAL):
            return line.removeprefix("[FTL] ").removeprefix("nats-server: ")
    return lines[-1] if lines else "it said nothing"


def _shown(line: str) -> str:
    shown = _SECRET.sub("<secret>", _STAMP.sub("", line))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
