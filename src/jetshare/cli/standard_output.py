"""Standard output that its reader may take as slowly as it likes."""

from __future__ import annotations

import asyncio
import os
import select
import sys


async def write_out(data: bytes) -> None:
    """Write all of ``data``; the event loop goes on while the reader of a pipe does not read.

    What ``select`` calls writable takes PIPE_BUF bytes without waiting (pipe(7)), and stays a
    blocking pipe for those who share it. Raises OSError where nobody reads any more, or a
    disk is full.
    """
    out = sys.stdout.fileno()
    left = memoryview(data)
    while left:
        if select.select((), (out,), (), 0)[1]:
            left = left[os.write(out, left[: select.PIPE_BUF]) :]
        else:
            await _writable(out)


async def _writable(file: int) -> None:
    loop, writable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(file, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(file)
