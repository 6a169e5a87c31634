"""Pulls that end: a batch, or one message (ADR-37, fetch and next)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from jetshare.errors import AccessRefused, AckNotShared
from jetshare.net.acks import CONFIRM_TIMEOUT_S, TRY_AGAIN_AFTER_S, Acks
from jetshare.net.message import Message
from jetshare.net.pull_ends import deleted, never_shared, refused
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status, is_status, parse_headers, parse_status
from jetshare.net.wire import Tap, Wire
from jetshare.sharing.kinds import API_PREFIX, PullConsumer

_log = logging.getLogger("jetshare")

# nats.go: a pull of ten seconds and more has heartbeats every five.
_HEARTBEAT_FROM_S = 10.0
_HEARTBEAT_S = 5.0
_GRACE_S = 1.0  # our patience is longer than the server's (ADR-37)
_COMPLETED = Status(code=409, text="Batch Completed")
_REFUSALS = ("consumer is push based", "exceeded maxrequest", "message size exceeds maxbytes")


class FetchPool:
    """The fetches of one consumer: as many at a time as there are callers."""

    def __init__(self, wire: Wire, share: PullConsumer, prefix: str) -> None:
        self.wire = wire
        self.share = share
        self.acks = Acks(wire, share)
        self.shared = not prefix.startswith("$JS.")
        self.subject = prefix + share.next_subject().removeprefix(API_PREFIX)
        self.pin = ""
        self._idle: list[_Lane] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._proof: asyncio.Task[None] | None = None

    async def fetch(self, count: int, timeout: float, options: PullOptions) -> list[Message]:
        """Up to ``count`` messages, as many as come within ``timeout`` seconds.

        With a timeout of 0 those that are there already. Raises ShareRevoked where nobody
        answers, ConsumerDeleted and PullRefused where the consumer says so, AccessRefused
        where this user may not pull, Unreachable on a closed connection.
        """
        self._prove_when_due()
        lane = self._idle.pop() if self._idle else _Lane(self)
        try:
            messages = await lane.fetch(count, timeout, options)
        except BaseException:
            # The server may still send on what was asked: nobody must be there to hear it.
            self._close_soon(lane)
            raise
        self._idle.append(lane)
        return messages

    async def close(self) -> None:
        """End the pulls, and wait for what was acknowledged; what is not confirmed is logged."""
        while self._idle:
            self._close_soon(self._idle.pop())
        if self._closing:
            await asyncio.wait(self._closing)
        if self._proof is not None:
            await self._proof
        try:
            await self.acks.settle(CONFIRM_TIMEOUT_S)
        except (AccessRefused, AckNotShared) as error:
            _log.warning("%s", error)
        if self.acks.open:
            _log.warning(
                "%d acknowledgements of %s were not confirmed; messages come back where they"
                " were not taken",
                self.acks.open,
                self.share,
            )

    def _prove_when_due(self) -> None:
        loop = asyncio.get_running_loop()
        if self.acks.due(loop.time()) and (self._proof is None or self._proof.done()):
            self._proof = loop.create_task(self._prove())

    async def _prove(self) -> None:
        try:
            await self.acks.prove(asyncio.get_running_loop().time())
        except (AccessRefused, AckNotShared) as error:
            # Nobody waits for this one: the next acknowledgement asks, and tells.
            _log.warning("%s", error)
            self.acks.asks_next = True

    def _close_soon(self, lane: _Lane) -> None:
        task = asyncio.get_running_loop().create_task(lane.close())
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
        self._alarm: asyncio.TimerHandle

    async def fetch(self, count: int, timeout: float, options: PullOptions) -> list[Message]:
        pool = self._pool
        if self._tap is None:
            self._tap = await pool.wire.subscribe(f"{self._inbox}.*", self._deliver)
        deadline = self._loop.time() + timeout
        pauses = iter(TRY_AGAIN_AFTER_S)
        while True:
            status = await self._pull(count, deadline, options, no_wait=timeout <= 0)
            if self._buffer or not _worth_another(status):
                break
            if status is None:
                pool.wire.check(pool.subject, pool.share)
                pool.acks.doubt()
            elif status.code == 423:
                pool.pin = ""
            elif (pause := next(pauses, None)) is not None:
                await asyncio.sleep(pause)
                continue
            else:
                break
            if self._loop.time() >= deadline:
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

    async def _pull(
        self, count: int, deadline: float, options: PullOptions, *, no_wait: bool
    ) -> Status | None:
        """One pull, to its end: the status that ended it, or None where nothing more came.

        A pull that was given all it asked for ends with 409 Batch Completed, said or not.
        """
        now = self._loop.time()
        expires = max(0.0, deadline - now)
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
            no_wait=no_wait,
        )
        self._end = self._loop.create_future()
        reply = f"{self._inbox}.{self._token}"
        self._pool.wire.send_now(self._pool.subject.encode(), body, reply.encode())
        self._alarm = self._loop.call_at(self._due, self._look)
        try:
            return await self._end
        finally:
            self._alarm.cancel()
            self._end = None

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

    def _look(self) -> None:
        if self._loop.time() < self._due:
            self._alarm = self._loop.call_at(self._due, self._look)
        else:
            _log.warning("a pull on %s went deaf", self._pool.share)
            self._finish(None)

    def _give_back(self) -> None:
        while self._buffer:
            self._buffer.popleft().give_back()


def _heartbeat(expires: float, options: PullOptions) -> float:
    if options.idle_heartbeat is not None:
        return min(options.idle_heartbeat, expires / 2)
    return _HEARTBEAT_S if expires >= _HEARTBEAT_FROM_S else 0.0


def _worth_another(status: Status | None) -> bool:
    """Whether the same pull, made again, may fare better."""
    return status is None or status.code in (423, 503)


def _raise_for(status: Status, share: PullConsumer) -> None:
    """The error that a status stands for, where it stands for one."""
    text = status.text.lower()
    if status.code == 503:
        raise never_shared(share)
    if status.code == 409 and text.startswith("consumer deleted"):
        raise deleted(share)
    if status.code in (400, 412) or (status.code == 409 and text.startswith(_REFUSALS)):
        raise refused(share, status)
