"""Lines to a reader that does not read, and one of which is cut off."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jetshare.cli.standard_output import LineOutput
from support.waiting import until


@contextmanager
def read_by_hand() -> Iterator[io.FileIO]:
    """Standard output is a pipe meanwhile, and this its other end."""
    out, into = os.pipe()
    with (
        io.FileIO(out) as there,
        os.fdopen(into, "w") as here,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", here)
        yield there


async def test_what_is_cut_off_does_not_go_on_in_the_next_line() -> None:
    with read_by_hand() as reader:
        output = LineOutput()
        long = asyncio.create_task(output.write(b"a" * 1_000_000 + b"\n"))

        async def stands_still() -> bool:
            return output._cut_off

        await until(stands_still)
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)
        next_line = asyncio.create_task(output.write(b"whole\n"))
        got = b""
        while not got.endswith(b"whole\n"):
            got += await asyncio.to_thread(reader.read, 65536)
        await next_line
    first, second = got.splitlines()
    assert set(first) == set(b"a")
    assert second == b"whole"


async def test_a_closed_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="standard output is closed"):
        await LineOutput().write(b"x\n")
