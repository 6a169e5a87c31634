"""Observations on a live server that consume nothing, but for those that say so.

None of the others leases a message, raises a delivery count or changes a
consumer: a pull asks for messages of at most one byte, and no message is that small;
an acknowledgement is a progress signal for a sequence that was never delivered; a
deletion carries a body, which the server refuses before it looks at the name
(nats-server, ``isEmptyRequest``).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from jetshare.errors import Unreachable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

NO_RESPONDERS = 503
TOO_LARGE = 409
_HEARTBEAT = 100
_LOOK_S = 0.05

_FAR = 1 << 53  # a sequence that no stream reaches
_PULL_NOTHING = b'{"batch":1,"no_wait":true,"max_bytes":1}'
_PULL_HEARTBEATS = b'{"batch":1,"max_bytes":1,"expires":500000000,"idle_heartbeat":100000000}'
_PUSH_BASED = "Consumer is push based"
_OVER_MAX_BYTES = "Message Size Exceeds MaxBytes"
_NOT_EMPTY = b"jetshare: a probe, delete nothing"


class Heard(StrEnum):
    """How a request ended."""

    ANSWER = "answer"
    NO_RESPONDERS = "no responders"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One request and what came back. ``code`` is the status in the headers, 0 for none.

    ``forbidden`` is what the asking user's own permissions do not let it do, where that is
    why there was silence: nothing is known of who would have answered.
    """

    heard: Heard
    code: int = 0
    text: str = ""
    body: bytes = b""
    replies: int = 0
    took_ms: float = 0.0
    forbidden: str = ""

    @property
    def silent(self) -> bool:
        """Whether there was no answer, nor a reason why there can be none."""
        return self.heard is Heard.SILENCE and not self.forbidden

    def describe(self) -> str:
        """What was seen, in a few words."""
        if self.heard is Heard.NO_RESPONDERS:
            return "503 no responders"
        if self.forbidden:
            return f"no answer: this user may not {self.forbidden}"
        if self.heard is Heard.SILENCE:
            return "no answer"
        if self.code:
            return f"{self.code} {self.text}".strip()
        return "an answer" if self.body else "an empty answer"


async def next_reaches(client: Client, subject: str, timeout_s: float = 2.0) -> Observation:
    """Pull at most one byte: 404 or 409 from the consumer, 503 where nothing answers."""
    return await ask(client, subject, _PULL_NOTHING, timeout_s)


def is_pull_status(observation: Observation) -> bool:
    """Whether a pull consumer gave the answer to a pull of nothing: a status, always.

    A push consumer says of itself that it is one (nats-server, ``processNextMsgReq``),
    and what has no status came from some other service.
    """
    return observation.code not in (0, NO_RESPONDERS) and observation.text != _PUSH_BASED


def messages_wait(observation: Observation) -> bool:
    """Whether the answer to a pull of nothing says that there was something to deliver."""
    return observation.code == TOO_LARGE and observation.text == _OVER_MAX_BYTES


async def next_streams(client: Client, subject: str, timeout_s: float = 1.5) -> Observation:
    """Pull at most one byte with heartbeats: several replies where they are streamed.

    A consumer with messages waiting answers 409 at once, which shows nothing about the
    response type; one that is idle sends heartbeats and then 408, or, through an export
    of type Singleton, one reply and silence. Raises Unreachable as `ask` does.
    """
    started = time.monotonic()
    heard = await _replies(client, subject, _PULL_HEARTBEATS, timeout_s, _ends_pull)
    took_ms = (time.monotonic() - started) * 1000
    if not heard:
        return Observation(heard=Heard.SILENCE, took_ms=took_ms)
    code, text = _status(heard[-1])
    word = Heard.NO_RESPONDERS if code == NO_RESPONDERS else Heard.ANSWER
    return Observation(heard=word, code=code, text=text, replies=len(heard), took_ms=took_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that was leased. It is acknowledged at ``reply``.

    ``size`` is in bytes, as the server counts it against ``max_bytes``. ``empty`` is a
    message without a byte and without a header, which ends a reply across accounts.
    """

    reply: str
    size: int
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull brought: messages, and the status that came last, 0 for none."""

    deliveries: tuple[Delivery, ...]
    code: int
    text: str
    replies: int


async def pull(
    client: Client, subject: str, batch: int, *, max_bytes: int = 0, timeout_s: float = 1.5
) -> Pulled:
    """Take up to ``batch`` messages that wait. This leases them: give each one back."""

    def enough(heard: list[Msg]) -> bool:
        return _ends_pull(heard) or len(heard) == batch

    wanted = {"batch": batch, "no_wait": True, **({"max_bytes": max_bytes} if max_bytes else {})}
    heard = await _replies(client, subject, json.dumps(wanted).encode(), timeout_s, enough)
    code, text = _status(heard[-1]) if heard else (0, "")
    messages = [message for message in heard if message.reply.startswith("$JS.ACK.")]
    return Pulled(
        deliveries=tuple(map(_delivery, messages)), code=code, text=text, replies=len(heard)
    )


def _delivery(message: Msg) -> Delivery:
    """Source of the size: nats-server consumer.go, loopAndGatherMsgs."""
    headers = message.headers or {}
    written = sum(len(f"{name}: {value}\r\n".encode()) for name, value in headers.items())
    framed = written + len(b"NATS/1.0\r\n\r\n") if headers else 0
    size = len(message.subject.encode()) + len(message.reply) + framed + len(message.data)
    return Delivery(reply=message.reply, size=size, empty=not message.data and not headers)


async def give_back(client: Client, delivery: Delivery, timeout_s: float = 2.0) -> Observation:
    """Refuse a message, which is delivered again: an empty answer, or 503."""
    return await ask(client, delivery.reply, b"-NAK", timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What came of a consumer that is pushed to with flow control.

    ``refused`` is why it was not made, ``name`` its name. ``arrived`` is whether anything
    came, ``size`` how many bytes. ``answer`` is what was heard when flow control was first
    answered; None where so little came that it was not asked for.
    """

    refused: str = ""
    name: str = ""
    arrived: bool = False
    size: int = 0
    answer: Observation | None = None


async def flow_control(
    client: Client, create: str, config: Mapping[str, object], local: str, timeout_s: float = 4.0
) -> Flow:
    """Make a consumer, and hear at ``local`` until flow control is asked for.

    A server asks after a megabyte. Who answers where the answer reaches it hears nothing
    more, and 503 where it does not. A heartbeat says that all there is has been delivered.
    Raises Unreachable where the connection is lost meanwhile.
    """
    from nats.errors import Error

    try:
        return await _flow_control(client, create, config, local, timeout_s)
    except (OSError, Error) as error:
        raise Unreachable(f"the connection is lost: {error}") from None


async def _flow_control(
    client: Client, create: str, config: Mapping[str, object], local: str, timeout_s: float
) -> Flow:
    subscription = await client.subscribe(local)
    try:
        made = await ask(client, create, json.dumps(config).encode(), 2.0)
        name = _object(made.body).get("name")
        if not isinstance(name, str):
            return Flow(refused=api_error(made) or made.describe())
        flow = Flow(name=name)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = await subscription.next_msg(timeout=left)
            except TimeoutError:
                break
            flow = replace(flow, arrived=True, size=flow.size + len(message.data))
            if _status(message)[0] == _HEARTBEAT:
                if message.reply:
                    flow = replace(flow, answer=await ask(client, message.reply, b"", 0.5))
                break
        return flow
    finally:
        await subscription.unsubscribe()


async def _replies(
    client: Client,
    subject: str,
    body: bytes,
    timeout_s: float,
    enough: Callable[[list[Msg]], bool],
) -> list[Msg]:
    """All that comes back to one request, until it is enough or nothing more comes."""
    from nats.errors import Error

    inbox = client.new_inbox()
    heard: list[Msg] = []
    deadline = time.monotonic() + timeout_s
    try:
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(subject, body, reply=inbox)
            while (left := deadline - time.monotonic()) > 0 and not (heard and enough(heard)):
                try:
                    heard.append(await subscription.next_msg(timeout=left))
                except TimeoutError:
                    break
        finally:
            await subscription.unsubscribe()
    except (OSError, Error) as error:
        raise Unreachable(f"the connection is lost: {error}") from None
    return heard


def _ends_pull(heard: list[Msg]) -> bool:
    return _status(heard[-1])[0] not in (0, _HEARTBEAT)


async def ack_reaches(
    client: Client, ack_subject: str, *, domain: str = "", timeout_s: float = 2.0
) -> Observation:
    """Signal progress on a sequence never delivered: an empty answer, or 503.

    ``ack_subject`` is the share's subject, ending in ``>``. A ``*`` in it is the place of
    the JetStream domain in the second form, where ``_`` stands for none (ADR-15).
    """
    filled = ack_subject.removesuffix(">").replace("*", domain or "_", 1)
    reply = f"{filled}1.{_FAR}.{_FAR}.{time.time_ns()}.0"
    return await ask(client, reply, b"+WPI", timeout_s)


async def consumer_info(client: Client, subject: str, timeout_s: float = 2.0) -> Observation:
    return await ask(client, subject, b"", timeout_s)


async def delete_is_refused(client: Client, subject: str, timeout_s: float = 2.0) -> Observation:
    """Ask for a deletion with a body, which no server carries out."""
    return await ask(client, subject, _NOT_EMPTY, timeout_s)


async def ask(client: Client, subject: str, payload: bytes, timeout_s: float) -> Observation:
    """One request, one reply: what was heard, never an exception for a refusal.

    Raises Unreachable where the connection is lost meanwhile.
    """
    from nats.errors import Error, NoRespondersError

    from jetshare.net.connect import forbidden

    started = time.monotonic()

    def took() -> float:
        return (time.monotonic() - started) * 1000

    try:
        message = await _reply(client, subject, payload, timeout_s)
    except NoRespondersError:
        return Observation(heard=Heard.NO_RESPONDERS, code=NO_RESPONDERS, took_ms=took())
    except TimeoutError:
        return Observation(
            heard=Heard.SILENCE, forbidden=forbidden(client, subject), took_ms=took()
        )
    except (OSError, Error) as error:
        raise Unreachable(f"the connection is lost: {error}") from None
    code, text = _status(message)
    return Observation(
        heard=Heard.ANSWER, code=code, text=text, body=message.data, replies=1, took_ms=took()
    )


async def _reply(client: Client, subject: str, payload: bytes, timeout_s: float) -> Msg:
    """As the client asks, but who may not ask at all is not kept waiting for an answer."""
    from jetshare.net.connect import forbidden

    asked = asyncio.create_task(client.request(subject, payload, timeout=timeout_s))
    try:
        while not (await asyncio.wait({asked}, timeout=_LOOK_S))[0]:
            if forbidden(client, subject):
                raise TimeoutError
        return asked.result()
    finally:
        asked.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerCounts:
    """The counts of a consumer that a proof must leave as they were."""

    delivered: int
    ack_floor: int
    ack_pending: int
    redelivered: int
    waiting: int
    pending: int


def api_error(observation: Observation) -> str:
    """The error in a JetStream API answer, empty where there is none."""
    error = _object(observation.body).get("error")
    if not isinstance(error, Mapping):
        return ""
    return f"{error.get('code', '')} {error.get('description', '')}".strip()


def takes_no_acks(observation: Observation) -> bool:
    """Whether a CONSUMER.INFO answer says that nobody listens to acknowledgements."""
    config = _object(observation.body).get("config")
    return isinstance(config, Mapping) and config.get("ack_policy") == "none"


def counts(observation: Observation) -> ConsumerCounts | None:
    """The counts in a CONSUMER.INFO answer; None where it is something else."""
    info = _object(observation.body)
    if "config" not in info:
        return None
    return ConsumerCounts(
        delivered=_sequence(info.get("delivered")),
        ack_floor=_sequence(info.get("ack_floor")),
        ack_pending=_integer(info.get("num_ack_pending")),
        redelivered=_integer(info.get("num_redelivered")),
        waiting=_integer(info.get("num_waiting")),
        pending=_integer(info.get("num_pending")),
    )


def _status(message: Msg) -> tuple[int, str]:
    headers = message.headers or {}
    code = headers.get("Status", "")
    return (int(code) if code.isdigit() else 0), headers.get("Description", "")


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _sequence(value: object) -> int:
    return _integer(value.get("stream_seq")) if isinstance(value, Mapping) else 0
