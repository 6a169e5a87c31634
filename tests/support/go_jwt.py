"""The Go libraries of NATS as a process that answers, for tests marked ``go``.

Its program lies in ``tests/interop/go`` and is built once for each content it has.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).resolve().parents[1] / "interop" / "go"
CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "interop"
# Taken when this is imported: a test with a fresh home still finds Go's own caches.
_ENVIRONMENT: Final = dict(os.environ)


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
        [_built()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield GoJwt(process)  # leaving closes its input, by which it ends


def _built() -> Path:
    """The program, built where none of its content is there yet."""
    files = sorted(SOURCE.iterdir())
    content = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    program = CACHE / f"go-jwt-{content[:16]}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / program.name
            subprocess.run(
                ["go", "build", "-trimpath", "-buildvcs=false", "-o", str(made), "."],
                cwd=SOURCE,
                env={**_ENVIRONMENT, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
                check=True,
            )
            made.rename(program)  # whole or not at all
    return program
