"""What the kernel tells of processes, from /proc. Where there is none, nothing is seen."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Processes that ``pid`` started, and those that they started."""
    found = []
    for task in _PROC.glob(f"{pid}/task/*/children"):
        with suppress(OSError):  # it ended meanwhile
            for child in map(int, task.read_text().split()):
                found += [child, *descendants(child)]
    return found


def arguments(pid: int) -> list[str]:
    """A process's command line; empty for one that has ended."""
    with suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return []


def started_with(variable: str, value: str) -> list[int]:
    """Running processes that were started with this variable in their environment."""
    entry = f"{variable}={value}".encode()
    found = []
    for environ in _PROC.glob("[0-9]*/environ"):
        with suppress(OSError):  # it ended meanwhile, or it is another user's
            if entry in environ.read_bytes().split(b"\0"):
                found.append(int(environ.parent.name))
    return found
