"""The short way out of nats-py, for the subscriptions that jetshare pulls on.

nats-py reads 32 KiB at a time in a task, and hands each message through a coroutine, a
queue and a subscription's task. That costs more than all the rest of pulling a small
message, so here it is gone around, for those subscriptions and for nothing else:

- ``DirectProtocol`` takes their frames out of what arrives, while it arrives;
- ``DirectParser`` finds them, there and in what nats-py was given to read, and calls a
  function with each;
- ``DirectTransport`` puts the protocol in front of every new connection.

It leans on these insides of nats-py 2.16: ``Client._ps`` (a ``Parser`` with ``buf``,
``state``, ``reset`` and ``parse``), ``Client._transport`` (a ``TcpTransport`` with
``_io_writer``, ``connect``, ``connect_tls``, ``read`` and ``write``), ``Client._pending``
and ``_pending_data_size`` (what it has still to write, and how many bytes that is) and
``Subscription._id``. Where one of them is not what is expected here (another version, a
subclass of the application's own, a WebSocket), the public way is taken instead: the
``future`` argument of ``subscribe``, and ``publish``. Both ways are tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from nats.aio.transport import TcpTransport
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

if TYPE_CHECKING:
    from ssl import SSLContext
    from urllib.parse import ParseResult

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

# subject, reply, header block (empty for none), payload. It must not raise.
Deliver = Callable[[bytes, bytes, bytes, bytes], None]

_READ_SIZE = 256 << 10  # as asyncio reads
_ALL = 1 << 24
# A frame with more than this still missing is left to nats-py, which collects it without
# copying what is there already on each read.
_LARGE_FRAME = 1 << 20


class DirectParser(Parser):
    """nats-py's parser, with a short way for the subscriptions in ``direct``."""

    direct: dict[bytes, Deliver]
    busy: bool  # in the middle of ``parse``, which may wait
    resets: int

    def reset(self) -> None:
        self.resets += 1
        super().reset()

    async def parse(self, data: bytes = b"") -> None:
        self.busy = True
        try:
            if not self.direct or self.state != AWAITING_CONTROL_LINE:
                await super().parse(data)
                return
            data, resets = self._with_held(data), self.resets
            position, size = 0, len(data)
            while position < size:
                position, end = self._take(data, position)
                if position < size:
                    await super().parse(data[position:end])
                    position = end
                if self.resets != resets:
                    break  # the connection was lost, and the rest is of the old one
        finally:
            self.busy = False

    def take(self, data: bytes) -> bytes:
        """Deliver the frames of ours that ``data`` begins with; what follows them.

        To be called where nats-py has parsed all that came before, and nothing else.
        """
        if not self.direct or self.busy or self.state != AWAITING_CONTROL_LINE:
            return data
        data = self._with_held(data)
        position, _ = self._take(data, 0)
        return data[position:] if position else data

    def _with_held(self, data: bytes) -> bytes:
        """``data`` after the part of a frame that came before it."""
        if self.buf:
            data = bytes(self.buf) + data
            self.buf.clear()
        return data

    def _take(self, data: bytes, position: int) -> tuple[int, int]:
        """Deliver frames of ours from ``position`` on; where another begins, and its end.

        A frame of which the end has not come yet is held, and counts as taken.
        """
        direct, find, size = self.direct, data.find, len(data)
        messages = payload_bytes = 0
        end = size
        while position < size:
            line_end = find(b"\r\n", position)
            if line_end < 0:
                self.buf += data[position:]
                position = size
                break
            words = data[position:line_end].split(b" ")
            start, headed = line_end + 2, words[0] == b"HMSG"
            if not headed and words[0] != b"MSG":
                end = start
                break
            try:
                end = start + int(words[-1]) + 2
                deliver = direct.get(words[2])
                body = start + int(words[-2]) if headed else start
            except (IndexError, ValueError):
                break  # nats-py says what is wrong with it
            if end > size and end - size <= _LARGE_FRAME:
                self.buf += data[position:]
                position = size
            if end > size or deliver is None:
                break
            messages += 1
            payload_bytes += end - 2 - body
            if headed:
                reply = words[3] if len(words) == 6 else b""
                deliver(words[1], reply, data[start:body], data[body : end - 2])
            else:
                reply = words[3] if len(words) == 5 else b""
                deliver(words[1], reply, b"", data[body : end - 2])
            position = end
        stats = self.nc.stats
        stats["in_msgs"] += messages
        stats["in_bytes"] += payload_bytes
        return position, min(end, size)


class DirectProtocol(asyncio.BufferedProtocol):
    """What stands between the socket and the stream that nats-py reads from.

    It takes what is ours out of what arrives, and passes the rest on. It reads into one
    buffer: asyncio would allocate 256 KiB for every read, which at one message a read
    takes longer than the read.
    """

    def __init__(self, behind: asyncio.Protocol, parser: DirectParser) -> None:
        self._behind = behind
        self._parser = parser
        self._buffer = memoryview(bytearray(_READ_SIZE))
        # Something was passed on that nats-py has not read yet. It may be so at first.
        self.passed_on = True

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self._buffer[:nbytes])
        if not self.passed_on:
            data = self._parser.take(data)
        if data:
            self.passed_on = True
            self._behind.data_received(data)

    def eof_received(self) -> bool | None:
        return self._behind.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()


class DirectTransport(TcpTransport):
    """nats-py's transport with a ``DirectProtocol`` on every new connection."""

    parser: DirectParser
    protocol: DirectProtocol | None

    def stand_before(self) -> None:
        """Have what arrives go through our protocol."""
        self.protocol = None
        if self._io_writer is None:
            return
        transport = self._io_writer.transport
        behind = transport.get_protocol()
        if isinstance(behind, asyncio.Protocol):
            self.protocol = DirectProtocol(behind, self.parser)
            transport.set_protocol(self.protocol)

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        await super().connect(uri, buffer_size, connect_timeout)
        self.stand_before()

    async def connect_tls(
        self,
        uri: str | ParseResult,
        ssl_context: SSLContext,
        buffer_size: int,
        connect_timeout: int,
    ) -> None:
        await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        self.stand_before()

    async def read(self, buffer_size: int) -> bytes:
        """All that has arrived, not 32 KiB of it."""
        data: bytes = await super().read(_ALL)
        if len(data) < _ALL and self.protocol is not None:
            self.protocol.passed_on = False
        return data


class Sink(asyncio.Future["Msg"]):
    """What ``subscribe(future=…)`` resolves for each message: the public way in."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__()
        self._deliver = deliver

    def set_result(self, result: Msg) -> None:
        block = header_block(result.headers or {})
        self._deliver(result.subject.encode(), result.reply.encode(), block, result.data)


def take_short_way(client: Client) -> bool:
    """Give the connection our parser, protocol and transport, where it has nats-py's own.

    The objects stay and change their class: what they hold of a frame half read, and a
    read loop that waits inside of one of their methods, go on undisturbed.
    """
    parser, transport = client._ps, client._transport
    if isinstance(parser, DirectParser):
        return True
    if type(parser) is not Parser or type(transport) is not TcpTransport:
        return False
    if not {"buf", "state", "nc"} <= vars(parser).keys() or "_io_writer" not in vars(transport):
        return False
    if type(vars(client).get("_pending")) is not list or "_pending_data_size" not in vars(client):
        return False
    parser.__class__ = DirectParser
    vars(parser).update(direct={}, busy=False, resets=0)
    transport.__class__ = DirectTransport
    vars(transport).update(parser=parser, protocol=None)
    DirectTransport.stand_before(cast(DirectTransport, transport))
    return True


def sid_of(subscription: Subscription) -> bytes:
    return b"%d" % subscription._id


def header_block(headers: Mapping[str, str]) -> bytes:
    """The header block of a message that nats-py has taken apart."""
    if not headers:
        return b""
    fields = dict(headers)
    status, text = fields.pop("Status", ""), fields.pop("Description", "")
    first = f"NATS/1.0 {status} {text}".rstrip() if status else "NATS/1.0"
    lines = [first, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()
