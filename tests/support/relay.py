"""A line between a client and a server that can be told to lose what the client sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Relay:
    """``lost`` is how many bytes it has swallowed since it was told to."""

    port: int
    swallows: bool = False
    lost: int = 0
    url: str = ""
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Hang up, and carry everything again on the next connection."""
        for writer in tuple(self._lines):
            writer.close()
        self.swallows = False

    async def carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            to_client.close()
            return
        self._lines |= {to_client, to_server}
        await asyncio.gather(
            self._pump(client, to_server, may_swallow=True),
            self._pump(server, to_client, may_swallow=False),
        )
        self._lines -= {to_client, to_server}

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, may_swallow: bool
    ) -> None:
        try:
            while data := await source.read(65536):
                if may_swallow and self.swallows:
                    self.lost += len(data)
                else:
                    sink.write(data)
                    await sink.drain()
        except OSError:
            pass  # one of the two hung up
        finally:
            sink.close()


@asynccontextmanager
async def relaying(port: int) -> AsyncIterator[Relay]:
    """A relay to the server on ``port``."""
    relay = Relay(port)
    server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    relay.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
