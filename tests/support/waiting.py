"""Wait for something to be seen, and never for time to pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], *, within_s: float = 15.0) -> T:
    """The first truthy thing that ``look`` sees; AssertionError where it sees none in time."""
    deadline = time.monotonic() + within_s
    while True:
        seen = await look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not seen within {within_s:g} s, but {seen!r}"
        await asyncio.sleep(0.01)
