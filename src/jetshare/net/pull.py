"""The pull loop: ``PullState`` set to work on a connection, with a buffer of messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Coroutine, Iterable

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    JetshareError,
    NoResponders,
    RequestTimeout,
)
from jetshare.net.acks import CONFIRM_TIMEOUT_S, Acks
from jetshare.net.connect import connected_to
from jetshare.net.consumer_info import ConsumerInfo, parse_consumer_info
from jetshare.net.message import Message
from jetshare.net.pull_actions import Action, Answer, Forget, Inquire, Pull, Stop, Warn
from jetshare.net.pull_options import PullOptions
from jetshare.net.pull_state import PullState
from jetshare.net.status import is_status, parse_headers, parse_status
from jetshare.net.wire import Tap, Wire
from jetshare.sharing.kinds import API_PREFIX, PullConsumer

_log = logging.getLogger("jetshare")

# An application that never waits would keep the event loop to itself for a whole buffer;
# acknowledgements and pulls would leave in bursts.
_TURN = 250
_MAX_TICK_S = 0.25
_INQUIRY_TIMEOUT_S = 2.0
# Proofs that nobody answered, while pulls were answered, before the end is told: a pull and
# an acknowledgement do not come back at the same moment.
_UNHEARD_PROOFS = 4
_PULL_NOTHING = b'{"batch":1,"no_wait":true,"max_bytes":1}'


class PullLoop:
    """A buffer that is kept filled from one consumer, from ``open`` to ``close``."""

    def __init__(self, wire: Wire, share: PullConsumer, prefix: str, options: PullOptions) -> None:
        self.share = share
        self.acks = Acks(wire, share)
        self.buffer: deque[Message] = deque()
        self.given_back = 0
        self.info: ConsumerInfo | None = None  # where INFO is shared and has answered
        self._wire = wire
        self._next_subject = prefix + share.next_subject().removeprefix(API_PREFIX)
        self._info_subject = prefix + share.info_subject().removeprefix(API_PREFIX)
        self._options = options
        self._received_bytes = self._taken_bytes = 0  # counted where bytes are the limit
        self._state = PullState(share, options, prefix=prefix)
        self._loop = asyncio.get_running_loop()
        self._inbox = wire.client.new_inbox()
        self._tap: Tap | None = None
        self._ending: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._tasks: set[asyncio.Task[object]] = set()
        self._proving = False
        self._unheard_proofs = 0
        self._failing: asyncio.Future[JetshareError] = self._loop.create_future()
        self._over = False
        self._taken = 0
        self._attend_at = 0  # messages taken, when there is more to do than to take the next
        self._yield_at = _TURN

    async def open(self) -> None:
        """Start to pull. Raises Unreachable on a closed connection."""
        if self._over:
            return
        tap = await self._wire.subscribe(f"{self._inbox}.*", self._deliver)
        if self._ending is not None:  # when there was nothing yet to close
            await tap.close()
            return
        self._tap = tap
        self._act(self._state.begin(self._loop.time()))
        self._spawn(self._watch())

    @property
    def at_hand(self) -> bool:
        """Whether ``take`` may be called without waiting."""
        return self._taken < self._attend_at and bool(self.buffer) and not self._over

    async def ready(self) -> bool:
        """Wait until ``take`` may be called; false once nothing will come any more.

        Raises what ended the consumption: ShareRevoked, ConsumerDeleted, PullRefused,
        AckNotShared, AccessRefused, Unreachable.
        """
        while not self._over and self._taken != self._options.stop_after:
            if self._taken >= self._yield_at:
                self._yield_at = self._taken + _TURN
                await asyncio.sleep(0)
            elif not self.buffer:
                await self._arrival()
            else:
                if self._taken >= self._attend_at:
                    self._act(self._state_now().refill(self._loop.time()))
                return True
        await self.close()
        if self._failing.done():
            raise self._failing.result()
        return False

    def take(self) -> Message:
        """The next message of the buffer."""
        self._taken += 1
        message = self.buffer.popleft()
        if self._options.counts_bytes:
            self._taken_bytes += message.size
        return message

    async def failure(self) -> JetshareError:
        """Wait until the consumption fails; why it did."""
        return await asyncio.shield(self._failing)

    def put_back(self, message: Message) -> None:
        """Give back a message that was taken, as soon as it cannot come straight to us again."""
        if message.settled:
            return
        if self._ending is not None and self._ending.done():
            self._return(message)
        else:
            self.buffer.append(message)

    def stop(self) -> None:
        """Pull no more, end every ``ready``, and begin to give back what is buffered."""
        self._over = True
        self._state.stop()
        while self._waiters:
            self._wake_one()
        if self._ending is None:
            self._ending = self._loop.create_task(self._end())

    async def close(self) -> None:
        """``stop``, and see everything given back."""
        self.stop()
        if self._ending is not None:
            await asyncio.shield(self._ending)

    async def leave(self) -> None:
        """``close``, and learn what became of what was acknowledged, or log that it is not known.

        It takes five seconds where the server does not answer.
        """
        await asyncio.shield(self._leave_soon())

    def abandon(self) -> None:
        """``leave`` from wherever the garbage collector runs."""
        if (self._ending is None or self.acks.open) and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._leave_soon)

    # What comes in.

    def _deliver(self, subject: bytes, reply: bytes, header: bytes, data: bytes) -> None:
        if header and not data and is_status(header):
            self._heard(subject, header)
            return
        message = Message(self.acks, subject, reply, header, data)
        self.buffer.append(message)
        if self._options.counts_bytes:
            self._received_bytes += message.size
        if self._waiters:
            self._wake_one()
        if not data and not header:
            self._act(self._state_now().stream_ended(self._loop.time()))
        if self._options.group and b"Nats-Pin-Id" in header:
            self._state.pinned(parse_headers(header).get("Nats-Pin-Id", ""))

    def _heard(self, subject: bytes, header: bytes) -> None:
        status = parse_status(header)
        token = subject.rpartition(b".")[2]
        if status is not None and token.isdigit():
            self._act(self._state_now().status(int(token), status, self._loop.time()))

    def _state_now(self) -> PullState:
        """The state machine, knowing what has come and gone."""
        self._state.flow(
            self._loop.time(),
            received=self._taken + len(self.buffer),
            taken=self._taken,
            received_bytes=self._received_bytes,
            taken_bytes=self._taken_bytes,
        )
        return self._state

    # What is done.

    def _act(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Pull(token=token, body=body):
                    reply = f"{self._inbox}.{token}"
                    self._wire.send(self._next_subject.encode(), body, reply.encode())
                case Inquire(pull=pull):
                    self._spawn(self._inquire(pull=pull))
                case Warn(text):
                    _log.warning("%s", text)
                    self.acks.doubt()
                case Forget():
                    self.acks.forget()
                case Stop(error):
                    self._fail(error)
        self._attend_at = min(
            self._state.refill_at, self._yield_at, self._options.stop_after or self._yield_at
        )
        self._prove_when_due()

    def _prove_when_due(self) -> None:
        idle = not (self._proving or self._over) and self._wire.client.is_connected
        if idle and self.acks.due(self._loop.time()):
            self._proving = True
            self._spawn(self._prove())

    async def _prove(self) -> None:
        try:
            await self.acks.prove(self._loop.time())
            self._unheard_proofs = 0
        except AccessRefused as error:
            self._fail(error)
        except AckNotShared as error:
            if not self._unheard_proofs:
                _log.warning("%s", error)
            # The whole share may have ended, which the state machine finds out.
            if await self._inquire(pull=True) is Answer.PRESENT:
                self._unheard_proofs += 1
            if self._unheard_proofs >= _UNHEARD_PROOFS:
                self._fail(error)
            else:
                await asyncio.sleep(_MAX_TICK_S)  # however much there is to be proven
        finally:
            self._proving = False

    async def _inquire(self, *, pull: bool) -> Answer | None:
        """Ask for INFO, and with ``pull`` for a message that cannot be; the answer to that."""
        pulled = await self._ask(self._next_subject, _PULL_NOTHING) if pull else None
        asked = await self._ask(self._info_subject, b"")
        if not self._usable():
            return None
        answer = asked if isinstance(asked, Answer) else self._learn(asked)
        pull_answer = Answer.PRESENT if isinstance(pulled, bytes) else pulled
        state, now = self._state_now(), self._loop.time()
        self._act(state.answered(info=answer, pull=pull_answer, now=now))
        return pull_answer

    async def _ask(self, subject: str, payload: bytes) -> Answer | bytes:
        """The body of the reply, or what its absence means."""
        try:
            return (await self._wire.ask(subject.encode(), payload, _INQUIRY_TIMEOUT_S)).data
        except NoResponders:
            return Answer.NO_RESPONDERS
        except RequestTimeout:
            refused = self._wire.may_not(subject)
            return Answer.NO_RESPONDERS if refused else Answer.UNCLEAR

    def _learn(self, body: bytes) -> Answer:
        info = parse_consumer_info(body)
        if isinstance(info, ConsumerInfo):
            self.info = info
            if info.ack_policy == "none":
                self.acks.none_wanted()
            else:
                self.acks.needless = False
            return Answer.PRESENT
        if info.absent:
            self.acks.forget()
        return Answer.ABSENT if info.absent else Answer.UNCLEAR

    async def _watch(self) -> None:
        """Let the state machine see the time, and the connection come and go."""
        client = self._wire.client
        up, seen, there = True, client.stats["reconnects"], connected_to(client)
        while True:
            await asyncio.sleep(min(self._state.heartbeat / 4, _MAX_TICK_S))
            if not self._usable():
                return
            reconnects = client.stats["reconnects"]
            if up and (not client.is_connected or reconnects != seen):
                up = False
                _log.warning("%s: lost the connection to %s, trying again", self.share, there)
                self._state_now().lost()
            if not up and client.is_connected:
                up, seen, there = True, reconnects, connected_to(client)
                _log.warning("%s: connected again, to %s", self.share, there)
                self._act(self._state_now().regained(self._loop.time()))
            self._act(self._state_now().tick(self._loop.time()))

    # Waiting and ending.

    async def _arrival(self) -> None:
        """Wait until something came in, or nothing will."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        # What is due by the last message taken must not wait for the next one.
        self._act(self._state_now().refill(self._loop.time()))
        try:
            await waiter
        except asyncio.CancelledError:
            # Woken and cancelled at once: the message is another waiter's.
            if waiter.done() and not waiter.cancelled():
                self._wake_one()
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)

    def _usable(self) -> bool:
        try:
            self._wire.check(self._next_subject, self.share)
        except JetshareError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: JetshareError) -> None:
        if not self._over:
            self._over = True
            self._failing.set_result(error)
            self._state.stop()
            while self._waiters:
                self._wake_one()

    def _leave_soon(self) -> asyncio.Task[None]:
        if self._leaving is None:
            self._leaving = self._loop.create_task(self._leave())
        return self._leaving

    async def _leave(self) -> None:
        await self.close()
        # Whoever was told how the consumption ended does not wait for that once more.
        await self.acks.conclude(0 if self._failing.done() else CONFIRM_TIMEOUT_S)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._wire.flush()
        if self._tap is not None:
            # First of all our pulls end. A message that is given back while one of them
            # waits comes straight to us again.
            await self._tap.close()
        self._give_back()
        self._wire.flush()

    def _give_back(self) -> None:
        while self.buffer:
            self._return(self.buffer.popleft())

    def _return(self, message: Message) -> None:
        message.give_back()
        self.given_back += self._wire.client.is_connected  # or nobody hears of it

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _spawn(self, work: Coroutine[None, None, object]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
