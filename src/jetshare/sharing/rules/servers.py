"""Rules of what was seen on live servers. Who looks is elsewhere; here it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from jetshare.identity.record import record
from jetshare.sharing.kinds import STREAM, PullConsumer, account_hash
from jetshare.sharing.rules.cures import (
    ACTIVATE,
    EXPORT_SERVICE,
    GRANT_AGAIN,
    IMPORT,
    LOAD_AGAIN,
    PUSH_BOTH,
    PUSH_PROVIDER,
)
from jetshare.sharing.rules.found import at_take, listed
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import Kind, Take, Taken


@record
class Heard:
    """What came back to one request. ``code`` 503 is no responders, ``replies`` 0 silence."""

    code: int = 0
    replies: int = 0

    @property
    def nobody(self) -> bool:
        return self.code == 503

    @property
    def answered(self) -> bool:
        return self.replies > 0 and not self.nobody


@record
class Server:
    name: str
    version: str
    second_form: bool = False  # js_ack_fc_v2: acknowledgements in the second form


@record
class Seen:
    """What was seen of one share on live servers. None is: not looked at.

    ``next`` is a pull that takes nothing, ``streamed`` one with heartbeats on an idle
    consumer, ``ack`` a progress signal. ``consumer`` is the answer of CONSUMER.INFO, and
    ``missing`` whether the provider's own side says that there is no such consumer. ``own`` is
    whether the importer's own JetStream has one of the same names.
    ``differing`` are the keys of accounts of which servers hold an older document, or none,
    and ``newer`` of those of which they hold a newer one than the store;
    ``invalid`` the imports, by subject, that a server does not have or holds for invalid,
    with its name. ``empty`` counts waiting messages of no bytes and no headers.

    ``waiting`` is whether messages wait to be pulled. Where some were delivered, ``streamed``
    is what a pull of several brought, ``ack`` the answer to giving one back, and
    ``second_form`` whether that is done in the second form. ``arrived`` is whether what a
    consumer of the importer's own delivers came, and ``flow`` the answer to its flow control,
    which reaches its server where nothing is heard. ``unproven`` says what could not
    be seen, and why; ``left_behind`` what looking changed.
    """

    servers: tuple[Server, ...] = ()
    next: Heard | None = None
    streamed: Heard | None = None
    ack: Heard | None = None
    info: Heard | None = None
    consumer: Mapping[str, object] | None = None
    missing: bool = False
    own: bool = False
    differing: Mapping[str, str] = field(default_factory=dict)
    newer: frozenset[str] = frozenset()
    invalid: Mapping[str, str] = field(default_factory=dict)
    empty: int = 0
    waiting: bool = False
    second_form: bool = False
    arrived: bool | None = None
    flow: Heard | None = None
    unproven: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()

    @property
    def config(self) -> Mapping[str, object]:
        config = (self.consumer or {}).get("config")
        return config if isinstance(config, Mapping) else {}

    @property
    def wants_second_form(self) -> bool:
        """Whether acknowledgements are to be made in their second form, here or there."""
        return self.second_form or any(server.second_form for server in self.servers)

    def not_proving(self, text: str) -> Seen:
        """The same, and one thing more that could not be seen."""
        return replace(self, unproven=(*self.unproven, text))

    def leaving(self, text: str) -> Seen:
        """The same, and one thing more that looking has changed."""
        return replace(self, left_behind=(*self.left_behind, text))

    def count(self, name: str) -> int:
        value = (self.consumer or {}).get(name)
        return value if isinstance(value, int) else 0


DIFFERS = Rule(
    code="JS501",
    title="Servers hold an older document than the store",
    severity=Severity.ERROR,
    symptom="What was changed has no effect, or what was taken back is there again.",
    cause="The document was stored and not pushed, or not to every server.",
    cure=("jetshare doctor {share} --account {account} --live --fix",),
    nsc=("nsc push --account {account}",),
    source="nats-server accounts.go, DirAccResolver",
    shown="An import stored and not pushed: 503; after the cure a message.",
    live=True,
)


def document_differs(share: Taken, seen: Seen) -> Iterator[Finding]:
    for key, name, importers in (
        (share.importer.sub, share.importer.name, True),
        (share.provider_key, share.provider_name, False),
    ):
        if key in seen.differing:
            text = f"the document of {name}: {seen.differing[key]}"
            yield at_take(DIFFERS, share, None, text, whole=name if not importers else "")


NEWER = Rule(
    code="JS508",
    title="Servers hold a newer document than the store",
    severity=Severity.WARNING,
    symptom="The next push from this store takes back what somebody else has changed.",
    cause="The account was changed from another store, or another copy of this one.",
    nsc=("nsc pull --all",),
    source="nats-server accounts.go, DirAccResolver",
    shown="An import that servers alone had: a client pulled, and after a push from the store it"
    " got 503. The servers' document pulled first and then pushed: the messages came.",
    live=True,
)


def server_is_newer(share: Taken, seen: Seen) -> Iterator[Finding]:
    for key, name, whole in (
        (share.importer.sub, share.importer.name, ""),
        (share.provider_key, share.provider_name, share.provider_name),
    ):
        if key in seen.newer:
            text = f"servers hold a newer document of {name} than the store"
            yield at_take(NEWER, share, None, text, whole=whole)


INVALID = Rule(
    code="JS502",
    title="A server does not have the import, or holds it for invalid",
    severity=Severity.ERROR,
    symptom="The push says 200, and requests get 503.",
    cause="A server takes a document with imports that reach nothing, and leaves them out. It"
    " says why in its debug log only.",
    cure=GRANT_AGAIN,
    nsc=(*PUSH_PROVIDER, *LOAD_AGAIN),
    source="nats-io/nats-server#7983",
    shown="An import of what was not exported: 200, and the server's own list called it invalid."
    " After the cure the share worked. Of an export that had been another, then none, then right"
    " again the import stayed away until the importer's document was loaded anew.",
    live=True,
)


# Where the provider's document is at hand and has no such export.
_INVALID_FOR_WANT = replace(INVALID, nsc=(EXPORT_SERVICE, *INVALID.nsc))


def import_invalid(share: Taken, seen: Seen) -> Iterator[Finding]:
    takes: dict[tuple[str, bool], list[Take]] = {}
    for take in share.takes:
        if take.item.subject in seen.invalid:
            wanting = share.provider is not None and take.offer is None
            takes.setdefault((seen.invalid[take.item.subject], wanting), []).append(take)
    for (what, wanting), alike in takes.items():
        rule = _INVALID_FOR_WANT if wanting else INVALID
        yield at_take(rule, share, alike[0], f"{listed(alike)}: {what}", every=alike)


OLD = Rule(
    code="JS503",
    title="A server's version has a defect that shares meet",
    severity=Severity.WARNING,
    symptom="Now and then a reply is lost: pulls time out on some servers of a cluster only.",
    cause="Before 2.14.3 (and 2.12.12) the reply to an imported request is dropped between servers"
    " of a cluster where it is to arrive on another one than was asked (#8316): two connections"
    " of one client, or leaf nodes of two servers. Before 2.11.12 and 2.12.3 a leaf node beyond a"
    " gateway is cut off by a message whose stream is imported as well (#7579). Before 2.10.25"
    " more is known to be wrong.",
    remedy="Run a newer server: 2.14.3 or later, or 2.12.12 or later of the 2.12 line. No document"
    " and no client mends it.",
    source="nats-io/nats-server#8316, #8317, #8396, #7579, #8089",
    shown="On two servers of 2.12.8 a pull was sent to the one and listened for on the other:"
    " nothing came, and the message was leased. On 2.11.11 a leaf node beyond a gateway heard"
    " nothing and logged a protocol violation, when the stream was imported beside it. On 2.15.1"
    " both messages came.",
    live=True,
)

_LEAST = (2, 10, 25)
_ROUTES_MENDED = (2, 14, 3)
_ROUTES_MENDED_TOO = ((2, 12, 12), (2, 13))


def version_is_old(share: Taken, seen: Seen) -> Iterator[Finding]:
    for server in seen.servers:
        version = _version(server.version)
        if version and version < _LEAST:
            text = f"server {server.name} is {server.version}, older than all that are supported"
            yield at_take(OLD, share, None, text)
        elif version and _loses_replies(version) and len(seen.servers) > 1:
            text = (
                f"server {server.name} is {server.version}: replies may be lost between servers;"
                " 2.14.3 or newer mends it"
            )
            yield at_take(OLD, share, None, text)


def _loses_replies(version: tuple[int, ...]) -> bool:
    least, below = _ROUTES_MENDED_TOO
    return version < _ROUTES_MENDED and not least <= version < below


V2_SENT = Rule(
    code="JS504",
    title="Servers use the second form of acknowledgements, and the share has the first only",
    severity=Severity.ERROR,
    symptom="From one day to the next, after a flag or an upgrade, everything is redelivered.",
    cause="Messages carry reply subjects of the second form, $JS.ACK.<domain>.<hash>.…, which"
    " the share does not have.",
    cure=GRANT_AGAIN,
    nsc=(
        "nsc add export --account {provider} --service --private --subject {subject}",
        ACTIVATE,
        IMPORT,
        *PUSH_BOTH,
    ),
    source="ADR-15; nats-server feature_flags.go (js_ack_fc_v2)",
    shown="A share of the first form on a server with the flag: an acknowledged message came"
    " again; after the cure not.",
    live=True,
)


def second_form_needed(share: Taken, seen: Seen) -> Iterator[Finding]:
    sent = [f"server {server.name} has messages" for server in seen.servers if server.second_form]
    if seen.second_form:
        sent.append("a message that was delivered is to be")
    if sent and share.kind is Kind.PULL and share.has(Part.ACK) and not share.has(Part.ACK_V2):
        second = PullConsumer(*share.key).ack_v2_subject(share.provider_key)
        text = f"{sent[0]} acknowledged at {second}, which is not imported"
        yield at_take(V2_SENT, share, None, text, subject=second, local=second)


NEXT_LOST = Rule(
    code="JS505",
    title="Pulls reach nobody",
    severity=Severity.ERROR,
    symptom="503: no responders, and nothing in the documents says why.",
    cause="The documents fit, and nobody listens in the provider's account: the consumer is not"
    " there, JetStream is off, or the servers hold other documents.",
    nsc=PUSH_BOTH,
    source="ADR-37",
    shown="NEXT not exported by the document that servers hold: a pull got 503; after a push the"
    " messages came. The consumer deleted, and the provider's side out of reach: the same, and the"
    " cure was to make the consumer.",
    live=True,
)
_MAKE_CONSUMER = ("nats consumer add {stream} {consumer} --pull --ack explicit --defaults",)


def next_reaches_nobody(share: Taken, seen: Seen) -> Iterator[Finding]:
    takes = share.all(Part.NEXT)
    if seen.next is not None and takes and seen.next.nobody and not seen.missing:
        text = f"a pull at {takes[0].local} got 503 no responders"
        found = at_take(NEXT_LOST, share, takes[0], text)
        in_step = seen.servers and not seen.differing and not seen.newer and not seen.invalid
        unseen = seen.consumer is None  # by its owner, who is not at hand
        yield replace(found, nsc=fill(_MAKE_CONSUMER, found.names)) if in_step and unseen else found


STALE_TYPE = Rule(
    code="JS506",
    title="The importer still has the old response type",
    severity=Severity.ERROR,
    symptom="One message a pull, although the export says Stream by now.",
    cause="A server copies the response type into the import when it builds the import. It does"
    " not look again until the importer's document is loaded anew.",
    cure=("jetshare doctor {share} --account {importer} --consume --fix",),
    nsc=LOAD_AGAIN,
    source="nats-server accounts.go, addServiceImport",
    shown="The type mended and the provider pushed: still one message a pull; after the importer"
    " was pushed, all.",
    live=True,
)


def type_is_stale(share: Taken, seen: Seen) -> Iterator[Finding]:
    takes = share.all(Part.NEXT)
    if seen.streamed is None or not takes or seen.streamed.replies != 1:
        return
    offer = takes[0].offer
    # A heartbeat or a message; any other status ends a pull by itself.
    if seen.streamed.code not in (0, 100):
        return
    if offer is None:
        text = f"one reply and silence at {takes[0].local}: here, or at the provider, the response"
        yield at_take(STALE_TYPE, share, takes[0], f"{text} type is not Stream")
    elif offer.export.response_type == STREAM:
        text = f"one reply and silence at {takes[0].local}, although its export is a Stream"
        yield at_take(STALE_TYPE, share, takes[0], text)


ACK_LOST = Rule(
    code="JS507",
    title="Acknowledgements reach nobody",
    severity=Severity.ERROR,
    symptom="Everything is redelivered; a confirmed acknowledgement gets 503.",
    cause="Pulls reach the consumer and acknowledgements do not: the servers hold another"
    " document, or the ACK import is invalid there.",
    cure=GRANT_AGAIN,
    nsc=PUSH_BOTH,
    source="ADR-15",
    shown="The provider's document without ACK on the servers alone: an acknowledged message came"
    " again, and an acknowledgement that asked for an answer got 503; after the cure not.",
    live=True,
)


def ack_reaches_nobody(share: Taken, seen: Seen) -> Iterator[Finding]:
    takes = share.all(Part.ACK)
    reached = seen.next is not None and not seen.next.nobody and not seen.missing
    if takes and seen.ack is not None and seen.ack.nobody and reached:
        yield at_take(ACK_LOST, share, takes[0], f"{takes[0].local} got 503 no responders")


PUSH_LOST = Rule(
    code="JS511",
    title="What is pushed to the importer does not arrive, or stops",
    severity=Severity.ERROR,
    symptom="A mirror, source or watch is made and stays silent, or stops for good after a"
    " megabyte or two, with a lag of 0 and no error anywhere.",
    cause="The documents have a deliver subject and flow control, and on the servers one of them"
    " leads nowhere: $JS.FC is imported under another name, servers use its second form"
    " ($JS.FC.<domain>.<hash>.…), or they hold another document. The second form is seen with"
    " --live; the rest needs a consumer, which --consume makes.",
    nsc=(EXPORT_SERVICE, ACTIVATE, IMPORT, *PUSH_PROVIDER, *LOAD_AGAIN),
    source="ADR-15; nats-server consumer.go, needFlowControl; nats-io/nats-server#8630",
    shown="A source of the importer on a server that uses the second form, and the first shared:"
    " it stopped on the way. After the cure all was copied. The same with $JS.FC under another"
    " name, which JS202 mends. The provider's document without the deliver subject on the servers"
    " alone: nothing was copied, and all after the cure.",
    live=True,
)


def push_is_lost(share: Taken, seen: Seen) -> Iterator[Finding]:
    second = f"$JS.FC.*.{account_hash(share.provider_key)}.{share.key[0]}.>"
    text = ""
    if seen.arrived is False:
        text = f"a consumer of {share.name} was made, and nothing of what it delivers came"
    elif seen.flow is not None and seen.flow.nobody:
        text = f"flow control of {share.name} was asked for, and its answer got 503 no responders"
    elif share.has(Part.FC) and not share.has(Part.FC_V2):
        sent = [server.name for server in seen.servers if server.second_form]
        text = f"server {sent[0]} asks for flow control at {second}" if sent else ""
    if text:
        flow = None if seen.arrived is False else next(iter(share.all(Part.FC)), None)
        found = at_take(PUSH_LOST, share, flow, text, subject=second, local=second)
        lost = fill((*PUSH_PROVIDER, *LOAD_AGAIN), found.names)
        yield replace(found, nsc=lost) if seen.arrived is False else found


def _version(text: str) -> tuple[int, ...]:
    numbers = text.split("-")[0].split(".")
    return tuple(map(int, numbers)) if all(n.isdigit() for n in numbers) else ()


RULES: tuple[tuple[Rule, Callable[[Taken, Seen], Iterator[Finding]]], ...] = (
    (DIFFERS, document_differs),
    (NEWER, server_is_newer),
    (INVALID, import_invalid),
    (OLD, version_is_old),
    (V2_SENT, second_form_needed),
    (NEXT_LOST, next_reaches_nobody),
    (STALE_TYPE, type_is_stale),
    (ACK_LOST, ack_reaches_nobody),
    (PUSH_LOST, push_is_lost),
)
