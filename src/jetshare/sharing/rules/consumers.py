"""Rules of the consumer and the stream behind a share, from what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Taken

_NANO = 1_000_000_000
_REPLY_LIFE_S = 120  # nats-server prunes the way back of a reply after two minutes

MISSING = Rule(
    code="JS701",
    title="The consumer is not there",
    severity=Severity.ERROR,
    symptom="503: no responders, for every pull and acknowledgement.",
    cause="The stream or the consumer was never made, was deleted, or is named otherwise. A grant"
    " made before works from the moment the consumer is made.",
    nsc=("nats consumer add {stream} {consumer} --pull --ack explicit --defaults",),
    source="ADR-37",
    shown="The consumer deleted: a pull got 503; made again, a message.",
    live=True,
)


def consumer_missing(share: Taken, seen: Seen) -> Iterator[Finding]:
    if seen.missing:
        text = f"{share.provider_name} has no consumer {share.name}"
        yield at_take(MISSING, share, None, text, whole=share.provider_name)


PUSHED = Rule(
    code="JS702",
    title="The consumer is a push consumer",
    severity=Severity.ERROR,
    symptom="Pulls get 409 Consumer is push based.",
    cause="The consumer has a deliver subject. Nothing can be pulled from it, and servers make no"
    " pull consumer of it. Whoever is pushed to by it loses it by the cure.",
    nsc=(
        "nats consumer rm {stream} {consumer} --force",
        "nats consumer add {stream} {consumer} --pull --ack explicit --defaults",
    ),
    source="ADR-37",
    live=True,
    shown="The consumer made with a deliver subject: a pull brought nothing; after the cure all"
    " that was waiting.",
)


def consumer_pushes(share: Taken, seen: Seen) -> Iterator[Finding]:
    if seen.config.get("deliver_subject"):
        text = (
            f"{share.name} delivers to {seen.config['deliver_subject']}; it cannot be pulled from"
        )
        yield at_take(PUSHED, share, None, text, whole=share.provider_name)


UNCAPPED = Rule(
    code="JS703",
    title="The consumer has no caps for a stranger",
    severity=Severity.NOTE,
    symptom="None. But one importer can lease everything, or fill the queue of waiting pulls.",
    cause="max_batch, max_expires and max_deliver are not set, and max_waiting is the default.",
    nsc=(
        "nats consumer edit {stream} {consumer} --max-pull-batch 100 --max-pull-expire 60s"
        " --max-deliver 10 --force",
    ),
    source="ADR-37",
    shown="A pull of 101 leased all of 101 messages to one client; after the cure it got 409"
    " Exceeded MaxRequestBatch, and one of 100 was served.",
    live=True,
)


def consumer_uncapped(share: Taken, seen: Seen) -> Iterator[Finding]:
    open_ = [
        name
        for name in ("max_batch", "max_expires", "max_deliver")
        if seen.config and seen.config.get(name) in (None, 0, -1)
    ]
    if open_:
        text = f"{share.name} is without {', '.join(open_)}"
        yield at_take(UNCAPPED, share, None, text, whole=share.provider_name)


LEAKED = Rule(
    code="JS704",
    title="Waiting pulls fill the consumer",
    severity=Severity.WARNING,
    symptom="Pulls get 409 Exceeded MaxWaiting although few clients are there.",
    cause="Pulls without an expiry wait at the consumer until a message comes or their client"
    " disconnects; max_expires does not hold for them, and max_waiting cannot be raised on a"
    " consumer that is there. The importer must end the client that sends them.",
    source="nats-io/nats-server#2686; consumer.go, processNextMsgRequest",
    shown="One client sent three pulls without an expiry to a consumer at which three may wait: a"
    " second client got 409 Exceeded MaxWaiting. After the first had disconnected it pulled a"
    " message.",
    live=True,
)


def pulls_pile_up(share: Taken, seen: Seen) -> Iterator[Finding]:
    most = seen.config.get("max_waiting")
    waiting = seen.count("num_waiting")
    if isinstance(most, int) and most > 0 and waiting * 10 >= most * 9:
        text = (
            f"{waiting} of {most} pulls that may wait at {share.name} do: end the clients of"
            f" {share.importer.name} that pull without an expiry"
        )
        yield at_take(LEAKED, share, None, text, whole=share.provider_name)


ALL_LEASED = Rule(
    code="JS705",
    title="Everything that may be leased is",
    severity=Severity.WARNING,
    symptom="Pulls bring nothing although messages are waiting, until leases run out.",
    cause="As many messages are unacknowledged as max_ack_pending allows: acknowledgements are"
    " lost, or an importer took all and does not work it off. A push of the provider while"
    " pulls were in flight does it too.",
    nsc=("nats consumer edit {stream} {consumer} --max-pending {twice} --force",),
    source="ADR-37",
    live=True,
    shown="Three messages leased of three that may be, a fourth published: a pull brought nothing;"
    " after the cure the fourth.",
)


def all_leased(share: Taken, seen: Seen) -> Iterator[Finding]:
    most = seen.config.get("max_ack_pending")
    pending = seen.count("num_ack_pending")
    if isinstance(most, int) and 0 < most <= pending:
        text = f"{pending} messages of {share.name} are leased, of {most} that may be"
        more = {"twice": str(2 * most)}
        yield at_take(ALL_LEASED, share, None, text, whole=share.provider_name, more=more)


EMPTY = Rule(
    code="JS706",
    title="Messages without a byte are in the stream",
    severity=Severity.WARNING,
    symptom="A batch ends early, always at the same message; what follows in it is leased and"
    " never arrives.",
    cause="A message with no payload and no headers is, for the server, the end of a streamed"
    " reply across accounts. Publish it with a header, or with one byte.",
    source="nats-io/nats-server#3180, #6172",
    shown="Three messages, the second empty, one pull of three: two came, and three were leased."
    " The same with a header on the second: all came.",
    live=True,
)


def empty_messages(share: Taken, seen: Seen) -> Iterator[Finding]:
    if seen.empty:
        text = (
            f"{seen.empty} of the messages that wait in {share.key[0]} are empty: they end a batch"
        )
        yield at_take(EMPTY, share, None, text, whole=share.provider_name)


LONG_PULLS = Rule(
    code="JS708",
    title="Pulls may wait longer than their way back lives",
    severity=Severity.NOTE,
    symptom="A pull that waits over two minutes for a message never hears it.",
    cause="The server forgets the way back of a reply after two minutes of silence. A client"
    " must ask for an idle heartbeat below that; max_expires would make sure.",
    nsc=("nats consumer edit {stream} {consumer} --max-pull-expire 90s --force",),
    source="nats-server accounts.go, DEFAULT_SERVICE_EXPORT_RESPONSE_THRESHOLD",
    shown="A pull without heartbeats waited for four minutes and heard nothing of the message that"
    " was published then, and leased. After the cure such a pull got 409 Exceeded"
    " MaxRequestExpires at once.",
    live=True,
)


def long_pulls(share: Taken, seen: Seen) -> Iterator[Finding]:
    longest = seen.config.get("max_expires")
    if isinstance(longest, int) and longest > _REPLY_LIFE_S * _NANO:
        text = f"{share.name} lets pulls wait {longest // _NANO} s; their way back lives 120 s"
        yield at_take(LONG_PULLS, share, None, text, whole=share.provider_name)


RULES: tuple[tuple[Rule, Callable[[Taken, Seen], Iterator[Finding]]], ...] = (
    (MISSING, consumer_missing),
    (PUSHED, consumer_pushes),
    (UNCAPPED, consumer_uncapped),
    (LEAKED, pulls_pile_up),
    (ALL_LEASED, all_leased),
    (EMPTY, empty_messages),
    (LONG_PULLS, long_pulls),
)
