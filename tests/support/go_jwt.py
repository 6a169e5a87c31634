"""The Go libraries of NATS as a process that answers, for tests marked ``go``.

Its program lies in ``tests/interop/go``.
"""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support.go_programs import built

SOURCE: Final = Path(__file__).resolve().parents[1] / "interop" / "go"


class GoRefusal(Exception):
    """What the Go library answered instead of doing what was asked."""


class GoJwt:
    """One running program; ``ask`` writes it a line and reads one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, verb: str, **words: Any) -> dict[str, Any]:
        """Raises GoRefusal. Bytes go as base64, as Go has them in JSON."""
        question = {
            name: b64encode(word).decode() if isinstance(word, bytes) else word
            for name, word in words.items()
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"verb": verb, **question}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise GoRefusal(answer["error"])
        return answer

    def box(self, verb: str, **words: Any) -> bytes:
        """The answer to a question whose answer is bytes."""
        return b64decode(self.ask(verb, **words)["box"] or "")


@contextmanager
def running() -> Iterator[GoJwt]:
    with subprocess.Popen(
        [built(SOURCE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield GoJwt(process)  # leaving closes its input, by which it ends
