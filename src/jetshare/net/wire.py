"""The short way between a nats-py connection and the pull loop.

nats-py hands each message through a coroutine, a queue and a subscription's task, and
each acknowledgement through a coroutine, a subject check and a second task. That costs
more than all the rest of pulling a small message. This module goes around it for the
subjects that jetshare pulls on, and for nothing else:

- ``DirectParser`` hands frames of those subscriptions straight to a function, and every
  other frame to nats-py's own parser;
- ``WideReads`` reads what the socket has, not 32 KiB of it;
- ``Wire.send`` joins what is sent within one turn of the event loop into one write.

It leans on these insides of nats-py 2.16: ``Client._ps`` (a ``Parser`` with ``buf``,
``state``, ``reset`` and ``parse``), ``Client._transport`` (with ``read`` and ``write``)
and ``Subscription._id``. Where one of them is not what is expected here (another version,
a subclass of the application's own, a WebSocket), the public way is taken instead: the
``future`` argument of ``subscribe``, and ``publish``. Both ways are tested.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from nats.aio.transport import TcpTransport
from nats.errors import ConnectionClosedError, Error, ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, MAX_CONTROL_LINE_SIZE, Parser

from jetshare.errors import NoResponders, RequestTimeout, Unreachable

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
_RETRY_WRITE_S = 0.002  # while nats-py writes
_RETRY_DOWN_S = 0.05  # while there is no connection
_NO_RESPONDERS = b"NATS/1.0 503"


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


class _Sink(asyncio.Future["Msg"]):
    """What ``subscribe(future=…)`` resolves for each message: the public way in."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__()
        self._deliver = deliver

    def set_result(self, result: Msg) -> None:
        block = _header_block(result.headers or {})
        self._deliver(result.subject.encode(), result.reply.encode(), block, result.data)


class Reply(NamedTuple):
    header: bytes
    data: bytes


class Tap:
    """One subscription whose messages go to a function, until it is closed."""

    def __init__(self, client: Client, subscription: Subscription) -> None:
        self._client = client
        self._subscription = subscription

    async def close(self) -> None:
        """Take the interest back; what the server had sent by then is still delivered."""
        try:
            if self._client.is_connected:
                await self._subscription.drain()  # type: ignore[no-untyped-call]  # nats-py's gap
            else:
                await self._subscription.unsubscribe()
        except Error:
            pass  # closed or lost meanwhile: the server forgets the interest by itself
        finally:
            parser = self._client._ps
            if isinstance(parser, DirectParser):
                parser.direct.pop(_sid(self._subscription), None)


class Wire:
    """Subscribes, sends and asks over one connection. Any number may share it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.direct = _take_short_way(client)
        self._outgoing: list[bytes] = []
        self._retry: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._publishing: set[asyncio.Task[None]] = set()
        self._replies: dict[bytes, asyncio.Future[Reply]] = {}
        self._inbox = b""
        self._inbox_tap: Tap | None = None
        self._asked = 0

    async def subscribe(self, subject: str, deliver: Deliver, *, queue: str = "") -> Tap:
        """Hand every message on ``subject`` to ``deliver``."""
        try:
            subscription = await self.client.subscribe(subject, queue, future=_Sink(deliver))
        except ConnectionClosedError:
            raise Unreachable("the connection is closed") from None
        parser = self.client._ps
        if self.direct and isinstance(parser, DirectParser):
            parser.direct[_sid(subscription)] = deliver
        return Tap(self.client, subscription)

    def send(self, subject: bytes, payload: bytes = b"", reply: bytes = b"") -> None:
        """Publish, together with all else that is sent within this turn of the loop.

        While the connection is down it waits for the next one.
        """
        if not self.direct:
            self._publish(subject, payload, reply)
            return
        if not self._outgoing:
            self._loop.call_soon(self.flush)
        self._outgoing.append(b"PUB %b %b %d\r\n%b\r\n" % (subject, reply, len(payload), payload))

    def flush(self) -> None:
        """Write what was sent so far."""
        if not self._outgoing or self.client.is_closed:
            self._outgoing.clear()
            return
        client, transport = self.client, self.client._transport
        # What nats-py has still to write, a SUB above all, was said first.
        if transport is None or not client.is_connected or client.pending_data_size:
            if self._retry is None:
                pause = _RETRY_WRITE_S if client.is_connected else _RETRY_DOWN_S
                self._retry = self._loop.call_later(pause, self._flush_again)
            return
        data = b"".join(self._outgoing)
        self.client.stats["out_msgs"] += len(self._outgoing)
        self.client.stats["out_bytes"] += len(data)
        self._outgoing.clear()
        transport.write(data)

    def _flush_again(self) -> None:
        self._retry = None
        self.flush()

    async def ask(self, subject: bytes, payload: bytes, timeout_s: float) -> Reply:
        """One request, one reply.

        Raises NoResponders where nothing listens on the subject, RequestTimeout where
        nothing came back.
        """
        if not self._inbox:
            self._inbox = self.client.new_inbox().encode() + b"."
            self._inbox_tap = await self.subscribe(self._inbox.decode() + "*", self._answered)
        self._asked += 1
        token = b"%d" % self._asked
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._replies[token] = future
        self.send(subject, payload, self._inbox + token)
        self.flush()
        try:
            async with asyncio.timeout(timeout_s):
                reply = await future
        except TimeoutError:
            raise RequestTimeout(
                f"no answer on {subject.decode()} within {timeout_s:g} s"
            ) from None
        finally:
            del self._replies[token]
        if not reply.data and reply.header.startswith(_NO_RESPONDERS):
            raise NoResponders(f"nothing answers on {subject.decode()}")
        return reply

    def refusal(self, subject: str) -> str:
        """What the server said when it last refused this connection ``subject``, or ""."""
        said = str(self.client.last_error or "").lower()
        return said if "permissions violation" in said and f'"{subject.lower()}"' in said else ""

    async def close(self) -> None:
        self.flush()
        if self._inbox_tap is not None:
            tap, self._inbox_tap, self._inbox = self._inbox_tap, None, b""
            await tap.close()
        if self._publishing:
            await asyncio.wait(self._publishing)

    def _answered(self, subject: bytes, _reply: bytes, header: bytes, data: bytes) -> None:
        future = self._replies.get(subject[len(self._inbox) :])
        if future is not None and not future.done():
            future.set_result(Reply(header, data))

    def _publish(self, subject: bytes, payload: bytes, reply: bytes) -> None:
        task = self._loop.create_task(self._publish_one(subject.decode(), payload, reply.decode()))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def _publish_one(self, subject: str, payload: bytes, reply: str) -> None:
        with contextlib.suppress(Error):  # closed or draining: nothing is sent any more
            await self.client.publish(subject, payload, reply=reply)


def _take_short_way(client: Client) -> bool:
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


def _sid(subscription: Subscription) -> bytes:
    return b"%d" % subscription._id


def _header_block(headers: Mapping[str, str]) -> bytes:
    """The header block of a message that nats-py has taken apart."""
    if not headers:
        return b""
    fields = dict(headers)
    status, text = fields.pop("Status", ""), fields.pop("Description", "")
    first = f"NATS/1.0 {status} {text}".rstrip() if status else "NATS/1.0"
    lines = [first, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()
