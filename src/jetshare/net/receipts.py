"""Acknowledging what consumers push to a plain subscription."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jetshare.net.acks import Acks
from jetshare.net.message import Message, Metadata
from jetshare.net.wire import Wire
from jetshare.sharing.kinds import PullConsumer

if TYPE_CHECKING:
    from nats.aio.client import Client


class Receipts:
    """Acknowledgements over one connection: the first one of each consumer is confirmed,
    and from time to time those since.
    """

    def __init__(self, client: Client) -> None:
        self._wire = Wire(client)
        self._acks: dict[PullConsumer, Acks] = {}

    async def acknowledge(self, reply: str, *, timeout_s: float) -> None:
        """Acknowledge the message that came with ``reply``.

        Raises InputError where that is not the reply subject of a JetStream message, and
        AckNotShared or AccessRefused where acknowledgements do not reach the consumer.
        """
        stands = Metadata.parse(reply)
        consumer = PullConsumer(stands.stream, stands.consumer)
        acks = self._acks.setdefault(consumer, Acks(self._wire, consumer))
        await Message(acks, b"", reply.encode(), b"", b"").ack(timeout=timeout_s)
        now = asyncio.get_running_loop().time()
        if acks.due(now):
            await acks.prove(now)

    async def close(self) -> None:
        await self._wire.close()
