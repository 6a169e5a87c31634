"""One writer a store at a time, among the processes that ask.

``flock`` on a file that is never removed: the kernel lets go of it when the holder
ends, however it ends, so there is no stale lock to clean up. The file tells the
holder's process id to those who wait in vain. Readers take no lock, since every file
is replaced as a whole.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jetshare.errors import StoreError, StoreLocked
from jetshare.store.atomic import FILE_MODE, make_folder
from jetshare.store.faults import write_fault

WAIT_S = 10.0
_POLL_S = (0.002, 0.02)
_HELD = {errno.EAGAIN, errno.EACCES}


@contextmanager
def locked(
    path: Path,
    *,
    wait_s: float = WAIT_S,
    word: str = "locked",
    hint: str = "wait until it is done, and try again",
) -> Iterator[None]:
    """Hold the lock file ``path``, which is made where it is missing.

    Raises StoreLocked when another process still holds it after ``wait_s`` seconds, in
    whose words the store is then ``word`` by that process, and StoreReadOnly where the
    file cannot be made.
    """
    deadline = time.monotonic() + wait_s

    def busy(handle: int) -> StoreLocked:
        return StoreLocked(f"{path.parent.parent} is {word} by {_holder(handle)}", hint=hint)

    handle = _take(path, deadline, busy)
    while not _is_still(path, handle):
        # The folder was cleared away while we waited: what we hold guards nothing.
        os.close(handle)
        handle = _take(path, deadline, busy)
    try:
        _sign(handle)
        yield
    finally:
        os.close(handle)


def _take(path: Path, deadline: float, busy: Callable[[int], StoreLocked]) -> int:
    try:
        make_folder(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise write_fault(path.parent, error) from None
    try:
        while not _try(path, handle):
            if time.monotonic() >= deadline:
                raise busy(handle)
            time.sleep(random.uniform(*_POLL_S))  # noqa: S311 (spreads the waiters, no secret)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _try(path: Path, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise StoreError(
            f"{path} cannot be locked: {os.strerror(error.errno or 0)}",
            hint="move the store to a file system that has locks",
        ) from None
    return True


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    with suppress(OSError):  # a courtesy to others; a full disk is no reason to stop here
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _holder(handle: int) -> str:
    text = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    return f"process {text}" if text.isdigit() else "another process"
