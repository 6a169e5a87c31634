"""What a pull asks for. Names and defaults follow ADR-37, ADR-42 and nats.go's jetstream."""

from __future__ import annotations

import json
from dataclasses import dataclass

from jetshare.errors import InputError

DEFAULT_MAX_MESSAGES = 500
DEFAULT_EXPIRES_S = 30.0
MAX_IDLE_HEARTBEAT_S = 30.0
# With a limit in bytes alone, the limit in messages must not be what ends a pull (ADR-37).
UNLIMITED_MESSAGES = 1_000_000

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_MIN_EXPIRES_S = 1.0
_MIN_HEARTBEAT_S = 0.1
_MAX_PRIORITY = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PullOptions:
    """How ``consume`` keeps its buffer filled. Times are in seconds.

    ``max_messages`` (500 where nothing is given) or ``max_bytes`` is the most that is
    asked for and not yet handed out, and so what the buffer can hold. Given both, messages
    are what counts and no pull asks for more than ``max_bytes``
    (``PullMaxMessagesWithBytesLimit`` of nats.go).
    A new pull goes out when less than ``threshold_messages`` (``threshold_bytes``) are left
    of it; half, where not given.

    ``expires`` is how long the server keeps a pull, ``idle_heartbeat`` how often it says
    that it still does: half of ``expires`` and at most 30, where not given. A pull that is
    silent for two heartbeats is taken for lost. So a short heartbeat is a short gap after
    the provider's account was pushed, and a share is noticed as revoked the sooner.

    ``group``, ``min_pending``, ``min_ack_pending`` and ``priority`` (0, first, to 9) are
    those of a consumer with priority groups (ADR-42). ``stop_after`` ends after that many
    messages, and asks for no more than those.
    """

    max_messages: int | None = None
    max_bytes: int | None = None
    threshold_messages: int | None = None
    threshold_bytes: int | None = None
    expires: float = DEFAULT_EXPIRES_S
    idle_heartbeat: float | None = None
    group: str = ""
    min_pending: int | None = None
    min_ack_pending: int | None = None
    priority: int | None = None
    stop_after: int | None = None

    def __post_init__(self) -> None:
        """Raises InputError for what no server would take."""
        for name in (
            "max_messages",
            "max_bytes",
            "threshold_messages",
            "threshold_bytes",
            "stop_after",
        ):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}, which is less than 1")
        for kind in ("messages", "bytes"):
            threshold, most = getattr(self, f"threshold_{kind}"), getattr(self, f"max_{kind}")
            if threshold is not None and most is not None and threshold > most:
                raise InputError(f"threshold_{kind} is more than max_{kind}: {threshold} > {most}")
        if self.expires < _MIN_EXPIRES_S:
            raise InputError(f"expires is {self.expires:g} s, which is less than 1 s (ADR-37)")
        if self.idle_heartbeat is not None and not (
            _MIN_HEARTBEAT_S <= self.idle_heartbeat <= min(self.expires / 2, MAX_IDLE_HEARTBEAT_S)
        ):
            raise InputError(
                f"idle_heartbeat is {self.idle_heartbeat:g} s",
                hint=f"give {_MIN_HEARTBEAT_S} s to half of expires ({self.expires / 2:g} s),"
                f" and at most {MAX_IDLE_HEARTBEAT_S:g} s",
            )
        if self.priority is not None and not 0 <= self.priority <= _MAX_PRIORITY:
            raise InputError(f"priority is {self.priority}, not 0 to {_MAX_PRIORITY} (ADR-42)")
        if (self.min_pending, self.min_ack_pending, self.priority) != (None,) * 3:
            self._need_group()

    def _need_group(self) -> None:
        if not self.group:
            raise InputError(
                "min_pending, min_ack_pending and priority are of a priority group",
                hint="give group= as well (ADR-42)",
            )

    @property
    def counts_bytes(self) -> bool:
        """Whether the buffer is filled by bytes, not by messages."""
        return self.max_bytes is not None and self.max_messages is None

    @property
    def messages(self) -> int:
        if self.max_messages is not None:
            return self.max_messages
        return UNLIMITED_MESSAGES if self.counts_bytes else DEFAULT_MAX_MESSAGES

    @property
    def heartbeat(self) -> float:
        if self.idle_heartbeat is not None:
            return self.idle_heartbeat
        return min(self.expires / 2, MAX_IDLE_HEARTBEAT_S)

    def request(
        self,
        *,
        batch: int,
        expires: float,
        heartbeat: float = 0.0,
        max_bytes: int = 0,
        pin: str = "",
        no_wait: bool = False,
    ) -> bytes:
        """The body of a pull request (nats-server ``JSApiConsumerGetNextRequest``)."""
        expires_ns = round(expires * 1e9)
        fields: dict[str, object] = {
            "batch": batch,
            "expires": expires_ns,
            # More than a half is refused, and be it by what was rounded up.
            "idle_heartbeat": min(round(heartbeat * 1e9), expires_ns // 2),
            "max_bytes": max_bytes,
            "no_wait": no_wait,
            "group": self.group,
            "min_pending": self.min_pending,
            "min_ack_pending": self.min_ack_pending,
            "priority": self.priority,
            "id": pin,
        }
        given = {name: value for name, value in fields.items() if value}
        return _ENCODE(given).encode()
