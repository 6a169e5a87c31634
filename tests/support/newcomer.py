"""Somebody who follows a page of the documentation, in a fresh home."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cli import environment
from support.seed_guard import SeedGuard

BIN = Path(sys.executable).parent


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


class Newcomer:
    def __init__(self, home: Path, guard: SeedGuard) -> None:
        self.folder, self.guard = home, guard
        self.environment = environment({"HOME": str(home)})

    def run(self, words: list[str]) -> str:
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for text in (done.stdout, done.stderr):
            self.guard.watch_output(f"the output of {shlex.join(words)}", text.encode())
        assert done.returncode == 0, (shlex.join(words), done.stdout, done.stderr)
        return done.stdout

    @contextmanager
    def start(self, words: list[str]) -> Iterator[subprocess.Popen[str]]:
        """A program that runs until it is told to end, and then ends well."""
        process = subprocess.Popen(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == 0, shlex.join(words)

    @contextmanager
    def served(self, up: list[str]) -> Iterator[str]:
        """The address that ``jetshare up`` serves at: a free one, its own may be taken here."""
        with self.start([*up, "--port", "0"]) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "serving operator OP" in line
            yield re.findall(r"nats://\S+", line)[0]
