"""Acknowledging what consumers push, where the consumer wants it."""

from __future__ import annotations

from jetshare.errors import NetworkError
from jetshare.net.message import Metadata
from jetshare.net.receipts import Receipts
from jetshare.workflows.nats_session import Session


class PushedAcks:
    """``lost`` counts the acknowledgements that did not reach their consumer.

    A consumer without acknowledgements sends the same reply subjects as any other, and
    nobody listens on them; INFO, where it is there to ask, tells the two apart.
    """

    def __init__(self, session: Session, timeout_s: float) -> None:
        self.lost = 0
        self._session = session
        self._timeout_s = timeout_s
        self._receipts = Receipts(session.client)
        self._unwanted: set[tuple[str, str]] = set()

    async def acknowledge(self, reply: str) -> str:
        """Acknowledge the message that came with ``reply``; why that failed, or empty."""
        stands = Metadata.parse(reply)
        consumer = (stands.stream, stands.consumer)
        if consumer in self._unwanted:
            return ""
        try:
            await self._receipts.acknowledge(reply, timeout_s=self._timeout_s)
        except NetworkError as error:
            if await self._session.takes_no_acks(*consumer):
                self._unwanted.add(consumer)
                return ""
            self.lost += 1
            return str(error)
        return ""

    async def close(self) -> None:
        await self._receipts.close()
