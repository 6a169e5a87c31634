"""Programs of ours in Go, each built once for each content it has."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "interop"
# Taken when this is imported: a test with a fresh home still finds Go's own caches.
_ENVIRONMENT: Final = dict(os.environ)


def built(source: Path) -> Path:
    """The program whose Go module lies in ``source``, built where it is not there yet.

    Raises CalledProcessError where Go cannot build it; what Go said is on stderr.
    """
    files = sorted(source.iterdir())
    content = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    program = CACHE / f"{source.name}-{content[:16]}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / program.name
            subprocess.run(
                ["go", "build", "-trimpath", "-buildvcs=false", "-o", str(made), "."],
                cwd=source,
                env={**_ENVIRONMENT, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
                check=True,
            )
            made.rename(program)  # whole or not at all
    return program
