"""What the file system refuses, in our words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jetshare.errors import StoreError, StoreReadOnly

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_fault(path: Path, error: OSError) -> StoreError:
    """The error that stands for ``error``, which came up while ``path`` was written."""
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    if error.errno in _REFUSED:
        return StoreReadOnly(
            f"{path} cannot be written: {reason}",
            hint="nothing was changed; run as the user that owns the folder, or make it writable",
        )
    if error.errno in _FULL:
        return StoreError(
            f"{path} cannot be written: {reason}", hint="nothing was changed; make room and retry"
        )
    return StoreError(f"{path} cannot be written: {reason}")


def read_fault(path: Path, error: OSError) -> StoreError:
    """The error that stands for ``error``, which came up while ``path`` was read."""
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    return StoreError(f"{path} cannot be read: {reason}", hint="check who may read the folder")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of the body into a StoreError about ``path``."""
    try:
        yield
    except OSError as error:
        raise write_fault(path, error) from None
