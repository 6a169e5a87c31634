"""When a consumer that nobody answers for is away for a moment, and when for good.

503 is no failure yet: a share says it while a leader is chosen or a consumer is made
again, and for ever once it is revoked. What tells them apart is time, and INFO: the server
answers it for every consumer there is, and says so where there is none; it has no
responders where the share is revoked, for that takes all of its subjects. Any other answer
means an outage, which is waited for. Where INFO never answered it may not be shared, and
then more time has to pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jetshare.net.pull_actions import Answer

# Heartbeats from the last word of a consumer until a share that nobody answers for is said
# to be gone: with the time that a pull and a tick take it is told within two.
_PATIENCE = 1.75
_FIRST_PATIENCE_S = 2.0  # for a consumer that was never there
_BLIND_PATIENCE_S = 5.0  # where INFO is not shared and cannot tell an outage from an end
_OUTAGE_TOLD_EVERY = 2.0  # heartbeats
_MIN_TRIES = 3  # pulls that nobody answered before a share is said to be gone
_MAX_PAUSE_S = 5.0


class Verdict(StrEnum):
    WAIT = "wait"
    OUTAGE = "outage"  # it has lasted so long that it is worth a word
    DELETED = "deleted"
    REVOKED = "revoked"


@dataclass(slots=True, kw_only=True)
class Doubt:
    """Since when nobody answers our pulls, and what is known about why. Times in seconds.

    ``heard_before`` is whether the consumer ever said something.
    """

    since: float
    deadline: float
    pause: float
    heartbeat: float
    heard_before: bool
    retry_at: float = 0.0
    deleted: bool = False
    tries: int = 0
    info: Answer | None = None

    @classmethod
    def begin(cls, now: float, *, heard_at: float | None, heartbeat: float) -> Doubt:
        """``heard_at`` is when the consumer last said something, None for never."""
        if heard_at is None:
            deadline = now + min(_FIRST_PATIENCE_S, _PATIENCE * heartbeat)
        else:
            deadline = max(heard_at + _PATIENCE * heartbeat, now + heartbeat / 2)
        return cls(
            since=now,
            deadline=deadline,
            pause=min(max((deadline - now) / 4, 0.05), _MAX_PAUSE_S),
            heartbeat=heartbeat,
            heard_before=heard_at is not None,
        )

    def unanswered(self, now: float, *, deleted: bool) -> None:
        """A pull was not answered; with ``deleted`` since the consumer was."""
        self.tries += 1
        self.deleted = self.deleted or deleted
        self.retry_at = now + self.pause
        if now < self.deadline:
            self.retry_at = min(self.retry_at, self.deadline)

    def judge(self, now: float, *, info_answers: bool) -> Verdict:
        """``info_answers`` is whether INFO ever did."""
        if self.tries < _MIN_TRIES or now < self.deadline or self.info is None:
            return Verdict.WAIT
        if self.info is Answer.UNCLEAR:
            self.deadline = now + _OUTAGE_TOLD_EVERY * self.heartbeat
            self.info = None
            return Verdict.OUTAGE
        blind = self.info is Answer.NO_RESPONDERS and not info_answers
        if blind and self.heard_before and now < self.since + _BLIND_PATIENCE_S:
            return Verdict.WAIT
        gone = self.deleted or self.info is Answer.ABSENT
        return Verdict.DELETED if gone else Verdict.REVOKED
