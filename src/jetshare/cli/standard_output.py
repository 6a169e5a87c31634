"""Standard output that its reader may take as slowly as it likes."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import sys


class LineOutput:
    """Lines, one writer at a time, each of which may be cancelled: what was cut off in one
    does not go on in the next."""

    def __init__(self) -> None:
        self._cut_off = False

    async def write(self, line: bytes) -> None:
        """Write all of ``line``; the event loop goes on while the reader of a pipe does not read.

        What ``select`` calls writable takes PIPE_BUF bytes without waiting (pipe(7)), and stays a
        blocking pipe for those who share it. Raises OSError where nobody reads any more, or a
        disk is full.
        """
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        out = sys.stdout.fileno()
        left = memoryview(b"\n" + line if self._cut_off else line)
        while left:
            if select.select((), (out,), (), 0)[1]:
                left = left[os.write(out, left[: select.PIPE_BUF]) :]
                self._cut_off = bool(left)
            else:
                await _writable(out)


async def _writable(file: int) -> None:
    loop, writable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(file, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(file)
