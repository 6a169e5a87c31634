"""The acknowledgements of one consumer: which were sent, and which are known to have arrived.

An acknowledgement asks for no answer, so one that nobody receives looks like any other: a
share without its ACK subject, or with that subject mapped, loses every one of them in
silence, and so does one that ended. Therefore the first is a request, and later ones are
proven together, from time to time:

- The server reads them in the order in which they were sent, and access to a share ends
  once. An answer to the newest therefore proves all that were sent before it.
- Where something was lost in between (a connection, a leader, a pull that went deaf), that
  does not hold: then each of them is sent again, as a request. So is each where they are
  few, which leaves nothing to conclude. An acknowledgement that comes twice does nothing.
- Access that ends and begins again between two proofs leaves no trace in an answer to the
  newest. Therefore one in a millisecond is a request from the start, a sample of the others
  that were sent just then; where a sample is not answered, each of them is sent again.

Source: nats-server ``processAck`` answers an acknowledgement of any delivery that it knows,
settled or not; ``+WPI`` it always answers.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    AckUnconfirmed,
    NetworkError,
    NoResponders,
    RequestTimeout,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jetshare.net.wire import Question, Wire
    from jetshare.sharing.kinds import PullConsumer

ACK, NAK, IN_PROGRESS, TERM = b"+ACK", b"-NAK", b"+WPI", b"+TERM"
CONFIRM_TIMEOUT_S = 5.0
# Nobody answers while a leader is elected or a consumer is made again. Both end within
# this; a share that is not there does not.
TRY_AGAIN_AFTER_S = (0.1, 0.3, 0.6)

_PROVE_EVERY_S = 0.25
_PROVE_AFTER = 2_000  # acknowledgements, however soon they came
_FEW = 32  # that may each be asked for
_SAMPLE_EVERY_S = 0.001
_AT_ONCE = 256  # of those that are each asked for: the event loop is not held up by them
_PROOF_TIMEOUT_S = 2.0

_log = logging.getLogger("jetshare")


class Acks:
    """``confirmed`` of them the server has taken; ``lost`` were of deliveries that it did
    not know any more, as after a crash, and their messages come again."""

    __slots__ = (
        "_clock",
        "_doubts",
        "_fresh",
        "_made_good",
        "_proven_at",
        "_proving",
        "_sample_at",
        "_samples",
        "_sent",
        "asks_next",
        "confirmed",
        "lost",
        "needless",
        "reached",
        "share",
        "wire",
    )

    def __init__(self, wire: Wire, share: PullConsumer) -> None:
        self.wire = wire
        self.share = share
        self.asks_next = True  # until one got there, and after a proof that failed
        self.reached = False  # one of them got there once
        self.needless = False  # the consumer wants none
        self.confirmed = 0
        self.lost = 0
        self._fresh: list[bytes] = []  # still to be written
        self._sent: list[bytes] = []  # since the last proof, the oldest first
        self._samples: list[Question] = []  # of those
        self._sample_at = 0.0
        self._doubts = 0
        self._made_good = self._losses
        self._proven_at = 0.0
        self._proving = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time

    @property
    def unconfirmed(self) -> int:
        """Of which nobody knows yet, or any more, whether they arrived."""
        return self.lost + self.open

    @property
    def open(self) -> int:
        """Of which nobody knows yet."""
        return len(self._fresh) + len(self._sent)

    def acknowledge(self, reply: bytes) -> None:
        """Acknowledge a delivery, together with all others of this turn of the loop."""
        if not self._fresh:
            self.wire.acknowledge(self._take_fresh)
        self._fresh.append(reply)

    def _take_fresh(self) -> list[bytes]:
        fresh, self._fresh = self._fresh, []
        self._sent += fresh
        if fresh and self.wire.listens and (now := self._clock()) >= self._sample_at:
            self._sample_at = now + _SAMPLE_EVERY_S
            self._samples.append(self.wire.question(fresh.pop(), ACK))
        return fresh

    async def confirm(self, reply: bytes, word: bytes, timeout_s: float) -> None:
        """Send ``word`` and wait until the server has taken it.

        Raises AckNotShared where nothing listens, AccessRefused where the user may not
        publish it, AckUnconfirmed where no answer came.
        """
        pauses = iter(TRY_AGAIN_AFTER_S)
        while not self.needless:
            try:
                await self.wire.ask(reply, word, timeout_s)
            except NoResponders:
                pause = next(pauses, None)
                if pause is None:
                    raise self._nobody(reply) from None
                await asyncio.sleep(pause)
            except RequestTimeout:
                self._check_permission(reply)
                raise AckUnconfirmed(
                    f"the acknowledgement of {self.share} was not confirmed within {timeout_s:g} s",
                    hint="it may have been taken; the message comes back where it was not",
                ) from None
            else:
                self.has_reached()
                break
        if word == ACK:
            self.confirmed += 1

    def has_reached(self) -> None:
        """One of them got there, so that the next need not be a request."""
        self.reached, self.asks_next = True, False

    def doubt(self) -> None:
        """Something was lost: what is sent later does not speak for what was sent before."""
        self._doubts += 1

    def forget(self) -> None:
        """The consumer was deleted: what is open never arrives, and must not be sent to
        another one of its name, whose sequences may count other messages."""
        self.lost += self.open
        self._clear()

    def none_wanted(self) -> None:
        """The consumer takes a message for done when it has sent it (``ack_policy`` none)."""
        self.needless = self.asks_next = True
        self.confirmed += self.open
        self._clear()

    def _clear(self) -> None:
        self.doubt()  # a proof that is under way counts nothing any more
        self._fresh.clear()
        self._sent.clear()
        _drop(self._samples)
        self._samples.clear()

    def due(self, now: float) -> bool:
        """Whether it is time to ``prove``."""
        waited = now - self._proven_at >= _PROVE_EVERY_S
        return self.open >= _PROVE_AFTER or (waited and self.open > 0)

    async def prove(self, now: float, timeout_s: float | None = None) -> None:
        """Learn what became of those sent so far; what is not answered for stays open, and
        all that it has not come to after ``timeout_s``.

        Raises AckNotShared where nothing listens, AccessRefused where the user may not
        publish them.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._proving.acquire()
        except TimeoutError:
            return  # another proof is under way
        try:
            self._proven_at = now
            await self._prove(math.inf if timeout_s is None else now + timeout_s)
        finally:
            self._proving.release()

    async def _prove(self, deadline: float) -> None:
        self.wire.flush()
        if not self._sent:
            return
        losses = self._losses
        samples, self._samples = self._samples, []
        try:
            if losses == self._made_good and len(self._sent) > _FEW:
                await self._ask_the_newest(samples, deadline)
            else:
                await self._ask_each(deadline)
                self._made_good = losses
        finally:
            _drop(samples)

    async def settle(self, timeout_s: float) -> None:
        """``prove`` until nothing is open, or ``timeout_s`` have passed. Raises as it does."""
        deadline, pauses = self._clock() + timeout_s, iter(TRY_AGAIN_AFTER_S)
        while self.open and not self.wire.client.is_closed:
            now = self._clock()
            if now >= deadline:
                return
            pause = TRY_AGAIN_AFTER_S[0]
            try:
                await self.prove(now, deadline - now)
            except AckNotShared:
                pause = next(pauses, 0.0)
                if not pause:
                    raise
            if self.open:
                await asyncio.sleep(max(0.0, min(pause, deadline - self._clock())))

    async def conclude(self, timeout_s: float = CONFIRM_TIMEOUT_S) -> None:
        """``settle`` where there is nobody to raise to: what is not confirmed is logged."""
        try:
            await self.settle(timeout_s)
        except NetworkError as error:
            _log.warning("%s", error)
        if self.open:
            _log.warning(
                "%d acknowledgements of %s were not confirmed; messages come back where they"
                " were not taken",
                self.open,
                self.share,
            )

    @property
    def _losses(self) -> int:
        """A number that grows when something may have been lost."""
        reconnects: int = self.wire.client.stats["reconnects"]
        return self._doubts + reconnects

    async def _ask_the_newest(self, samples: Sequence[Question], deadline: float) -> None:
        count, losses, newest = len(self._sent), self._losses, self._sent[-1]
        until = min(self._clock() + _PROOF_TIMEOUT_S, deadline)
        try:
            await self.wire.ask(newest, ACK, until - self._clock())
        except NoResponders:
            self.doubt()
            raise self._nobody(newest) from None
        except RequestTimeout:
            self.doubt()
            self._check_permission(newest)
            return
        await self._hear(samples, until)
        if not all(map(_is_taken, samples)):
            self.doubt()
        if self._losses == losses:
            del self._sent[:count]
            self.confirmed += count

    async def _ask_each(self, deadline: float) -> None:
        asked, losses = tuple(self._sent), self._losses
        questions: list[Question] = []
        try:
            last, there, certain = await self._ask_in_lots(asked, questions, deadline)
            heard = [_is_taken(question) for question in questions]
        finally:
            _drop(questions)
        if tuple(self._sent[: len(asked)]) != asked:
            return  # forgotten meanwhile
        # A server that is there does not know the deliveries that it says nothing to.
        certain = certain and self._losses == losses
        unknown = heard.count(None) if certain else 0
        left = [
            reply
            for reply, taken in zip(asked, heard, strict=False)
            if not taken and not (certain and taken is None)
        ]
        left += asked[len(heard) :]
        self._sent[: len(asked)] = left
        self.confirmed += len(asked) - len(left) - unknown
        if unknown:
            _log.warning("%d messages of %s were handled and come again", unknown, self.share)
            self.lost += unknown
        if left:
            self.doubt()
            self._check_permission(last)
            if there is False:
                raise self._nobody(last)

    async def _ask_in_lots(
        self, asked: Sequence[bytes], questions: list[Question], deadline: float
    ) -> tuple[bytes, bool | None, bool]:
        """Some at a time, each lot with a ``+WPI`` behind it, until one meets nobody.

        The last that was asked for, what came back on its ``+WPI``, and whether no answer to
        any of them is to be expected any more.
        """
        await self.wire.listen()
        for first in range(0, len(asked), _AT_ONCE):
            lot = asked[first : first + _AT_ONCE]
            questions += [self.wire.question(reply, ACK) for reply in lot]
            sign = self.wire.question(lot[-1], IN_PROGRESS)
            until = self._clock() + _PROOF_TIMEOUT_S
            try:
                await self._hear([sign], min(until, deadline))
                there = _is_taken(sign)
            finally:
                sign.cancel()
            if not there:
                return lot[-1], there, False
        await self._hear(questions, min(until, deadline))
        return lot[-1], there, until <= deadline

    async def _hear(self, questions: Sequence[Question], until: float) -> None:
        """Wait for answers, at most ``until`` then."""
        waiting = [question for question in questions if not question.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=max(0.0, until - self._clock()))

    def _nobody(self, reply: bytes) -> AckNotShared:
        if self.reached:
            return AckNotShared(
                f"acknowledgements of {self.share} reach nobody any more:"
                f" nothing listens on {reply.decode()}",
                hint="its token has expired, or its import was taken out or mapped;"
                f" jetshare verify {self.share} shows what is missing",
            )
        return AckNotShared(
            f"acknowledgements of {self.share} reach nobody: nothing listens on {reply.decode()}",
            hint=f"import {self.share.ack_subject()} from the provider as a service under"
            " that very name (an ACK import must not be mapped);"
            f" jetshare verify {self.share} shows which subject is missing",
        )

    def _check_permission(self, reply: bytes) -> None:
        if self.wire.may_not(reply.decode()):
            raise AccessRefused(
                f"this user may not acknowledge messages of {self.share}",
                hint=f"allow it to publish on {self.share.ack_subject()}",
            ) from None


def _is_taken(question: Question) -> bool | None:
    """Whether somebody took what it said; None where that is not known."""
    reply = question.result() if question.done() else None
    return None if reply is None else not reply.from_nobody


def _drop(questions: Sequence[Question]) -> None:
    for question in questions:
        question.cancel()
