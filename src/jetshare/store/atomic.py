"""A file is written whole or not at all, and is on the disk when the call returns.

The data go to a new file in the same folder, which is synchronised and then renamed
over the old one; a reader sees the old bytes or the new ones. Everything here raises
OSError and leaves no temporary file behind, except where the process is killed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def write_atomic(path: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Replace ``path`` by ``data``. A symbolic link stays one: its target is replaced."""
    target = Path(os.path.realpath(path))
    # The name has none of the extensions that nsc and nats look for (.jwt, .nk, .json).
    staged = target.parent / f".jetshare-{os.urandom(8).hex()}.tmp"
    try:
        write_synced(staged, data, mode=mode)
        staged.replace(target)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise
    sync_folder(target.parent)


def write_new(path: Path, data: bytes, *, mode: int = FILE_MODE) -> bool:
    """Write a whole file under a name that is free; False, and nothing written, where not."""
    staged = path.parent / f".jetshare-{os.urandom(8).hex()}.tmp"
    try:
        write_synced(staged, data, mode=mode)
        path.hardlink_to(staged)  # which, unlike a rename, replaces nothing
    except FileExistsError:
        return False
    finally:
        with suppress(OSError):
            staged.unlink()
    sync_folder(path.parent)
    return True


def write_synced(path: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Write a file that is not there yet, and wait until the disk has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, and those above it that are missing."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        # Another process may make the same folder meanwhile.
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names that were made, moved or removed in a folder."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
