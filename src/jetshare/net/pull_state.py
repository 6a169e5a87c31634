"""The pull loop as a state machine: what happened goes in, what to do comes out.

It does no I/O and reads no clock: times come in as ``now``, in seconds of any steady
clock. Sources: ADR-37 (statuses, counting, heartbeats), ADR-42 (pins), nats-server
``processNextMsgRequest``, ``nextWaiting`` and ``signalPullConsumers``.

Beyond ADR-37 it knows what happens through a share:

- A push of the provider's account makes the pulls in flight deaf. At a quarter over one
  heartbeat of silence the consumer is asked whether it is there at all; if it is, or at
  the latest after two heartbeats, the pulls are given up and made anew.
- An empty message without headers ends the reply stream of its pull.
- 503 is no failure yet: it is what a share says while a leader is chosen or a consumer is
  made again, and what it says for ever once it is revoked. See ``_judge``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jetshare.errors import ConsumerDeleted, JetshareError, PullRefused, ShareRevoked
from jetshare.net.credit import Credit
from jetshare.net.go_duration import parse_go_duration
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status
from jetshare.sharing.kinds import PullConsumer

_PROBE_AT = 1.25  # heartbeats of silence before the consumer is asked whether it is there
_ALARM_AT = 2.0  # heartbeats of silence before a pull is given up (ADR-37)
_EXPIRY_GRACE_S = 1.0  # after this much over its expiry the end of a pull was lost
# Heartbeats from the last word of a consumer until a share that nobody answers for is said
# to be gone: with the time that a pull and a tick take it is told within two.
_PATIENCE = 1.75
_MIN_TRIES = 3  # pulls that nobody answered before a share is said to be gone
_FIRST_PATIENCE_S = 2.0  # for a consumer that was never there
_BLIND_PATIENCE_S = 5.0  # where INFO is not shared and cannot tell an outage from an end
_MAX_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Send this pull request; its statuses come back under ``token``."""

    token: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquire:
    """Ask for the consumer's INFO, and with ``pull`` make a pull that takes nothing."""

    pull: bool


@dataclass(frozen=True, slots=True)
class Warn:
    """Something was lost or refused, and is being made good."""

    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The end: nothing more will come."""

    error: JetshareError


Action = Pull | Inquire | Warn | Stop


class Answer(StrEnum):
    """What an inquiry found."""

    PRESENT = "present"
    ABSENT = "absent"  # the server says that there is no such consumer or stream
    NO_RESPONDERS = "no responders"
    UNCLEAR = "unclear"  # silence, or an error that says nothing about the consumer


@dataclass(slots=True, kw_only=True)
class _Doubt:
    """Since when nobody answers our pulls, and what is known about why."""

    since: float
    deadline: float
    pause: float
    retry_at: float
    deleted: bool
    tries: int = 0
    info: Answer | None = None


class PullState:
    """One consumption of one consumer. ``shared`` is false in the consumer's own account."""

    def __init__(self, share: PullConsumer, options: PullOptions, *, shared: bool) -> None:
        self._share = share
        self._options = options
        self._shared = shared
        self._messages = Credit(options.messages, options.threshold_messages)
        self._bytes = (
            Credit(options.max_bytes, options.threshold_bytes)
            if options.counts_bytes and options.max_bytes
            else None
        )
        self._expires = options.expires
        self._heartbeat = options.heartbeat
        self._batch_limit = options.messages
        self._pin = ""
        self._token = 0
        self._void_to = 0
        self._last_issue = 0.0
        self._asked_bytes: dict[int, int] = {}  # of each pull by bytes that has not ended
        self._wait_for_room = False
        self._hold_until = 0.0
        self._refusals = 0
        self._doubt: _Doubt | None = None
        self._info_answers = False
        self._inquired = False
        self._connected = True
        self._stopped = False
        self._ticked_at = 0.0
        self.heard_at = 0.0
        self.heard_ever = False

    @property
    def heartbeat(self) -> float:
        return self._heartbeat

    @property
    def pending(self) -> int:
        """Messages asked for and not handed out."""
        return self._messages.pending

    @property
    def refill_at(self) -> int:
        """How many messages must have been handed out for the next pull to be due."""
        if self._bytes is not None:
            return self._messages.taken + 1
        return self._messages.requested - self._messages.threshold + 1

    # What happens.

    def begin(self, now: float) -> tuple[Action, ...]:
        self.heard_at = self._ticked_at = now
        return (*self.refill(now), Inquire(pull=False))

    def flow(
        self,
        now: float,
        *,
        received: int,
        taken: int,
        received_bytes: int = 0,
        taken_bytes: int = 0,
    ) -> None:
        """How many messages have come in and been handed out so far, and their bytes.

        To be called before anything else is, and not for each message: that they came is
        what matters, not when.
        """
        if received > self._messages.received:
            self.heard_at = now
            self._recovered()
        self._messages.flow(received, taken)
        if self._bytes is not None:
            self._bytes.flow(received_bytes, taken_bytes)

    def pinned(self, pin: str) -> None:
        """A message named the pin of its group (ADR-42): further pulls carry it."""
        self._pin = pin

    def stream_ended(self, now: float) -> tuple[Action, ...]:
        """An empty message without headers came: through a share, its pull hears no more."""
        if not self._shared or not self._outstanding:
            return ()
        self._void()
        return (
            Warn(
                f"an empty message of {self._share} ended its pull; what the consumer sent"
                " after it comes back when the ack wait ends"
            ),
            *self.refill(now),
        )

    def status(self, token: int, status: Status, now: float) -> tuple[Action, ...]:
        """The server said something about the pull ``token``."""
        if self._stopped or token <= self._void_to:
            return ()
        if status.code == 503:
            return self._unanswered(now, deleted=False)
        self.heard_at = now
        if status.code == 100:
            self._recovered()
            return ()
        asked = self._asked_bytes.pop(token, 0)
        if status.pending_messages is None:
            self._void()
        else:
            self._messages.returned(status.pending_messages)
            if self._bytes is not None:
                self._bytes.returned(status.pending_bytes or 0)
        return self._ended(status, asked, now)

    def answered(self, *, info: Answer, pull: Answer | None, now: float) -> tuple[Action, ...]:
        """An inquiry came back."""
        if info in (Answer.PRESENT, Answer.ABSENT):
            self._info_answers = True
        if self._stopped or not self._connected:
            return ()
        if self._doubt is not None:
            self._doubt.info = info
            return ()
        if pull is Answer.NO_RESPONDERS:
            return self._unanswered(now, deleted=False)
        silent = now - self.heard_at >= _PROBE_AT * self._heartbeat
        if pull is Answer.PRESENT and silent and self._outstanding:
            return self._anew(f"the pull on {self._share} went deaf", now)
        return ()

    def tick(self, now: float) -> tuple[Action, ...]:
        """Time passes; to be called several times a heartbeat."""
        late, self._ticked_at = now - self._ticked_at, now
        if self._stopped or not self._connected:
            return ()
        if late > self._heartbeat / 2:
            # The event loop stood still; what came in meanwhile has not been read yet.
            self.heard_at = now
            return ()
        if self._outstanding:
            silence = now - self.heard_at
            if silence >= _ALARM_AT * self._heartbeat:
                return self._anew(f"no heartbeat of {self._share} for {silence:.1f} s", now)
            if now - self._last_issue >= self._expires + _EXPIRY_GRACE_S:
                self._void()
            elif silence >= _PROBE_AT * self._heartbeat and not self._inquired:
                self._inquired = True
                return (Inquire(pull=not self._options.group),)
        if self._doubt is not None:
            return self._retry(self._doubt, now)
        return self.refill(now)

    def lost(self) -> None:
        """The connection is down: the server drops its pulls."""
        self._connected = False
        self._void()

    def regained(self, now: float) -> tuple[Action, ...]:
        """The connection is up again, perhaps to another server."""
        self._connected = True
        self.heard_at = self._ticked_at = now
        self._doubt = None
        self._refusals, self._hold_until, self._inquired = 0, 0.0, False
        return self.refill(now)

    def stop(self) -> None:
        """Pull no more."""
        self._stopped = True

    # What is done about it.

    def refill(self, now: float) -> tuple[Action, ...]:
        """The pull that fills the buffer, where one is due."""
        if self._stopped or not self._connected or self._doubt or now < self._hold_until:
            return ()
        low = self._bytes.low if self._bytes is not None else self._messages.low
        if not low or (self._wait_for_room and self._bytes and self._bytes.pending):
            return ()
        pull = self._pull(now)
        return () if pull is None else (pull,)

    def _pull(self, now: float) -> Pull | None:
        if not self._outstanding:
            self.heard_at = now  # no heartbeat was due while nothing was asked for
        most = self._batch_limit
        if self._options.stop_after is not None:
            most = min(most, self._options.stop_after - self._messages.requested)
        if most <= 0:
            return None
        if self._bytes is not None:
            most_bytes = self._bytes.top_up(self._bytes.limit)
            batch = most
            self._messages.requested = self._messages.received + most
        else:
            most_bytes = self._options.max_bytes or 0
            batch = self._messages.top_up(most)
        if batch <= 0:
            return None
        self._wait_for_room = False
        self._token += 1
        self._last_issue = now
        if most_bytes:
            self._asked_bytes[self._token] = most_bytes
        body = self._options.request(
            batch=batch,
            expires=self._expires,
            heartbeat=self._heartbeat,
            max_bytes=most_bytes,
            pin=self._pin,
        )
        return Pull(token=self._token, body=body)

    @property
    def _outstanding(self) -> bool:
        credit = self._bytes if self._bytes is not None else self._messages
        return credit.outstanding > 0

    def _void(self) -> None:
        """Give up every pull that was sent; what they still say is not listened to."""
        self._messages.void()
        if self._bytes is not None:
            self._bytes.void()
        self._asked_bytes.clear()
        self._void_to = self._token

    def _anew(self, why: str, now: float) -> tuple[Action, ...]:
        self._void()
        self._inquired = False
        self.heard_at = now
        self._doubt = None
        return (Warn(f"{why}; pulling anew"), *self.refill(now))

    def _recovered(self) -> None:
        self._doubt = None
        self._refusals, self._hold_until = 0, 0.0
        self._inquired = False
        self.heard_ever = True

    def _ended(self, status: Status, asked: int, now: float) -> tuple[Action, ...]:
        """A pull ended for the reason that ``status`` gives."""
        match status.code, status.text.lower():
            case ((400 | 412), _):
                return self._refuse(status)
            case ((404 | 408), _):
                self.heard_ever = True
                return self.refill(now)
            case 423, _:
                self._pin = ""
                return (Warn(f"{self._share} pinned another client"), *self.refill(now))
            case 409, text:
                return self._conflict(text, status, asked, now)
        return self._backed_off(f"{self._share} answered {_words(status)}", now)

    def _conflict(self, text: str, status: Status, asked: int, now: float) -> tuple[Action, ...]:
        if text.startswith("batch completed"):
            return self.refill(now)
        if text.startswith("message size exceeds maxbytes"):
            return self._no_room(asked, status, now)
        if text.startswith("consumer deleted"):
            return self._unanswered(now, deleted=True)
        if text.startswith("consumer is push based"):
            return self._refuse(status)
        if text.startswith("exceeded maxrequest") and self._adapt(text):
            return (
                Warn(f"{self._share} allows smaller pulls only: {status.text}"),
                *self.refill(now),
            )
        # Leadership Change, Server Shutdown, Exceeded MaxWaiting, and what is yet to come.
        return self._backed_off(f"{self._share} ended a pull: {_words(status)}", now)

    def _no_room(self, asked: int, status: Status, now: float) -> tuple[Action, ...]:
        """The next message did not fit into what was left of a pull's bytes."""
        if (status.pending_bytes or 0) < asked:
            return self.refill(now)  # the usual end of a pull by bytes
        if self._bytes is not None and asked < self._bytes.limit:
            # It may fit into all of them: ask again once the buffer is empty.
            self._wait_for_room = True
            return self.refill(now)
        return self._backed_off(
            f"the next message of {self._share} is larger than max_bytes ({asked})", now
        )

    def _adapt(self, text: str) -> bool:
        """Take over the limit that the consumer names; false where it names none."""
        name, _, value = text.removeprefix("exceeded maxrequest").partition(" of ")
        if name == "expires":
            seconds = parse_go_duration(value)
            if seconds is None or seconds >= self._expires:
                return False
            self._expires = seconds
            self._heartbeat = min(self._heartbeat, seconds / 2)
            return True
        if not value.isdigit():
            return False
        limit = int(value)
        if name == "batch":
            self._batch_limit = min(self._batch_limit, limit)
            if self._bytes is None:
                self._messages.narrow(limit)
            return True
        if name == "maxbytes" and self._bytes is not None:
            self._bytes.narrow(limit)
            return True
        return False

    def _refuse(self, status: Status) -> tuple[Action, ...]:
        self._stopped = True
        return (
            Stop(
                PullRefused(
                    f"{self._share} refuses to be pulled from: {_words(status)}",
                    hint="the options of the pull do not suit the consumer",
                )
            ),
        )

    def _backed_off(self, why: str, now: float) -> tuple[Action, ...]:
        """Wait before the next pull, longer each time that nothing was heard between."""
        pause = min(0.1 * 2**self._refusals, self._heartbeat, _MAX_PAUSE_S)
        self._refusals += 1
        self._hold_until = now + pause
        return (Warn(why),)

    # Nobody answers.

    def _unanswered(self, now: float, *, deleted: bool) -> tuple[Action, ...]:
        outstanding_only_ours = self._doubt is not None
        self._void()
        if self._doubt is None:
            deadline = self._patience(now)
            pause = min(max((deadline - now) / 4, 0.05), _MAX_PAUSE_S)
            self._doubt = _Doubt(
                since=now, deadline=deadline, pause=pause, retry_at=now + pause, deleted=deleted
            )
        doubt = self._doubt
        doubt.tries += 1
        doubt.deleted = doubt.deleted or deleted
        doubt.retry_at = now + doubt.pause
        if now < doubt.deadline:
            doubt.retry_at = min(doubt.retry_at, doubt.deadline)
        if outstanding_only_ours:
            return self._judge(doubt, now)
        why = "the consumer was deleted" if deleted else "nobody answers its pulls"
        return (Warn(f"{self._share}: {why}; trying again"), Inquire(pull=False))

    def _patience(self, now: float) -> float:
        """Until when a consumer that nobody answers for may come back."""
        if not self.heard_ever:
            return now + min(_FIRST_PATIENCE_S, _ALARM_AT * self._heartbeat)
        return max(self.heard_at + _PATIENCE * self._heartbeat, now + self._heartbeat / 2)

    def _retry(self, doubt: _Doubt, now: float) -> tuple[Action, ...]:
        if self._outstanding or now < doubt.retry_at:
            return ()
        pull = self._pull(now)
        return (pull, Inquire(pull=False)) if pull is not None else ()

    def _judge(self, doubt: _Doubt, now: float) -> tuple[Action, ...]:
        """Whether a consumer that nobody answers for is away for a moment or for good.

        INFO tells: the server answers it for every consumer there is, and says so where
        there is none; it has no responders where the share is revoked, for that takes all
        of its subjects. Where INFO never answered it may not be shared, and then more time
        has to pass. Any other answer means an outage, which is waited for.
        """
        if doubt.tries < _MIN_TRIES or now < doubt.deadline or doubt.info is None:
            return ()
        if doubt.info is Answer.UNCLEAR:
            doubt.deadline = now + _ALARM_AT * self._heartbeat
            doubt.info = None
            return (Warn(f"{self._share} is out of reach for {now - doubt.since:.0f} s"),)
        blind = doubt.info is Answer.NO_RESPONDERS and not self._info_answers
        if blind and self.heard_ever and now < doubt.since + _BLIND_PATIENCE_S:
            return ()
        self._stopped = True
        if doubt.deleted or doubt.info is Answer.ABSENT:
            return (
                Stop(
                    ConsumerDeleted(
                        f"consumer {self._share} was deleted",
                        hint="ask its owner to make it again, then consume again",
                    )
                ),
            )
        return (Stop(self._revoked()),)

    def _revoked(self) -> ShareRevoked:
        if self.heard_ever:
            return ShareRevoked(
                f"the share of {self._share} was revoked: nobody answers its pulls any more",
                hint="ask the provider to grant it again; what was not acknowledged stays theirs",
            )
        return ShareRevoked(
            f"nobody answers pulls on {self._share}: it is not shared with this account,"
            " was revoked, or is imported under another prefix",
            hint=f"jetshare verify {self._share} shows what is missing",
        )


def _words(status: Status) -> str:
    return f"{status.code} {status.text}".strip()
