"""The short way out of nats-py, for the subscriptions that jetshare pulls on.

nats-py hands each message through a coroutine, a queue and a subscription's task. That
costs more than all the rest of pulling a small message, so here it is gone around, for
those subscriptions and for nothing else:

- ``DirectParser`` hands their frames straight to a function, and every other frame to
  nats-py's own parser;
- ``WideReads`` reads what the socket has, not 32 KiB of it.

It leans on these insides of nats-py 2.16: ``Client._ps`` (a ``Parser`` with ``buf``,
``state``, ``reset`` and ``parse``), ``Client._transport`` (with ``read`` and ``write``)
and ``Subscription._id``. Where one of them is not what is expected here (another version,
a subclass of the application's own, a WebSocket), the public way is taken instead: the
``future`` argument of ``subscribe``, and ``publish``. Both ways are tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from nats.aio.transport import TcpTransport
from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, MAX_CONTROL_LINE_SIZE, Parser

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

# subject, reply, header block (empty for none), payload. It must not raise.
Deliver = Callable[[bytes, bytes, bytes, bytes], None]

_READ_SIZE = 1 << 20
# A frame with more than this still missing is left to nats-py, which collects it without
# copying what is there already on each read.
_LARGE_FRAME = 1 << 20


class WideReads(TcpTransport):
    """nats-py's transport, reading all that has arrived."""

    async def read(self, buffer_size: int) -> bytes:
        data: bytes = await super().read(max(buffer_size, _READ_SIZE))
        return data


class DirectParser(Parser):
    """nats-py's parser, with a short way for the subscriptions in ``direct``."""

    direct: dict[bytes, Deliver]
    resets: int

    def reset(self) -> None:
        self.resets += 1
        super().reset()

    async def parse(self, data: bytes = b"") -> None:
        if not self.direct or self.state != AWAITING_CONTROL_LINE:
            await super().parse(data)
            return
        if self.buf:
            data = bytes(self.buf) + data
            self.buf.clear()
        resets, position, size = self.resets, 0, len(data)
        direct, find = self.direct, data.find
        messages = payload_bytes = 0
        while position < size:
            line_end = find(b"\r\n", position)
            if line_end < 0:
                if size - position > MAX_CONTROL_LINE_SIZE:
                    raise ProtocolError("nats: control line too long")
                self.buf += data[position:]
                break
            words = data[position:line_end].split(b" ")
            start = line_end + 2
            if words[0] == b"MSG" or words[0] == b"HMSG":
                try:
                    end = start + int(words[-1])
                    deliver = direct.get(words[2])
                    headed = words[0] == b"HMSG"
                    body = start + int(words[-2]) if headed else start
                except (IndexError, ValueError):
                    raise ProtocolError("nats: malformed MSG") from None
                if end + 2 > size:
                    if end - size > _LARGE_FRAME:
                        await super().parse(data[position:])
                    else:
                        self.buf += data[position:]
                    break
                if deliver is not None:
                    messages += 1
                    payload_bytes += end - body
                    if headed:
                        reply = words[3] if len(words) == 6 else b""
                        deliver(words[1], reply, data[start:body], data[body:end])
                    else:
                        reply = words[3] if len(words) == 5 else b""
                        deliver(words[1], reply, b"", data[body:end])
                    position = end + 2
                    continue
                start = end + 2
            await super().parse(data[position:start])
            if self.resets != resets:  # the connection was lost: the rest is of the old one
                break
            position = start
        self.nc.stats["in_msgs"] += messages
        self.nc.stats["in_bytes"] += payload_bytes


class Sink(asyncio.Future["Msg"]):
    """What ``subscribe(future=…)`` resolves for each message: the public way in."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__()
        self._deliver = deliver

    def set_result(self, result: Msg) -> None:
        block = header_block(result.headers or {})
        self._deliver(result.subject.encode(), result.reply.encode(), block, result.data)


def take_short_way(client: Client) -> bool:
    """Give the connection our parser and transport, where it has nats-py's own.

    The objects stay and change their class: what they hold of a frame half read, and a
    read loop that waits inside of one of their methods, go on undisturbed.
    """
    parser, transport = client._ps, client._transport
    if isinstance(parser, DirectParser):
        return True
    if type(parser) is not Parser or type(transport) is not TcpTransport:
        return False
    if not {"buf", "state", "nc"} <= vars(parser).keys():
        return False
    parser.__class__ = DirectParser
    transport.__class__ = WideReads
    vars(parser).update(direct={}, resets=0)
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
