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

Source: nats-server ``processAck`` answers an acknowledgement of any delivery that it knows,
settled or not; ``+WPI`` it always answers.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    AckUnconfirmed,
    NoResponders,
    RequestTimeout,
)

if TYPE_CHECKING:
    from jetshare.net.wire import Wire
    from jetshare.sharing.kinds import PullConsumer

ACK, NAK, IN_PROGRESS, TERM = b"+ACK", b"-NAK", b"+WPI", b"+TERM"
CONFIRM_TIMEOUT_S = 5.0
# Nobody answers while a leader is elected or a consumer is made again. Both end within
# this; a share that is not there does not.
TRY_AGAIN_AFTER_S = (0.1, 0.3, 0.6)

_PROVE_EVERY_S = 0.25
_PROVE_AFTER = 2_000  # acknowledgements, however soon they came
_FEW = 32  # that may each be asked for
_PROOF_TIMEOUT_S = 2.0

_log = logging.getLogger("jetshare")


class Acks:
    """``confirmed`` of them the server has taken; ``lost`` were of deliveries that it did
    not know any more, as after a crash, and their messages come again."""

    __slots__ = (
        "_doubts",
        "_fresh",
        "_made_good",
        "_proven_at",
        "_proving",
        "_sent",
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
        self.reached = False  # one of them got there, so that the next need not be a request
        self.needless = False  # the consumer wants none
        self.confirmed = 0
        self.lost = 0
        self._fresh: list[bytes] = []  # still to be written
        self._sent: list[bytes] = []  # since the last proof, the oldest first
        self._doubts = 0
        self._made_good = self._losses
        self._proven_at = 0.0
        self._proving = asyncio.Lock()

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
                self.reached = True
                break
        if word == ACK:
            self.confirmed += 1

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
        self.needless, self.reached = True, False
        self.confirmed += self.open
        self._clear()

    def _clear(self) -> None:
        self.doubt()  # a proof that is under way counts nothing any more
        self._fresh.clear()
        self._sent.clear()

    def due(self, now: float) -> bool:
        """Whether it is time to ``prove``."""
        waited = now - self._proven_at >= _PROVE_EVERY_S
        return self.open >= _PROVE_AFTER or (waited and self.open > 0)

    async def prove(self, now: float, timeout_s: float = _PROOF_TIMEOUT_S) -> None:
        """Learn what became of those sent so far; what is not answered for stays open.

        Raises AckNotShared where nothing listens, AccessRefused where the user may not
        publish them.
        """
        self._proven_at = now
        async with self._proving:
            self.wire.flush()
            if not self._sent:
                return
            losses = self._losses
            if losses == self._made_good and len(self._sent) > _FEW:
                await self._ask_the_newest(timeout_s)
            else:
                await self._ask_each(timeout_s)
                self._made_good = losses

    async def settle(self, timeout_s: float) -> None:
        """``prove`` until nothing is open, or ``timeout_s`` have passed. Raises as it does."""
        clock = asyncio.get_running_loop().time
        deadline, pauses = clock() + timeout_s, iter(TRY_AGAIN_AFTER_S)
        while self.open and (left := deadline - clock()) > 0 and not self.wire.client.is_closed:
            try:
                await self.prove(clock(), min(left, _PROOF_TIMEOUT_S))
            except AckNotShared:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                await asyncio.sleep(TRY_AGAIN_AFTER_S[0] if self.open else 0)

    @property
    def _losses(self) -> int:
        """A number that grows when something may have been lost."""
        reconnects: int = self.wire.client.stats["reconnects"]
        return self._doubts + reconnects

    async def _ask_the_newest(self, timeout_s: float) -> None:
        count, losses, newest = len(self._sent), self._losses, self._sent[-1]
        try:
            await self.wire.ask(newest, ACK, timeout_s)
        except NoResponders:
            self.doubt()
            raise self._nobody(newest) from None
        except RequestTimeout:
            self.doubt()
            self._check_permission(newest)
            return
        if self._losses == losses:
            del self._sent[:count]
            self.confirmed += count

    async def _ask_each(self, timeout_s: float) -> None:
        asked = tuple(self._sent)
        newest = asked[-1]
        words = [*((reply, ACK) for reply in asked), (newest, IN_PROGRESS)]
        *answers, there = await asyncio.gather(
            *(self.wire.ask(reply, word, timeout_s) for reply, word in words),
            return_exceptions=True,
        )
        if tuple(self._sent[: len(asked)]) != asked:
            return  # forgotten meanwhile
        told = list(zip(asked, answers, strict=True))
        left = [reply for reply, answer in told if isinstance(answer, BaseException)]
        self.confirmed += len(asked) - len(left)
        if left and not isinstance(there, BaseException):
            # The server is there, and does not know the deliveries that it says nothing to.
            left = [reply for reply, answer in told if isinstance(answer, NoResponders)]
            unknown = sum(isinstance(answer, RequestTimeout) for answer in answers)
            _log.warning("%d messages of %s were handled and come again", unknown, self.share)
            self.lost += unknown
        self._sent[: len(asked)] = left
        if left:
            self.doubt()
            self._check_permission(newest)
            if isinstance(there, NoResponders):
                raise self._nobody(newest)

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
