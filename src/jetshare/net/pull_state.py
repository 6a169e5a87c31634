"""The pull loop as a state machine: what happened goes in, what to do comes out.

It does no I/O and reads no clock: times come in as ``now``, in seconds of any steady
clock. Sources: ADR-37 (statuses, counting, heartbeats), ADR-42 (pins), nats-server
``processNextMsgRequest``, ``nextWaiting`` and ``signalPullConsumers``.

Beyond ADR-37 it knows what happens through a share:

- A push of the provider's account makes the pulls in flight deaf. At a quarter over one
  heartbeat of silence the consumer is asked whether it is there at all; if it is, or at
  the latest after two heartbeats, the pulls are given up and made anew.
- An empty message without headers ends the reply stream of its pull.
- 503 is no failure yet (``pull_doubt``).
"""

from __future__ import annotations

from jetshare.errors import JetshareError
from jetshare.net.credit import Credit
from jetshare.net.go_duration import parse_go_duration
from jetshare.net.pull_actions import Action, Answer, Forget, Inquire, Pull, Stop, Warn
from jetshare.net.pull_doubt import Doubt, Verdict
from jetshare.net.pull_ends import deleted, in_words, never_shared, not_there, refused, revoked
from jetshare.net.pull_options import PullOptions
from jetshare.net.status import Status
from jetshare.sharing.kinds import PullConsumer

_PROBE_AT = 1.25  # heartbeats of silence before the consumer is asked whether it is there
_ALARM_AT = 2.0  # heartbeats of silence before a pull is given up (ADR-37)
_EXPIRY_GRACE_S = 1.0  # after this much over its expiry the end of a pull was lost
_MAX_PAUSE_S = 5.0


class PullState:
    """One consumption of one consumer, whose API answers under ``prefix``."""

    def __init__(self, share: PullConsumer, options: PullOptions, *, prefix: str) -> None:
        self._share = share
        self._options = options
        self._prefix = prefix
        self._shared = not prefix.startswith("$JS.")  # or it is one of the account itself
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
        self._doubt: Doubt | None = None
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
            return self._unanswered(now)
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
            return self._unanswered(now)
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
                self._recovered()
                return self.refill(now)
            case 423, _:
                self._pin = ""
                return (Warn(f"{self._share} pinned another client"), *self.refill(now))
            case 409, text:
                return self._conflict(text, status, asked, now)
        return self._backed_off(f"{self._share} answered {in_words(status)}", now)

    def _conflict(self, text: str, status: Status, asked: int, now: float) -> tuple[Action, ...]:
        if text.startswith("batch completed"):
            return self.refill(now)
        if text.startswith("message size exceeds maxbytes"):
            return self._no_room(asked, status, now)
        if text.startswith("consumer deleted"):
            return self._unanswered(now, gone=True)
        if text.startswith("consumer is push based"):
            return self._refuse(status)
        if text.startswith("exceeded maxrequest") and self._adapt(text):
            return (
                Warn(f"{self._share} allows smaller pulls only: {status.text}"),
                *self.refill(now),
            )
        # Leadership Change, Server Shutdown, Exceeded MaxWaiting, and what is yet to come.
        return self._backed_off(f"{self._share} ended a pull: {in_words(status)}", now)

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
        return (Stop(refused(self._share, status)),)

    def _backed_off(self, why: str, now: float) -> tuple[Action, ...]:
        """Wait before the next pull, longer each time that nothing was heard between."""
        pause = min(0.1 * 2**self._refusals, self._heartbeat, _MAX_PAUSE_S)
        self._refusals += 1
        self._hold_until = now + pause
        return (Warn(why),)

    # Nobody answers.

    def _unanswered(self, now: float, *, gone: bool = False) -> tuple[Action, ...]:
        """A pull met nobody, or with ``gone`` the end of its consumer."""
        self._void()
        doubt, forget = self._doubt, (Forget(),) if gone else ()
        if doubt is None:
            heard_at = self.heard_at if self.heard_ever else None
            doubt = self._doubt = Doubt.begin(now, heard_at=heard_at, heartbeat=self._heartbeat)
            doubt.unanswered(now, deleted=gone)
            why = "the consumer was deleted" if gone else "nobody answers its pulls"
            return (*forget, Warn(f"{self._share}: {why}; trying again"), Inquire(pull=False))
        doubt.unanswered(now, deleted=gone)
        return (*forget, *self._judge(doubt, now))

    def _judge(self, doubt: Doubt, now: float) -> tuple[Action, ...]:
        match doubt.judge(now, info_answers=self._info_answers):
            case Verdict.WAIT:
                return ()
            case Verdict.OUTAGE:
                return (Warn(f"{self._share} is out of reach for {now - doubt.since:.0f} s"),)
            case Verdict.REVOKED if self._shared and doubt.heard_before:
                error: JetshareError = revoked(self._share)
            case Verdict.REVOKED if self._shared:
                error = never_shared(self._share, self._prefix)
            case _ if doubt.deleted or doubt.heard_before:
                error = deleted(self._share)
            case _:
                error = not_there(self._share, self._prefix)
        self._stopped = True
        return (Stop(error),)

    def _retry(self, doubt: Doubt, now: float) -> tuple[Action, ...]:
        if self._outstanding or now < doubt.retry_at:
            return ()
        pull = self._pull(now)
        return (pull, Inquire(pull=False)) if pull is not None else ()
