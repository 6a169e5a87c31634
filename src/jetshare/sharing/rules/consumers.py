"""Rules of the consumer and the stream behind a share, from what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from jetshare.identity.subjects import is_contained
from jetshare.sharing.rules.cures import GRANT_AGAIN, PUSH_BOTH
from jetshare.sharing.rules.found import at_take, grant_again
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Kind, Taken

_NANO = 1_000_000_000
_USUAL_MAX_WAITING = 512  # a server sets it where nobody does
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
    shown="The consumer made with a deliver subject: a pull got 409 Consumer is push based; after"
    " the cure all that was waiting came.",
)


def consumer_pushes(share: Taken, seen: Seen) -> Iterator[Finding]:
    if share.kind is Kind.PULL and seen.config.get("deliver_subject"):
        text = (
            f"{share.name} delivers to {seen.config['deliver_subject']}; it cannot be pulled from"
        )
        yield at_take(PUSHED, share, None, text, whole=share.provider_name)


UNCAPPED = Rule(
    code="JS703",
    title="The consumer has no caps for a stranger",
    severity=Severity.NOTE,
    symptom="None. But one importer can lease everything, or fill the queue of waiting pulls.",
    cause="max_batch, max_expires or max_deliver is not set, or max_waiting is above what a server"
    " sets by itself, 512.",
    nsc=(
        "nats consumer edit {stream} {consumer} --max-pull-batch 100 --max-pull-expire 60s"
        " --max-deliver 10 --force",
    ),
    remedy="max_waiting stays as the consumer was made. Where it is too high, make the consumer"
    " anew with a lower one (nats consumer rm, then add with --max-waiting 512): it then delivers"
    " from where its deliver policy says.",
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
    said = [f"is without {', '.join(open_)}"] if open_ else []
    waiting = seen.config.get("max_waiting")
    if isinstance(waiting, int) and waiting > _USUAL_MAX_WAITING:
        said.append(f"lets {waiting:,} pulls wait (max_waiting)")
    if said and share.kind is Kind.PULL:
        text = f"{share.name} {' and '.join(said)}"
        found = at_take(UNCAPPED, share, None, text, whole=share.provider_name)
        yield found if open_ else replace(found, nsc=())


LEAKED = Rule(
    code="JS704",
    title="Waiting pulls fill the consumer",
    severity=Severity.WARNING,
    symptom="Pulls get 409 Exceeded MaxWaiting although few clients are there.",
    cause="Pulls without an expiry wait at the consumer until a message comes or their client"
    " disconnects; max_expires does not hold for them, and max_waiting cannot be raised on a"
    " consumer that is there.",
    remedy="The importer must end the client that sends them, or have it ask with an expiry: they"
    " are gone when it disconnects. No command of the owner takes back a pull that waits.",
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
    " reply across accounts.",
    remedy="Have whoever publishes them send a header, or one byte (nats pub -H kind:empty SUBJECT"
    " ''). Those that are there come with a pull of one message each, which ends with it anyhow.",
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


PAUSED = Rule(
    code="JS707",
    title="The consumer is paused",
    severity=Severity.ERROR,
    symptom="Pulls are answered and bring nothing, although messages are waiting.",
    cause="The consumer's owner has paused it until a time of its settings, pause_until. Nothing is"
    " delivered until then, and nobody who pulls is told.",
    nsc=("nats consumer resume {stream} {consumer} --force",),
    source="ADR-42; nats-server consumer.go, pauseUntil",
    shown="The consumer paused: a pull brought nothing; after the cure all that was waiting.",
    live=True,
)


def consumer_paused(share: Taken, seen: Seen) -> Iterator[Finding]:
    if seen.consumer and seen.consumer.get("paused") is True:
        text = f"{share.name} is paused until {seen.config.get('pause_until', 'it is resumed')}"
        yield at_take(PAUSED, share, None, text, whole=share.provider_name)


UNUSUAL = Rule(
    code="JS709",
    title="The consumer refuses the pulls of usual clients",
    severity=Severity.WARNING,
    symptom="Pulls get 400 Bad Request - Priority Group missing, or 409 Exceeded"
    " MaxRequestExpires, and many clients show neither: they bring nothing.",
    cause="The consumer has priority groups, and each pull must name one. Or its max_expires is"
    " shorter than clients wait for messages by themselves, which is five seconds and more.",
    remedy="Name the group, or ask for less, in the client; or have the owner change the consumer"
    " (nats consumer edit).",
    source="ADR-42; nats-server consumer.go, processNextMsgRequest",
    shown="A consumer with a priority group: a plain pull brought nothing, and one that named the"
    " group all. The same with a max_expires of 0.1 s, and a pull that waited no longer.",
    live=True,
)
_USUAL_WAIT_S = 5


def pulls_refused(share: Taken, seen: Seen) -> Iterator[Finding]:
    groups, longest = seen.config.get("priority_groups"), seen.config.get("max_expires")
    said = []
    if isinstance(groups, list) and groups:
        said.append(f"serves only pulls that name a group of {', '.join(map(str, groups))}")
    if isinstance(longest, int) and 0 < longest < _USUAL_WAIT_S * _NANO:
        said.append(f"refuses pulls that would wait longer than {longest / _NANO:g} s")
    if said and share.kind is Kind.PULL:
        text = f"{share.name} {' and '.join(said)}"
        yield at_take(UNUSUAL, share, None, text, whole=share.provider_name)


OWN = Rule(
    code="JS710",
    title="The importer has a consumer of the same names itself",
    severity=Severity.ERROR,
    symptom="Acknowledging a message of one's own acknowledges the provider's of the same number"
    " as well, and the other way round: messages are lost without having been worked off.",
    cause="$JS.ACK.<stream>.<consumer>.> cannot be mapped, so what is acknowledged there reaches"
    " the importer's own JetStream and, by the import, the provider's.",
    remedy="Make your own consumer anew, under another name (nats consumer add, then rm of the old"
    " one).",
    source="ADR-15; nats-io/nats-server#7326",
    shown="A stream and a consumer of the same names in both accounts, a message leased of each:"
    " when the importer had acknowledged its own, the provider's was acknowledged too. With its"
    " own consumer under another name it was not.",
    live=True,
)


def own_consumer_meets(share: Taken, seen: Seen) -> Iterator[Finding]:
    if seen.own:
        text = f"{share.importer.name} has a consumer {share.name} itself: acknowledgements meet"
        yield at_take(OWN, share, None, text)


NOT_DELIVERED = Rule(
    code="JS711",
    title="What the consumer delivers is not what is shared",
    severity=Severity.ERROR,
    symptom="No message comes, although the share has acknowledgements and a stream.",
    cause="The share has no NEXT, so it is taken for that of a push consumer, whose messages come"
    " by the stream that is shared beside it. But the consumer delivers to a subject that is not"
    " imported, or is a pull consumer, which wants NEXT.",
    cure=GRANT_AGAIN,
    nsc=(
        "nsc add export --account {provider} --private --subject {deliver}",
        "nsc generate activation --account {provider} --subject {deliver}"
        " --target-account {whom} --expiry {end} --output-file {share_file}",
        "nsc add import --account {importer} --token {share_file}",
        *PUSH_BOTH,
    ),
    source="ADR-15; nats-server consumer.go",
    shown="A push consumer whose deliver subject was not shared, beside a stream that was: nothing"
    " came; after the cure all did. A pull consumer without NEXT beside a stream: a pull brought"
    " nothing; after the cure all.",
    live=True,
)


def not_delivered(share: Taken, seen: Seen) -> Iterator[Finding]:
    if share.kind is not Kind.PUSH or not seen.config:
        return
    deliver = seen.config.get("deliver_subject")
    if not isinstance(deliver, str) or not deliver:
        text = f"{share.name} is a pull consumer, and its NEXT is not imported"
        found = at_take(NOT_DELIVERED, share, None, text)
        yield replace(found, cure=grant_again(found), nsc=())
    elif not any(is_contained(deliver, by=take.item.subject) for take in share.streams):
        text = f"{share.name} delivers to {deliver}, which {share.importer.name} does not import"
        yield at_take(NOT_DELIVERED, share, None, text, more={"deliver": deliver})


RULES: tuple[tuple[Rule, Callable[[Taken, Seen], Iterator[Finding]]], ...] = (
    (MISSING, consumer_missing),
    (PUSHED, consumer_pushes),
    (UNCAPPED, consumer_uncapped),
    (LEAKED, pulls_pile_up),
    (ALL_LEASED, all_leased),
    (EMPTY, empty_messages),
    (LONG_PULLS, long_pulls),
    (PAUSED, consumer_paused),
    (UNUSUAL, pulls_refused),
    (OWN, own_consumer_meets),
    (NOT_DELIVERED, not_delivered),
)
