"""A pull state machine with a clock, a memory, and nobody but the test to talk to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from jetshare.errors import JetshareError
from jetshare.net.pull_actions import Action, Pull, Stop, Warn
from jetshare.net.pull_options import PullOptions
from jetshare.net.pull_state import PullState
from jetshare.net.status import Status
from jetshare.sharing.kinds import PullConsumer

SHARE = PullConsumer("ORDERS", "ORDERS-C1")
HEARTBEAT = 4.0


@dataclass
class Scene:
    """A state machine with a clock, and all that it said."""

    options: PullOptions = field(
        default_factory=lambda: PullOptions(max_messages=10, expires=10, idle_heartbeat=HEARTBEAT)
    )
    prefix: str = "ACCTC.API"
    now: float = 100.0
    said: list[Action] = field(default_factory=list)
    received: int = 0
    taken: int = 0
    received_bytes: int = 0
    taken_bytes: int = 0
    answered: int = 0  # how many of them somebody answered

    def __post_init__(self) -> None:
        self.state = PullState(SHARE, self.options, prefix=self.prefix)
        self.note(self.state.begin(self.now))

    def note(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self.said += actions
        return actions

    def hears(
        self, code: int, text: str = "", left: int | None = None, left_bytes: int | None = None
    ) -> tuple[Action, ...]:
        self.flow()
        status = Status(code=code, text=text, pending_messages=left, pending_bytes=left_bytes)
        return self.note(self.state.status(self.token, status, self.now))

    def receives(self, count: int = 1, size: int = 1) -> None:
        self.received += count
        self.received_bytes += count * size
        self.flow()

    def hands_out(self, count: int = 1, size: int = 1) -> tuple[Action, ...]:
        """One after the other, with a pull wherever one is due."""
        actions: tuple[Action, ...] = ()
        for _ in range(count):
            self.taken += 1
            self.taken_bytes += size
            if self.taken >= self.state.refill_at:
                self.flow()
                actions += self.note(self.state.refill(self.now))
        return actions

    def flow(self) -> None:
        self.state.flow(
            self.now,
            received=self.received,
            taken=self.taken,
            received_bytes=self.received_bytes,
            taken_bytes=self.taken_bytes,
        )

    def passes(self, seconds: float, step: float = 0.25) -> tuple[Action, ...]:
        actions: tuple[Action, ...] = ()
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + step, end)
            self.flow()
            actions += self.note(self.state.tick(self.now))
        return actions

    @property
    def pulls(self) -> list[Pull]:
        return [action for action in self.said if isinstance(action, Pull)]

    @property
    def token(self) -> int:
        return self.pulls[-1].token

    @property
    def request(self) -> dict[str, Any]:
        request: dict[str, Any] = json.loads(self.pulls[-1].body)
        return request

    @property
    def failure(self) -> JetshareError | None:
        return next((action.error for action in self.said if isinstance(action, Stop)), None)

    @property
    def warnings(self) -> list[str]:
        return [action.text for action in self.said if isinstance(action, Warn)]


def kinds(actions: tuple[Action, ...]) -> list[str]:
    return [type(action).__name__ for action in actions]
