"""Observations on a live server that consume nothing.

None of these requests leases a message, raises a delivery count or changes a
consumer: a pull asks for messages of at most one byte, and no message is that small;
an acknowledgement is a progress signal for a sequence that was never delivered; a
deletion carries a body, which the server refuses before it looks at the name
(nats-server, ``isEmptyRequest``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

NO_RESPONDERS = 503

_FAR = 1 << 53  # a sequence that no stream reaches
_PULL_NOTHING = b'{"batch":1,"no_wait":true,"max_bytes":1}'
_PULL_HEARTBEATS = b'{"batch":1,"max_bytes":1,"expires":500000000,"idle_heartbeat":100000000}'
_PUSH_BASED = "Consumer is push based"
_NOT_EMPTY = b"jetshare: a probe, delete nothing"


class Heard(StrEnum):
    """How a request ended."""

    ANSWER = "answer"
    NO_RESPONDERS = "no responders"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One request and what came back. ``code`` is the status in the headers, 0 for none."""

    heard: Heard
    code: int = 0
    text: str = ""
    body: bytes = b""
    replies: int = 0
    took_ms: float = 0.0

    def describe(self) -> str:
        """What was seen, in a few words."""
        if self.heard is Heard.NO_RESPONDERS:
            return "503 no responders"
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


async def next_streams(client: Client, subject: str, timeout_s: float = 1.5) -> Observation:
    """Pull at most one byte with heartbeats: several replies where they are streamed.

    A consumer with messages waiting answers 409 at once, which shows nothing about the
    response type; one that is idle sends heartbeats and then 408, or, through an export
    of type Singleton, one reply and silence.
    """
    started = time.monotonic()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    replies: list[tuple[int, str]] = []
    try:
        await client.publish(subject, _PULL_HEARTBEATS, reply=inbox)
        deadline = started + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = await subscription.next_msg(timeout=left)
            except TimeoutError:
                break
            replies.append(_status(message))
            if replies[-1][0] not in (0, 100):
                break
    finally:
        await subscription.unsubscribe()
    took_ms = (time.monotonic() - started) * 1000
    if not replies:
        return Observation(heard=Heard.SILENCE, took_ms=took_ms)
    code, text = replies[-1]
    heard = Heard.NO_RESPONDERS if code == NO_RESPONDERS else Heard.ANSWER
    return Observation(heard=heard, code=code, text=text, replies=len(replies), took_ms=took_ms)


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
    """One request, one reply: what was heard, never an exception for a refusal."""
    from nats.errors import NoRespondersError

    started = time.monotonic()

    def took() -> float:
        return (time.monotonic() - started) * 1000

    try:
        message = await client.request(subject, payload, timeout=timeout_s)
    except NoRespondersError:
        return Observation(heard=Heard.NO_RESPONDERS, code=NO_RESPONDERS, took_ms=took())
    except TimeoutError:
        return Observation(heard=Heard.SILENCE, took_ms=took())
    code, text = _status(message)
    return Observation(
        heard=Heard.ANSWER, code=code, text=text, body=message.data, replies=1, took_ms=took()
    )


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
