"""The real tools of NATS, built once from the Go module proxy at fixed versions.

    python tests/support/go_tools.py      builds them ahead of a run of the tests

They land in ``.cache/go-tools/`` of the checkout, by name and version.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "go-tools"
# Taken when this is imported: a test with a fresh home still finds Go's own caches.
_ENVIRONMENT: Final = dict(os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTool:
    name: str
    package: str
    version: str

    @property
    def path(self) -> Path:
        return CACHE / f"{self.name}-{self.version}" / self.name


NATS: Final = GoTool(name="nats", package="github.com/nats-io/natscli/nats", version="v0.5.0")
ALL: Final = (NATS,)


def built(tool: GoTool) -> Path:
    """The path of ``tool``, which is built where it is not there yet.

    Raises CalledProcessError where Go cannot build it; what Go said is on stderr.
    """
    if tool.path.exists():
        return tool.path
    CACHE.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(CACHE / f"{tool.name}-{tool.version}.lock"):
        if not tool.path.exists():  # nobody built it while we waited
            _build(tool)
    return tool.path


def _build(tool: GoTool) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(
            ["go", "install", "-trimpath", "-ldflags=-s -w", f"{tool.package}@{tool.version}"],
            env={**_ENVIRONMENT, "GOBIN": folder, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"},
            check=True,
        )
        tool.path.parent.mkdir(exist_ok=True)
        (Path(folder) / tool.name).rename(tool.path)  # whole or not at all


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    if not shutil.which("go"):
        print("go is not on PATH: the tests that need it are left out")
        return 0
    for tool in ALL:
        if not tool.path.exists():
            print(f"Building {tool.name} {tool.version}", flush=True)
            built(tool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
