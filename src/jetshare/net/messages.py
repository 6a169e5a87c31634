"""The messages of a consumer as an application takes them: one after the other."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from jetshare.net.acks import CONFIRM_TIMEOUT_S
from jetshare.net.message import Message
from jetshare.net.pull import PullLoop


class Messages:
    """The messages of a consumer as they come: ``async for message in …``.

    Leaving the loop ends the consumption, gives back what was delivered and not handed out,
    and waits in the background until the acknowledgements are confirmed; what is not, after
    five seconds, is logged as a warning. ``aclose`` does so and returns then, and so do
    ``async with`` at the end of the block and ``aclose`` of the client.
    """

    def __init__(self, loop: PullLoop) -> None:
        self._loop = loop
        self._opened = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        loop = self._loop
        if not loop.at_hand:
            if not self._opened:
                self._opened = True
                try:
                    await loop.open()
                except BaseException:
                    await loop.close()
                    raise
            if not await loop.ready():
                raise StopAsyncIteration
        return loop.take()

    @property
    def acknowledged(self) -> int:
        """How many acknowledgements the server is known to have taken."""
        return self._loop.acks.confirmed

    @property
    def unconfirmed(self) -> int:
        """How many it is not known to have taken: they are on their way, or lost."""
        return self._loop.acks.unconfirmed

    async def settle(self, timeout: float = CONFIRM_TIMEOUT_S) -> None:
        """Wait until it is known of each acknowledgement whether it was taken.

        Raises AckNotShared where they reach nobody, AccessRefused where this user may not
        acknowledge. After ``timeout`` seconds, what is not known is ``unconfirmed``.
        """
        await self._loop.acks.settle(timeout)

    async def aclose(self) -> None:
        """End, also from another task than the one that iterates."""
        await self._loop.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._loop.abandon()
