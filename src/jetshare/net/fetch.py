"""Pulls that end: a batch, or one message (ADR-37, fetch and next)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    NetworkError,
    NoResponders,
    RequestTimeout,
    Unreachable,
)
from jetshare.net.acks import TRY_AGAIN_AFTER_S, Acks
from jetshare.net.consumer_info import ConsumerInfo, NoInfo, parse_consumer_info
from jetshare.net.message import Message
from jetshare.net.pull_ends import deleted, never_shared, not_there, out_of_reach, refused
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status, is_status, parse_headers, parse_status
from jetshare.net.wire import Tap, Wire
from jetshare.sharing.kinds import API_PREFIX, PullConsumer

_log = logging.getLogger("jetshare")

# nats.go: a pull of ten seconds and more has heartbeats every five.
_HEARTBEAT_FROM_S = 10.0
_HEARTBEAT_S = 5.0
_GRACE_S = 1.0  # our patience is longer than the server's (ADR-37)
_SHORTEST_S = 0.001  # a pull asked to wait for less is not to wait
_LOOK_EVERY_S = 0.25  # at the connection, while a pull waits
_DOWN_LOOK_EVERY_S = 0.05  # while it is not there
_INFO_TIMEOUT_S = 1.0
_COMPLETED = Status(code=409, text="Batch Completed")
_MOVES = ("server shutdown", "leadership change")
_REFUSALS = ("consumer is push based", "exceeded maxrequest", "message size exceeds maxbytes")


class FetchPool:
    """The fetches of one consumer: as many at a time as there are callers."""

    def __init__(self, wire: Wire, share: PullConsumer, prefix: str) -> None:
        self.wire = wire
        self.share = share
        self.acks = Acks(wire, share)
        self.shared = not prefix.startswith("$JS.")
        self.prefix = prefix
        self.subject = prefix + share.next_subject().removeprefix(API_PREFIX)
        self.pin = ""
        self._idle: list[_Lane] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._proof: asyncio.Task[None] | None = None

    async def fetch(self, count: int, timeout: float, options: PullOptions) -> list[Message]:
        """Up to ``count`` messages, as many as come within ``timeout`` seconds.

        With a timeout of 0 those that are there already. While there is no connection it
        asks for nothing. Raises ShareRevoked where nobody answers, ConsumerDeleted where
        there is no such consumer, PullRefused where it says so, AccessRefused where this
        user may not pull, Unreachable at once on a connection that is closed or draining,
        and at the end where there is none, or nobody answers and nothing says why.
        """
        self._prove_when_due()
        lane = self._idle.pop() if self._idle else _Lane(self)
        try:
            messages = await lane.fetch(count, timeout, options)
        except BaseException:
            # The server may still send on what was asked: nobody must be there to hear it.
            self.close_soon(lane.close())
            raise
        self._idle.append(lane)
        return messages

    async def close(self) -> None:
        """End the pulls, and wait for what was acknowledged; what is not confirmed is logged."""
        while self._idle:
            self.close_soon(self._idle.pop().close())
        if self._closing:
            await asyncio.wait(self._closing)
        if self._proof is not None:
            await self._proof
        await self.acks.conclude()

    def check(self) -> None:
        """Raises Unreachable or AccessRefused where no pull can be heard any more."""
        self.wire.check(self.subject, self.share)
        if self.wire.client.is_draining:
            raise Unreachable(
                "the connection is draining, and takes no pulls any more", hint="connect again"
            )

    async def end(self) -> NetworkError | None:
        """Why pulls reach nobody, as far as INFO tells (``pull_doubt``); None in an outage."""
        subject = self.prefix + self.share.info_subject().removeprefix(API_PREFIX)
        info: ConsumerInfo | NoInfo | None = None
        try:
            reply = await self.wire.ask(subject.encode(), b"", _INFO_TIMEOUT_S)
            info = parse_consumer_info(reply.data)
        except NoResponders:
            pass
        except RequestTimeout:
            if not self.wire.may_not(subject):
                return None
        if isinstance(info, NoInfo):
            return not_there(self.share, self.prefix) if info.absent else None
        if self.shared:
            return never_shared(self.share, self.prefix)
        return not_there(self.share, self.prefix) if info is None else None

    def _prove_when_due(self) -> None:
        loop = asyncio.get_running_loop()
        idle = self._proof is None or self._proof.done()
        # While there is no connection, each proof would only wait behind the last one.
        if idle and self.wire.client.is_connected and self.acks.due(loop.time()):
            self._proof = loop.create_task(self._prove())

    async def _prove(self) -> None:
        try:
            await self.acks.prove(asyncio.get_running_loop().time())
        except (AccessRefused, AckNotShared) as error:
            # Nobody waits for this one: the next acknowledgement asks, and tells.
            _log.warning("%s", error)
            self.acks.asks_next = True

    def close_soon(self, closing: Coroutine[None, None, None]) -> None:
        """Have it done by the time that ``close`` returns."""
        task = asyncio.get_running_loop().create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Lane:
    """One subscription that serves pulls one after the other.

    Each pull has a reply subject of its own under it, and a status comes back on that
    subject: what the server says late about an old pull does not end a new one.
    """

    def __init__(self, pool: FetchPool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._inbox = pool.wire.client.new_inbox()
        self._tap: Tap | None = None
        self._buffer: deque[Message] = deque()
        self._token = 0
        self._count = 0
        self._room = 0  # bytes that may still come, where they are limited
        self._heartbeat = 0.0
        self._heard_at = 0.0
        self._patience = 0.0
        self._end: asyncio.Future[Status | None] | None = None
        self._reconnects = 0
        self._said = pool.wire.client.last_error
        self._alarm: asyncio.TimerHandle

    async def fetch(self, count: int, timeout: float, options: PullOptions) -> list[Message]:
        pool = self._pool
        deadline = self._loop.time() + timeout
        pauses = iter(TRY_AGAIN_AFTER_S)
        is_there = False  # known to be, so that nobody answers for a while alone
        while True:
            await self._connected(deadline, timeout)
            status = await self._pull(count, deadline, options)
            if status is None:
                self._move()
            if self._buffer or not _worth_another(status):
                break
            if status is None:
                pool.check()
                pool.acks.doubt()
            elif status.code == 423:
                pool.pin = ""
            elif status.code == 409:
                is_there = True
                await asyncio.sleep(TRY_AGAIN_AFTER_S[0])
            elif (pause := next(pauses, None)) is not None:
                await asyncio.sleep(pause)
                if not is_there:
                    continue  # late as it may be: an end is told from an outage
            elif (end := await pool.end()) is not None:
                raise end
            else:
                is_there, pauses = True, iter(TRY_AGAIN_AFTER_S)
            if self._loop.time() >= deadline and pool.wire.client.is_connected:
                break
        messages = [self._buffer.popleft() for _ in range(min(count, len(self._buffer)))]
        self._give_back()
        if status is not None and not messages:
            _raise_for(status, pool.share)
        return messages

    async def close(self) -> None:
        if self._tap is not None:
            tap, self._tap = self._tap, None
            await tap.close()
        self._give_back()
        self._pool.wire.flush()

    def _move(self) -> None:
        """Hear further pulls elsewhere.

        A server keeps the pulls of a connection that was lost, and takes them up again when
        somebody listens where they are to be answered.
        """
        if self._tap is not None:
            self._pool.close_soon(self._tap.close())
            self._tap, self._inbox = None, self._pool.wire.client.new_inbox()

    async def _connected(self, deadline: float, timeout: float) -> None:
        """Wait until a pull would be written at once, and be there to hear what it brings.

        One that was queued would be served after the outage, when its caller has gone:
        each of its messages would count as a delivery.
        """
        client = self._pool.wire.client
        while not client.is_connected or client.is_draining:
            self._pool.check()
            left = deadline - self._loop.time()
            if left <= 0:
                raise Unreachable(
                    f"there is no connection to pull from {self._pool.share} at the end of"
                    f" {max(0.0, timeout):g} s",
                    hint="is the server up?",
                )
            await asyncio.sleep(min(_DOWN_LOOK_EVERY_S, left))
        if self._tap is None:
            self._tap = await self._pool.wire.subscribe(f"{self._inbox}.*", self._deliver)

    async def _pull(self, count: int, deadline: float, options: PullOptions) -> Status | None:
        """One pull, to its end: the status that ended it, or None where nothing more came.

        A pull that was given all it asked for ends with 409 Batch Completed, said or not.
        At the deadline it is one that does not wait: without an expiry it would wait for ever.
        """
        wire, now = self._pool.wire, self._loop.time()
        left = deadline - now
        expires = left if left >= _SHORTEST_S else 0.0
        self._heartbeat = _heartbeat(expires, options)
        self._heard_at, self._patience = now, now + expires + _GRACE_S
        self._count, self._room = count, options.max_bytes or 0
        self._token += 1
        body = options.request(
            batch=count,
            expires=expires,
            heartbeat=self._heartbeat,
            max_bytes=self._room,
            pin=self._pool.pin,
            no_wait=not expires,
        )
        self._end = self._loop.create_future()
        self._reconnects = wire.client.stats["reconnects"]
        pull = (self._pool.subject.encode(), body, f"{self._inbox}.{self._token}".encode())
        wire.send_now(*pull)
        self._look_later()
        status = None
        try:
            status = await self._end
            return status
        finally:
            self._alarm.cancel()
            self._end = None
            if status is None:
                wire.withdraw(*pull)

    # What comes in.

    def _deliver(self, subject: bytes, reply: bytes, header: bytes, data: bytes) -> None:
        if header and not data and is_status(header):
            if subject.endswith(b".%d" % self._token):
                self._heard(parse_status(header))
            return
        message = Message(self._pool.acks, subject, reply, header, data)
        if self._end is None:
            message.give_back()  # it came after its pull had ended here
            return
        self._buffer.append(message)
        self._heard_at = self._loop.time()
        if self._room:
            self._room -= min(message.size, self._room)
            if not self._room:
                self._finish(_COMPLETED)
        if len(self._buffer) >= self._count or (
            # Through a share such a message ends the reply stream of its pull.
            self._pool.shared and not data and not header
        ):
            self._finish(_COMPLETED)
        if b"Nats-Pin-Id" in header:
            self._pool.pin = parse_headers(header).get("Nats-Pin-Id", "")

    def _heard(self, status: Status | None) -> None:
        self._heard_at = self._loop.time()
        if status is not None and status.code != 100:
            self._finish(status)

    def _finish(self, status: Status | None) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(status)

    @property
    def _due(self) -> float:
        """When to look whether the pull has gone deaf, or its end was lost."""
        if not self._heartbeat:
            return self._patience
        return min(self._patience, self._heard_at + 2 * self._heartbeat)

    def _look_later(self) -> None:
        at = min(self._due, self._loop.time() + _LOOK_EVERY_S)
        self._alarm = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        client = self._pool.wire.client
        if not client.is_connected or self._reconnects != client.stats["reconnects"]:
            self._finish(None)  # the server has dropped it together with the connection
        elif client.is_draining or client.last_error is not self._said:
            self._said = client.last_error
            self._look_whether_refused()
        elif self._loop.time() < self._due:
            self._look_later()
        else:
            _log.warning("a pull on %s went deaf", self._pool.share)
            self._finish(None)

    def _look_whether_refused(self) -> None:
        try:
            self._pool.check()
        except NetworkError as error:
            if self._end is not None and not self._end.done():
                self._end.set_exception(error)
        else:
            self._look_later()

    def _give_back(self) -> None:
        while self._buffer:
            self._buffer.popleft().give_back()


def _heartbeat(expires: float, options: PullOptions) -> float:
    if options.idle_heartbeat is not None:
        return min(options.idle_heartbeat, expires / 2)
    return _HEARTBEAT_S if expires >= _HEARTBEAT_FROM_S else 0.0


def _worth_another(status: Status | None) -> bool:
    """Whether the same pull, made again, may fare better."""
    return status is None or status.code in (423, 503) or _is_moving(status)


def _is_moving(status: Status) -> bool:
    """Whether the consumer goes on at another server, or at this one when it is up again."""
    return status.code == 409 and status.text.lower().startswith(_MOVES)


def _raise_for(status: Status, share: PullConsumer) -> None:
    """The error that a status stands for, where it stands for one."""
    text = status.text.lower()
    if status.code == 503:
        raise out_of_reach(share)
    if status.code == 409 and text.startswith("consumer deleted"):
        raise deleted(share)
    if status.code in (400, 412) or (status.code == 409 and text.startswith(_REFUSALS)):
        raise refused(share, status)
