"""A message of a pull consumer: what it says, and how it is settled.

Source: ADR-15 for the reply subject and its two forms; nats-server ``processAck`` for the
words of an acknowledgement.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jetshare.errors import (
    AccessRefused,
    AckNotShared,
    AckUnconfirmed,
    AlreadySettled,
    InputError,
    NoResponders,
    RequestTimeout,
)
from jetshare.net.status import parse_headers

if TYPE_CHECKING:
    from jetshare.net.wire import Wire
    from jetshare.sharing.kinds import PullConsumer

ACK, NAK, IN_PROGRESS, TERM = b"+ACK", b"-NAK", b"+WPI", b"+TERM"
CONFIRM_TIMEOUT_S = 5.0

_log = logging.getLogger("jetshare")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where a message stands in its stream and consumer.

    ``num_delivered`` counts this delivery: 1 is the first. ``num_pending`` is what the
    consumer has still to deliver. ``domain`` and ``account_hash`` are empty where the
    server sends the first form of the reply subject.
    """

    stream: str
    consumer: str
    num_delivered: int
    stream_sequence: int
    consumer_sequence: int
    timestamp: datetime
    num_pending: int
    domain: str = ""
    account_hash: str = ""

    @classmethod
    def parse(cls, reply: str) -> Metadata:
        """Read a reply subject of either form (ADR-15); InputError for any other."""
        tokens = reply.split(".")
        if tokens[:2] != ["$JS", "ACK"] or not (len(tokens) == 9 or len(tokens) >= 11):
            raise InputError(f'"{reply}" is not the reply subject of a JetStream message')
        domain, account_hash, rest = "", "", tokens[2:]
        if len(tokens) > 9:
            domain, account_hash, rest = tokens[2].removeprefix("_"), tokens[3], tokens[4:]
        try:
            delivered, stream_sequence, consumer_sequence, nanoseconds, pending = (
                int(token) for token in rest[2:7]
            )
            seconds, rest_ns = divmod(nanoseconds, 1_000_000_000)
            timestamp = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise InputError(f'"{reply}" holds a count that is none') from None
        return cls(
            stream=rest[0],
            consumer=rest[1],
            num_delivered=delivered,
            stream_sequence=stream_sequence,
            consumer_sequence=consumer_sequence,
            timestamp=timestamp.replace(microsecond=rest_ns // 1000),
            num_pending=pending,
            domain=domain,
            account_hash=account_hash,
        )


class Acks:
    """How the messages of one consumer are settled, and whether that reaches anybody.

    An acknowledgement asks for no answer, so one that nobody receives looks like any
    other: a share without its ACK subject, or with that subject mapped, loses every one
    of them in silence. Therefore the first is a request, and so is the first after the
    provider's document may have changed (``doubt``).
    """

    __slots__ = ("proven", "share", "wire")

    def __init__(self, wire: Wire, share: PullConsumer) -> None:
        self.wire = wire
        self.share = share
        self.proven = False

    def doubt(self) -> None:
        self.proven = False

    async def confirm(self, reply: bytes, word: bytes, timeout_s: float) -> None:
        """Send ``word`` and wait until the server has taken it.

        Raises AckNotShared where nothing listens, AccessRefused where the user may not
        publish it, AckUnconfirmed where no answer came.
        """
        try:
            await self.wire.ask(reply, word, timeout_s)
        except NoResponders:
            raise AckNotShared(
                f"acknowledgements of {self.share} reach nobody:"
                f" nothing listens on {reply.decode()}",
                hint=f"import {self.share.ack_subject()} from the provider as a service under"
                " that very name (an ACK import must not be mapped);"
                f" jetshare verify {self.share} shows which subject is missing",
            ) from None
        except RequestTimeout:
            if self.wire.may_not(reply.decode()):
                raise AccessRefused(
                    f"this user may not acknowledge messages of {self.share}",
                    hint=f"allow it to publish on {self.share.ack_subject()}",
                ) from None
            raise AckUnconfirmed(
                f"the acknowledgement of {self.share} was not confirmed within {timeout_s:g} s",
                hint="it may have been taken; the message comes back where it was not",
            ) from None
        self.proven = True


class Message:
    """One message, held under lease until it is settled or the consumer's ack wait ends."""

    __slots__ = ("_acks", "_header", "_reply", "_settled", "_subject", "data")

    def __init__(
        self, acks: Acks, subject: bytes, reply: bytes, header: bytes, data: bytes
    ) -> None:
        self._acks = acks
        self._subject = subject
        self._reply = reply
        self._header = header
        self._settled = False
        self.data = data

    def __repr__(self) -> str:
        return f"<Message {self.subject!r} {len(self.data)} bytes, reply {self.reply!r}>"

    @property
    def subject(self) -> str:
        return self._subject.decode()

    @property
    def reply(self) -> str:
        """Where it is acknowledged: ``$JS.ACK.…``."""
        return self._reply.decode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers; of a name given twice, the last value."""
        return parse_headers(self._header)

    @property
    def metadata(self) -> Metadata:
        return Metadata.parse(self._reply.decode())

    @property
    def settled(self) -> bool:
        """Whether it was acknowledged, given back or ended."""
        return self._settled

    @property
    def size(self) -> int:
        """Bytes as the server counts them against ``max_bytes`` (ADR-37)."""
        return len(self._subject) + len(self._reply) + len(self._header) + len(self.data)

    async def ack(self, *, confirm: bool = False, timeout: float = CONFIRM_TIMEOUT_S) -> None:
        """The message is done. With ``confirm``, return once the server has taken it.

        Raises AlreadySettled, and where it asks for confirmation (the first of a consumer
        always does) AckNotShared, AccessRefused or AckUnconfirmed.
        """
        acks = self._acks
        if self._settled or confirm or not acks.proven:
            await self._settle(ACK, confirm, timeout)
        else:
            self._settled = True
            acks.wire.acknowledge(self._reply)

    async def nak(
        self,
        delay: float | None = None,
        *,
        confirm: bool = False,
        timeout: float = CONFIRM_TIMEOUT_S,
    ) -> None:
        """Give the message back: it is delivered again, after ``delay`` seconds if given."""
        word = NAK if not delay else NAK + b' {"delay": %d}' % round(delay * 1e9)
        await self._settle(word, confirm, timeout)

    async def term(
        self,
        reason: str | None = None,
        *,
        confirm: bool = False,
        timeout: float = CONFIRM_TIMEOUT_S,
    ) -> None:
        """End the message: it is not delivered again. ``reason`` goes into the advisory."""
        word = TERM if not reason else TERM + b" " + " ".join(reason.split()).encode()
        await self._settle(word, confirm, timeout)

    async def in_progress(
        self, *, confirm: bool = False, timeout: float = CONFIRM_TIMEOUT_S
    ) -> None:
        """Hold the lease for another ack wait. May be said any number of times."""
        if self._settled:
            raise self._again()
        if confirm:
            await self._acks.confirm(self._reply, IN_PROGRESS, timeout)
        else:
            self.hold()

    def hold(self) -> None:
        """``in_progress`` without waiting for anything; nothing where it is settled."""
        if not self._settled:
            self._acks.wire.send(self._reply, IN_PROGRESS)

    def give_back(self) -> None:
        """``nak`` without waiting for anything; nothing where it is settled already."""
        if not self._settled:
            self._settled = True
            self._acks.wire.send(self._reply, NAK)

    async def _settle(self, word: bytes, confirm: bool, timeout_s: float) -> None:
        if self._settled:
            raise self._again()
        if not confirm and self._acks.proven:
            self._acks.wire.send(self._reply, word)
        else:
            try:
                await self._acks.confirm(self._reply, word, timeout_s)
            except AckUnconfirmed as error:
                if confirm:
                    raise
                # Somebody listens, or there had been a 503 at once: the server knows nothing
                # of this delivery any more, as after a crash. The message comes again; those
                # behind it must not wait as long each.
                self._acks.proven = True
                _log.warning("%s", error)
        self._settled = True

    def _again(self) -> AlreadySettled:
        return AlreadySettled(f"message {self.reply} was settled before")
