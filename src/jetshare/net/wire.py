"""Subscribe, send and ask over a nats-py connection, at the cost of a function call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nats.errors import ConnectionClosedError, ConnectionDrainingError, Error

from jetshare.errors import (
    AccessRefused,
    NetworkError,
    NoResponders,
    RequestTimeout,
    Unreachable,
)
from jetshare.net.direct import Deliver, DirectParser, Sink, sid_of, take_short_way
from jetshare.net.refusals import refusals_of
from jetshare.sharing.kinds import PullConsumer

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

_RETRY_WRITE_S = 0.002  # while something is still on its way to nats-py
_RETRY_DOWN_S = 0.05  # while there is no connection
_LAST_WORDS_S = 2.0  # for what is on its way to a subscription that ends
_PUB = b"PUB %b %b %d\r\n%b\r\n"
_ACK_END = b" 4\r\n+ACK\r\n"
_NO_RESPONDERS = b"NATS/1.0 503"

# The reply subjects that are to be acknowledged by now.
TakeReplies = Callable[[], Sequence[bytes]]
# What comes back on a request; None where it was not waited for any longer.
Question = asyncio.Future["Reply | None"]


class Reply(NamedTuple):
    header: bytes
    data: bytes

    @property
    def from_nobody(self) -> bool:
        """Whether the server says by it that nothing listens."""
        return self.header.startswith(_NO_RESPONDERS) and not self.data


class Tap:
    """One subscription whose messages go to a function, until it is closed."""

    def __init__(
        self, client: Client, subscription: Subscription, closed: Callable[[], None]
    ) -> None:
        self._client = client
        self._subscription = subscription
        self._closed = closed

    async def close(self) -> None:
        """Take the interest back; what the server had sent by then is still delivered."""
        try:
            if self._client.is_connected:
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]  # nats-py's gap
            else:
                await self._subscription.unsubscribe()
        except (Error, TimeoutError):
            pass  # closed, lost or silent: the server forgets the interest by itself
        finally:
            parser = self._client._ps
            if isinstance(parser, DirectParser):
                parser.direct.pop(sid_of(self._subscription), None)
            self._closed()


class Wire:
    """Subscribes, sends and asks over one connection. Any number may share it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.direct = take_short_way(client)
        self.refusals = refusals_of(client)
        self._outgoing: list[bytes] = []
        self._acknowledging: list[TakeReplies] = []
        self._due = False  # in this turn of the loop
        self._retry: asyncio.TimerHandle | None = None
        self._subjects: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._publishing: set[asyncio.Task[None]] = set()
        self._replies: dict[bytes, Question] = {}
        self._inbox = b""
        self._inbox_tap: Tap | None = None
        self._asked = 0

    async def subscribe(self, subject: str, deliver: Deliver, *, queue: str = "") -> Tap:
        """Hand every message on ``subject`` to ``deliver``."""
        try:
            subscription = await self.client.subscribe(subject, queue, future=Sink(deliver))
        except (ConnectionClosedError, ConnectionDrainingError):
            raise _closed(self.client.last_error) from None
        self._subjects.add(subject)
        parser = self.client._ps
        if self.direct and isinstance(parser, DirectParser):
            parser.direct[sid_of(subscription)] = deliver
        return Tap(self.client, subscription, lambda: self._subjects.discard(subject))

    def send(self, subject: bytes, payload: bytes = b"", reply: bytes = b"") -> None:
        """Publish, together with all else that is sent within this turn of the loop.

        While the connection is down it waits for the next one.
        """
        if not self.direct:
            self._publish(subject, payload, reply)
            return
        self._outgoing.append(_PUB % (subject, reply, len(payload), payload))
        self._flush_soon()

    def send_now(self, subject: bytes, payload: bytes, reply: bytes) -> None:
        """Publish at once, where somebody waits for what comes back."""
        if not self.direct:
            self._publish(subject, payload, reply)
            return
        self._outgoing.append(_PUB % (subject, reply, len(payload), payload))
        self.flush()

    def withdraw(self, subject: bytes, payload: bytes, reply: bytes) -> None:
        """Take back what was sent with ``send_now``, where it was not written yet."""
        client, frame = self.client, _PUB % (subject, reply, len(payload), payload)
        if frame in self._outgoing:
            self._outgoing.remove(frame)
        elif self.direct and frame in client._pending:
            client._pending.remove(frame)
            client._pending_data_size -= len(frame)

    def acknowledge(self, replies: TakeReplies) -> None:
        """``send`` an acknowledgement to each of ``replies``, which is asked when they are
        written. There are more of them than of all else together, so they are joined once.
        """
        self._acknowledging.append(replies)
        self._flush_soon()

    def flush(self) -> None:
        """Write what was sent so far."""
        client, transport = self.client, self.client._transport
        if client.is_closed:
            self._outgoing.clear()
            self._acknowledging.clear()
        if not self._outgoing and not self._acknowledging:
            return
        if not self.direct:
            for reply in self._replies_due():
                self._publish(reply, b"+ACK", b"")
            return
        if transport is None or not client.is_connected:
            if self._retry is None:
                self._retry = self._loop.call_later(_RETRY_DOWN_S, self._flush_again)
            return
        replies = self._replies_due()
        acks = b"PUB " + (_ACK_END + b"PUB ").join(replies) + _ACK_END if replies else b""
        data = b"".join((acks, *self._outgoing))
        client.stats["out_msgs"] += len(replies) + len(self._outgoing)
        client.stats["out_bytes"] += len(data)
        if client.pending_data_size:
            # What nats-py has still to write, a SUB above all, was said first. Its writer was
            # woken for that, and takes ours along. To wait until there is nothing would be to
            # wait for an application that publishes all the time.
            client._pending += [acks, *self._outgoing]
            client._pending_data_size += len(data)
            if client._flusher_task is None or client._flusher_task.done():
                self._write_pending()  # an application may cancel every task
        else:
            transport.write(data)
        self._outgoing.clear()

    def _replies_due(self) -> list[bytes]:
        replies = [reply for take in self._acknowledging for reply in take()]
        self._acknowledging.clear()
        return replies

    def _flush_soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._due = False
        self.flush()

    def _flush_again(self) -> None:
        self._retry = None
        self.flush()

    async def ask(self, subject: bytes, payload: bytes, timeout_s: float) -> Reply:
        """One request, one reply.

        Raises NoResponders where nothing listens on the subject, RequestTimeout where
        nothing came back, and at once where this user ``may_not`` publish there.
        """
        await self.listen()
        token, future = self._expect()
        self.send_now(subject, payload, self._inbox + token)
        give_up, name = partial(_give_up, future), subject.decode()
        patience = self._loop.call_later(timeout_s, give_up)
        self.refusals.call(name, give_up)
        try:
            reply = await future
        finally:
            patience.cancel()
            self.refusals.call_no_more(name, give_up)
            del self._replies[token]
        if reply is None:
            raise RequestTimeout(f"no answer on {name} within {timeout_s:g} s")
        if reply.from_nobody:
            raise NoResponders(f"nothing answers on {name}")
        return reply

    async def listen(self) -> None:
        """Have an inbox where answers come in, as ``question`` needs it."""
        if not self._inbox:
            self._inbox = self.client.new_inbox().encode() + b"."
            self._inbox_tap = await self.subscribe(self._inbox.decode() + "*", self._answered)

    @property
    def listens(self) -> bool:
        return bool(self._inbox)

    def question(self, subject: bytes, payload: bytes) -> Question:
        """``ask`` without waiting, and sent as by ``send``. Cancel it when it is of no use
        any more: it has no patience of its own.
        """
        token, future = self._expect()
        future.add_done_callback(lambda _: self._replies.pop(token, None))
        self.send(subject, payload, self._inbox + token)
        return future

    def _expect(self) -> tuple[bytes, Question]:
        self._asked += 1
        token = b"%d" % self._asked
        future = self._replies[token] = self._loop.create_future()
        return token, future

    def may_not(self, subject: str) -> bool:
        """Whether the server has said that this user may not use ``subject``."""
        return subject in self.refusals

    def check(self, subject: str, share: PullConsumer) -> None:
        """Whether pulls on ``subject`` can be heard at all.

        Raises Unreachable or AccessRefused for a connection that is closed, AccessRefused
        for a user who may not publish there, or may not subscribe to inboxes.
        """
        if self.client.is_closed:
            raise _closed(self.client.last_error)
        if self.may_not(subject):
            raise AccessRefused(
                f"this user may not pull from {share}", hint=f"allow it to publish on {subject}"
            )
        for inbox in self._subjects:
            if self.may_not(inbox):
                raise AccessRefused(
                    f"this user may not subscribe to {inbox}, so it cannot pull from {share}",
                    hint="allow it, or connect with the inbox prefix that it may use",
                )

    async def flushed(self, timeout_s: float) -> None:
        """Return once the server has read all that was sent so far.

        Raises Unreachable where there is no connection within ``timeout_s``, or it breaks
        meanwhile: then nobody knows what of it arrived.
        """
        deadline = self._loop.time() + timeout_s
        while not self._is_on_its_way():
            if self.client.is_closed:
                raise _closed(self.client.last_error)
            if self._loop.time() >= deadline:
                raise Unreachable(
                    f"there was no connection for {timeout_s:g} s", hint="is the server up?"
                )
            await asyncio.sleep(_RETRY_WRITE_S)
        self._write_pending()  # nats-py writes a PING ahead of it
        # Not by nats-py's own flush: while it connects again it takes that for done, and
        # an answer that came too late would end its reading.
        pong: asyncio.Future[bool] = self._loop.create_future()
        await self.client._send_ping(pong)
        await asyncio.wait({pong}, timeout=max(0.0, deadline - self._loop.time()))
        if not pong.done():
            raise Unreachable(
                f"the server did not answer within {timeout_s:g} s",
                hint="what was sent last may not have arrived",
            )

    def _is_on_its_way(self) -> bool:
        self.flush()
        unsent = self._outgoing or self._acknowledging or self._publishing
        return self.client.is_connected and not unsent

    def _write_pending(self) -> None:
        """Write what nats-py has still to write, as its own writer does."""
        client, transport = self.client, self.client._transport
        if transport is not None and client._pending:
            pending, client._pending, client._pending_data_size = client._pending, [], 0
            transport.writelines(pending)

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


def _give_up(future: Question) -> None:
    if not future.done():
        future.set_result(None)


def _closed(reason: Exception | None) -> NetworkError:
    """Why a connection is not there any more."""
    said = str(reason or "").removeprefix("nats: ")
    if "authorization" in said.lower() or "authentication" in said.lower():
        return AccessRefused(f"the server refuses this user: {said}", hint="check the creds")
    return Unreachable(
        f"the connection is closed{': ' + said if said else ''}",
        hint="connect again; is the server up?",
    )
