"""A message of a pull consumer: what it says, and how it is settled.

Source: ADR-15 for the reply subject and its two forms; nats-server ``processAck`` for the
words of an acknowledgement.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jetshare.errors import AckUnconfirmed, AlreadySettled, InputError
from jetshare.net.acks import ACK, CONFIRM_TIMEOUT_S, IN_PROGRESS, NAK, TERM
from jetshare.net.status import parse_headers

if TYPE_CHECKING:
    from jetshare.net.acks import Acks

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


class Message:
    """One message, held under lease until it is settled or the consumer's ack wait ends."""

    __slots__ = ("_acks", "_header", "_reply", "_settled", "_subject", "_unawaited", "data")

    def __init__(
        self, acks: Acks, subject: bytes, reply: bytes, header: bytes, data: bytes
    ) -> None:
        self._acks = acks
        self._subject = subject
        self._reply = reply
        self._header = header
        self._settled = False
        self._unawaited = False  # nak or term was called, and has not begun
        self.data = data

    def __str__(self) -> str:
        """As a log names it."""
        return f"{self.subject}, stream sequence {self.metadata.stream_sequence}"

    def __repr__(self) -> str:
        return f"<Message {self.subject!r} {len(self.data)} bytes, reply {self.reply!r}>"

    @property
    def subject(self) -> str:
        """With U+FFFD for what is no UTF-8: a server checks it only where that is switched on."""
        return self._subject.decode("utf-8", "replace")

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
        always does) AckNotShared, AccessRefused or AckUnconfirmed. Without, the consumption
        looks from time to time whether acknowledgements arrive, and ends where they do not.
        """
        acks = self._acks
        if self._settled or confirm or acks.asks_next:
            await self._settle(ACK, confirm, timeout)
        else:
            self._settled = True
            acks.acknowledge(self._reply)

    def nak(
        self,
        delay: float | None = None,
        *,
        confirm: bool = False,
        timeout: float = CONFIRM_TIMEOUT_S,
    ) -> Coroutine[Any, Any, None]:
        """Give the message back: it is delivered again, after ``delay`` seconds if given."""
        word = NAK if not delay else NAK + b' {"delay": %d}' % round(delay * 1e9)
        self._unawaited = True
        return self._settle(word, confirm, timeout)

    def term(
        self,
        reason: str | None = None,
        *,
        confirm: bool = False,
        timeout: float = CONFIRM_TIMEOUT_S,
    ) -> Coroutine[Any, Any, None]:
        """End the message: it is not delivered again. ``reason`` goes into the advisory."""
        word = TERM if not reason else TERM + b" " + " ".join(reason.split()).encode()
        self._unawaited = True
        return self._settle(word, confirm, timeout)

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

    def check_awaited(self) -> None:
        """Raise InputError where ``nak`` or ``term`` was called and nobody awaits it: then
        nothing came of it, and the message must not pass for done."""
        if self._unawaited:
            raise InputError(
                f"message {self}: nak or term was called, and not awaited",
                hint="await it; in a plain for loop: messages.wait(message.nak())",
            )

    async def _settle(self, word: bytes, confirm: bool, timeout_s: float) -> None:
        self._unawaited = False
        if self._settled:
            raise self._again()
        acks = self._acks
        self._settled = True  # before there is an answer, or it could be settled twice at once
        if not confirm and not acks.asks_next:
            acks.wire.send(self._reply, word)
            return
        try:
            await acks.confirm(self._reply, word, timeout_s)
        except AckUnconfirmed as error:
            if confirm:
                self._settled = False
                raise
            # Somebody listens, or there had been a 503 at once: the server knows nothing of
            # this delivery any more, as after a crash. The message comes again; those behind
            # it must not wait as long each.
            acks.has_reached()
            acks.lost += word == ACK
            _log.warning("%s", error)
        except BaseException:
            self._settled = False
            raise

    def _again(self) -> AlreadySettled:
        return AlreadySettled(f"message {self} was settled before")
