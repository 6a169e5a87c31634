"""What CONSUMER.INFO tells a consuming client. It may not be shared, so nothing needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

_NOT_FOUND = (10014, 10059)  # nats-server: JSConsumerNotFoundErr, JSStreamNotFoundErr
_DEFAULT_ACK_WAIT_S = 30.0  # nats-server: JsAckWaitDefault


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerInfo:
    """``ack_wait`` is how long a message is held under lease, in seconds."""

    ack_policy: str
    ack_wait: float
    num_ack_pending: int
    num_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoInfo:
    """An answer that is no information; ``absent`` where there is no such consumer."""

    absent: bool
    text: str


def parse_consumer_info(body: bytes) -> ConsumerInfo | NoInfo:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, Mapping):
        return NoInfo(absent=False, text="not JSON")
    error, config = answer.get("error"), answer.get("config")
    if isinstance(error, Mapping):
        return NoInfo(
            absent=error.get("err_code") in _NOT_FOUND, text=str(error.get("description", ""))
        )
    if not isinstance(config, Mapping):
        return NoInfo(absent=False, text="no consumer")
    # With a back-off the first step of it takes the place of the ack wait (ADR-15).
    waits = config.get("backoff") or [config.get("ack_wait")]
    return ConsumerInfo(
        ack_policy=str(config.get("ack_policy", "")),
        ack_wait=_integer(waits[0]) / 1e9 or _DEFAULT_ACK_WAIT_S,
        num_ack_pending=_integer(answer.get("num_ack_pending")),
        num_pending=_integer(answer.get("num_pending")),
    )


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
