"""Running the command line as its users do: as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.seed_guard import SeedGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a command ended, and what it printed."""

    exit: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True)
class Jetshare:
    """``jetshare("grant", …)`` runs one command to its end. Each has its output guarded."""

    guard: SeedGuard

    def __call__(
        self,
        *words: str | Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        stdin: str | bytes = b"",
        timeout: float = 30.0,
    ) -> Finished:
        """Run ``jetshare`` with ``words``. ``env`` adds to the environment, or with None takes
        away. Raises subprocess.TimeoutExpired after ``timeout`` seconds, the command killed."""
        command = [sys.executable, "-m", "jetshare", *map(str, words)]
        done = subprocess.run(
            command,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=environment(env or {}),
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
        shown = " ".join(("jetshare", *map(str, words[:1])))
        self.guard.watch_output(f"the stdout of {shown}", done.stdout)
        self.guard.watch_output(f"the stderr of {shown}", done.stderr)
        return Finished(
            exit=done.returncode,
            stdout=done.stdout.decode(),
            stderr=done.stderr.decode(),
        )


@pytest.fixture
def jetshare_cli(fresh_home: Path, seed_guard: SeedGuard) -> Jetshare:
    """Runs ``jetshare`` as a process, with a fresh home."""
    return Jetshare(seed_guard)


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of the tests with ``changes``; None takes a variable away."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}
