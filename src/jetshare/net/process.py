"""Handling messages: a handler for each, its outcome settled, its lease held meanwhile."""

from __future__ import annotations

import asyncio
import inspect
import logging
import signal
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from jetshare.errors import InputError
from jetshare.net.acks import CONFIRM_TIMEOUT_S
from jetshare.net.drain_signals import drained_at
from jetshare.net.message import Message
from jetshare.net.pull import PullLoop

_log = logging.getLogger("jetshare")

Handler = Callable[[Message], Awaitable[object]]
Backoff = Callable[[int], float]

DEFAULT_ACK_WAIT_S = 30.0
_LONGEST_BACKOFF_S = 60.0
_SHORTEST_DRAIN_S = 0.1  # between one cancellation and the next
_LEASE_TICK_S = 0.25  # how soon a short ack wait is taken over once INFO has told it


def doubling(num_delivered: int) -> float:
    """Seconds before a message that failed for the nth time comes back: 1, 2, 4 … 60."""
    doublings = min(num_delivered - 1, 6)  # a float has no room for two to the 1024th
    return min(2.0**doublings, _LONGEST_BACKOFF_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOptions:
    """How handlers are run. Times are in seconds.

    A message whose handler raises is given back, and comes again after ``backoff`` of the
    number of its deliveries. A handler that takes longer than ``handler_timeout`` is
    cancelled and counts as failed; without it one that hangs holds its lease for ever.
    Leases are extended three times an ack wait: the consumer's where INFO is shared, else
    ``ack_wait``.

    At one of ``signals``, and when ``stop`` is set, the process drains: it pulls no more,
    gives back what no handler has begun, lets handlers finish for ``drain_timeout``, and
    then cancels the rest and gives their messages back. For ``confirm_timeout`` it waits
    until all that was acknowledged is confirmed. A handler that a cancellation does not end
    has as long again, and is cancelled anew. A second Ctrl-C interrupts as if there were no
    process. A signal that the application handles itself is left to it.
    """

    backoff: Backoff = doubling
    handler_timeout: float | None = None
    ack_wait: float = DEFAULT_ACK_WAIT_S
    drain_timeout: float = 30.0
    confirm_timeout: float = CONFIRM_TIMEOUT_S
    signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)
    stop: asyncio.Event | None = None


@dataclass(slots=True, kw_only=True)
class Processed:
    """What became of the messages that were delivered.

    ``acknowledged`` are those whose acknowledgement the server is known to have taken,
    ``unconfirmed`` those that were handled and whose acknowledgement may be lost: what the
    server has taken is at least the first, and at most both together. Only what is lost
    within a millisecond, as an import is away while its server takes over a push, nothing
    tells; it counts as acknowledged, and its message comes back. ``failed`` are handlings
    that raised; their messages come back after the back-off. ``given_back`` had no handler
    begun, or one that was cut off; only those count that were given back over a connection,
    since without one the server hears of it when the ack wait is over.
    """

    acknowledged: int = 0
    failed: int = 0
    given_back: int = 0
    unconfirmed: int = 0


class Process:
    """``handler`` at work on the messages of a loop, until ``drain`` or the loop's end.

    ``counts`` holds what became of the messages however ``run`` ends.
    """

    def __init__(
        self,
        pull: PullLoop,
        handler: Handler,
        concurrency: int,
        options: ProcessOptions,
        counts: Processed | None = None,
    ) -> None:
        if concurrency < 1:
            raise InputError(f"concurrency is {concurrency}, which is less than 1")
        if options.ack_wait <= 0:
            raise InputError(f"ack_wait is {options.ack_wait:g} s, which is no time")
        self.counts = counts if counts is not None else Processed()
        self._concurrency = concurrency
        self._pull = pull
        self._handler = handler
        self._options = options
        self._running: set[Message] = set()
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Begin no further message; ``run`` returns once those begun have ended."""
        self._draining.set()
        self._pull.stop()

    async def run(self) -> Processed:
        """Handle messages until drained, or until nothing more comes (``stop_after``).

        Raises what ended the consumption, such as AckNotShared where acknowledgements reach
        nobody. Then, and when it is cancelled, it cancels the handlers that are at work, and
        gives their messages back.
        """
        with drained_at(self._options.signals, self.drain):
            failure = await self._handle_all()
            if failure is not None:
                raise failure
            try:
                await self._pull.acks.settle(self._options.confirm_timeout)
            finally:
                self._count()
        return self.counts

    async def _handle_all(self) -> BaseException | None:
        """Have every message handled and all others given back; what ended it too early."""
        workers = {asyncio.create_task(self._work()) for _ in range(self._concurrency)}
        helpers = {asyncio.create_task(self._keep_leases())}
        if self._options.stop is not None:
            helpers.add(asyncio.create_task(self._drain_when(self._options.stop)))
        try:
            await self._pull.open()
            return await self._all_done(workers)
        finally:
            try:
                await self._cut_off(workers | helpers)
            finally:  # also where it is cancelled once more
                await self._pull.close()
                self._count()

    async def _all_done(self, workers: AbstractSet[asyncio.Task[None]]) -> BaseException | None:
        """Wait for the workers, and no longer once one of them or the consumption failed, or
        the time to drain is over."""
        failing = asyncio.create_task(self._pull.failure())
        over = asyncio.create_task(self._drained_too_long())
        ends: set[asyncio.Task[Any]] = {failing, over}
        working = ends | workers
        try:
            while working > ends:
                done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in done - ends:
                    if error := task.exception():
                        return error
                if failing in done:
                    return failing.result()
        finally:
            failing.cancel()
            over.cancel()
        return None

    async def _cut_off(self, tasks: AbstractSet[asyncio.Task[None]]) -> None:
        """Cancel ``tasks``, and see them ended.

        A cancellation can get lost: in a handler, in ``asyncio.wait_for`` before Python 3.12.
        """
        pause = max(self._options.drain_timeout, _SHORTEST_DRAIN_S)
        running = tasks
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=pause)
        await asyncio.gather(*tasks, return_exceptions=True)  # or asyncio complains of them

    def _count(self) -> None:
        acks = self._pull.acks
        self.counts.acknowledged, self.counts.unconfirmed = acks.confirmed, acks.unconfirmed
        self.counts.given_back = self._pull.given_back

    async def _work(self) -> None:
        while self._pull.at_hand or await self._pull.ready():
            message = self._pull.take()
            self._running.add(message)
            try:
                await self._handle(message)
            except BaseException:  # cancelled, or acknowledgements reach nobody
                self._pull.put_back(message)
                raise
            finally:
                self._running.discard(message)

    async def _handle(self, message: Message) -> None:
        error = await self._run_handler(message)
        if message.settled:
            return  # the handler did it itself
        if error is None:
            await message.ack()
            return
        self.counts.failed += 1
        tries = message.metadata.num_delivered
        delay = self._options.backoff(tries)
        _log.warning(
            "handling %s failed (delivery %d), back in %g s",
            message,
            tries,
            delay,
            exc_info=error,
        )
        await message.nak(delay)

    async def _run_handler(self, message: Message) -> BaseException | None:
        """What the handler raised, if anything. Raises InputError where it is none."""
        limit = self._options.handler_timeout
        try:
            handling = self._handler(message)
        except Exception as error:  # as below: it may be no coroutine function itself
            return error
        try:
            if limit is None:
                await handling
            else:
                async with asyncio.timeout(limit):
                    await handling
            message.check_awaited()
        except asyncio.CancelledError as error:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return error  # something that the handler waited for was cancelled, not we
        except Exception as error:  # whatever an application raises: it did not handle it
            if not inspect.isawaitable(handling):  # asked here, where it costs nothing
                raise _not_asynchronous(self._handler, message) from None
            return error
        return None

    async def _keep_leases(self) -> None:
        """Extend the lease of every message at hand, begun or not, well before it ends.

        Not while there is no connection, where each time would be queued for the next one;
        then at once.
        """
        now, client = asyncio.get_running_loop().time, self._pull.acks.wire.client
        extended = now()
        while True:
            info = self._pull.info
            interval = (info.ack_wait if info else self._options.ack_wait) / 3
            await asyncio.sleep(min(interval, _LEASE_TICK_S))
            if now() - extended >= interval and client.is_connected:
                extended = now()
                for message in (*self._running, *self._pull.buffer):
                    message.hold()

    async def _drained_too_long(self) -> None:
        await self._draining.wait()
        await asyncio.sleep(self._options.drain_timeout)

    async def _drain_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.drain()


def _not_asynchronous(handler: Handler, message: Message) -> InputError:
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    return InputError(
        f"the handler {name} returned nothing to await, so {message} was not acknowledged",
        hint="make it async def; work that blocks goes into await asyncio.to_thread(…)",
    )
