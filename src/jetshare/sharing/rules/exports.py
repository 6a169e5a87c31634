"""Rules of what a provider exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Export
from jetshare.sharing.kinds import STREAM, PullConsumer, account_hash
from jetshare.sharing.rules.cures import (
    EDIT_EXPORT,
    EXPORT_ANEW,
    EXPORT_NEXT,
    EXPORT_SERVICE,
    PUSH_EDITED,
    PUSH_PROVIDER,
)
from jetshare.sharing.rules.deliveries import deliver_subject, then_watched
from jetshare.sharing.rules.found import at_offer
from jetshare.sharing.rules.pieces import API_PARTS, VERBATIM_PARTS, Part
from jetshare.sharing.rules.remaking import remade
from jetshare.sharing.rules.rule import Finding, Fix, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Offer, Offered

_OFFER_AGAIN = ("jetshare doctor {share} --account {provider} --fix",)
_EXPORT_OWN = "nsc add export --account {provider} --service --private --subject {right}"

_ONE_REPLY = ("", "Singleton")

SINGLETON = Rule(
    code="JS101",
    title="NEXT is exported as a Singleton",
    severity=Severity.ERROR,
    symptom="Each pull brings one message, however many were asked for; then nothing for"
    " 30 seconds, and the rest of the batch comes again later as redelivered.",
    cause="A service export is of response type Singleton unless it says otherwise, and then"
    " the server lets one reply to each request through. The other messages of the batch are"
    " leased to the importer and dropped on the way.",
    cure=_OFFER_AGAIN,
    nsc=EXPORT_ANEW,
    source="nats-io/nats.go#1703, nats-io/nats.java#1481",
    shown="A share with the type Singleton, three messages, one pull of three: one message came,"
    " and three were leased. After the cure three came.",
)


def next_is_singleton(share: Offered) -> Iterator[Finding]:
    for offer in share.all(Part.NEXT):
        if offer.export.type == "service" and offer.export.response_type in _ONE_REPLY:
            text = (
                f'NEXT of {share.name} has response type "{offer.export.response_type}", not'
                " Stream: one message a pull gets through, the rest is leased and lost"
            )
            yield _mended(SINGLETON, share, offer, text, response_type=STREAM)


NO_ACK = Rule(
    code="JS103",
    title="NEXT is exported without ACK",
    severity=Severity.ERROR,
    symptom="Messages arrive, are acknowledged without an error, and are all delivered again"
    " after the ack wait. A confirmed acknowledgement gets 503.",
    cause="Acknowledgements go to $JS.ACK.<stream>.<consumer>.…, which is not exported, so they"
    " reach nobody. (Right only where the consumer's ack policy is none.)",
    cure=_OFFER_AGAIN,
    nsc=(EXPORT_SERVICE, *PUSH_PROVIDER),
    source="ADR-15",
    shown="A share without ACK, three messages pulled and acknowledged: all came a second time, and"
    " an acknowledgement that asked for an answer got 503. After the cure none came again.",
)


def ack_not_exported(share: Offered) -> Iterator[Finding]:
    if share.kind is not Kind.PULL or not share.has(Part.NEXT) or share.has(Part.ACK):
        return
    wanted = PullConsumer(*share.key)
    if share.covered(wanted.ack_subject()):
        return
    private = any(offer.export.token_req for offer in share.all(Part.NEXT))
    added = Export(
        name=f"{share.name} ACK",
        subject=wanted.ack_subject(),
        type="service",
        token_req=private,
        response_type="Singleton",
    )
    text = f"{share.name} can be pulled from and not acknowledged: {added.subject} is not exported"
    yield at_offer(NO_ACK, share, None, text, fix=Fix(list="exports", added=added))


V1_ONLY = Rule(
    code="JS104",
    title="Only the first form of the acknowledgement is shared",
    severity=Severity.NOTE,
    symptom="Nothing today. On servers that use the second form of reply subjects (a flag"
    " from 2.14) acknowledgements would vanish and everything be redelivered.",
    cause="$JS.ACK.<domain>.<account hash>.<stream>.<consumer>.… is not exported. Who imports the"
    " share already takes it by JS204, and the doctor adds that for those whom it knows.",
    nsc=(EXPORT_SERVICE, *PUSH_PROVIDER),
    source="ADR-15; nats-server feature_flags.go (js_ack_fc_v2)",
    shown="A share of the first form on a server with the flag: an acknowledged message came"
    " again; after this cure and that of JS204 not.",
)


def first_form_only(share: Offered) -> Iterator[Finding]:
    if share.passed_on:
        return  # the hash is that of the account it comes from
    if share.kind in (Kind.PULL, Kind.PUSH) and share.has(Part.ACK) and not share.has(Part.ACK_V2):
        second = PullConsumer(*share.key).ack_v2_subject(share.provider.sub)
        text = f"{second} is not exported; servers with js_ack_fc_v2 send acknowledgements there"
        yield at_offer(V1_ONLY, share, None, text, subject=second)


NO_FLOW = Rule(
    code="JS109",
    title="Flow control is not exported",
    severity=Severity.ERROR,
    symptom="A mirror, source or watch stops for good after some megabytes, with a lag of 0"
    " and no error anywhere.",
    cause="The importer's consumers are pushed to with flow control. Its replies go to"
    " $JS.FC.<stream>.…, which is not exported, so the server waits for ever.",
    nsc=(
        "nsc add export --account {provider} --service --private --subject '$JS.FC.{stream}.>'",
        *PUSH_PROVIDER,
    ),
    source="nats-io/nats-server#8630, #2605, #3076, #3724",
    shown="A source and a mirror of the importer, a thousand messages of 4 KiB, and no flow"
    " control: both stopped on the way, without an error. After the cures of JS109 and JS211 both"
    " copied all.",
)


def flow_not_exported(share: Offered) -> Iterator[Finding]:
    if _pushes_to_importer(share) and not share.has(Part.FC):
        text = (
            f"consumers of {share.name} may be made and pushed to, and their flow control"
            f" ($JS.FC.{share.key[0]}.>) reaches nobody: it stops after a few megabytes"
        )
        yield at_offer(NO_FLOW, share, None, text)


NO_DELIVER = Rule(
    code="JS110",
    title="The deliver subject is not exported",
    severity=Severity.ERROR,
    symptom="Get and put work; a watch, mirror or source is made and stays silent.",
    cause="Messages are pushed to a subject of the provider's account. Without a stream export"
    " of that subject none of them leaves the account. Which subject it is the importer says, as"
    " the deliver subject of its source, mirror or consumer; deliver.<stream>.> is a proposal. A"
    " watch is delivered to an inbox of the client, and needs that for its prefix (JS219).",
    nsc=("nsc add export --account {provider} --private --subject {deliver}", *PUSH_PROVIDER),
    source="nats-io/nats.go#1784",
    shown="A source and a mirror of the importer, and the deliver subject not shared: they were"
    " made and copied nothing. After the export and import of it all were copied. A bucket's key"
    " was got and its watch silent, by nats and by nats-py; after both cures it came to them with"
    " the inbox prefix that is told.",
)


def deliver_not_exported(share: Offered) -> Iterator[Finding]:
    if _pushes_to_importer(share) and not share.streams:
        deliver = deliver_subject(share.key)
        text = (
            f"consumers of {share.name} may be made, and what they deliver cannot leave"
            f" {share.provider.name}: it has no stream export{then_watched(share.kind, deliver)}"
        )
        yield at_offer(NO_DELIVER, share, None, text, more={"deliver": deliver})


def _pushes_to_importer(share: Offered) -> bool:
    """Whether consumers that are pushed to may be made: created, and never pulled from."""
    return share.has(Part.CREATE) and not share.has(Part.NEXT)


AS_STREAM = Rule(
    code="JS111",
    title="A JetStream subject is exported as a stream",
    severity=Severity.ERROR,
    symptom="Pulls and acknowledgements get 503: no responders.",
    cause="The JetStream API and acknowledgements are requests, so they are services. A stream"
    " export carries messages the other way. (A NATS stream is not a JetStream stream.)",
    cure=(f"{EDIT_EXPORT} --service", *PUSH_EDITED),
    nsc=EXPORT_ANEW,
    source="nats-io/nats-server#3954",
    shown="NEXT exported as a stream: the importer's pull got 503; after the cure the messages"
    " came.",
)


def exported_as_stream(share: Offered) -> Iterator[Finding]:
    for offer in share.offers:
        if offer.export.type == "stream" and offer.piece.part in API_PARTS | VERBATIM_PARTS:
            text = f"{offer.export.subject} is exported as a stream; it must be a service"
            found = at_offer(AS_STREAM, share, offer, text)
            response = STREAM if offer.piece.part is Part.NEXT else ""
            service = replace(offer.export, type="service", response_type=response)
            yield remade(found, (offer, service))


THRESHOLD = Rule(
    code="JS113",
    title="A response threshold on a piece of a share",
    severity=Severity.WARNING,
    symptom="A pull that waits longer than the threshold hears nothing, and what it was sent is"
    " leased. On another server, or after a restart, it is otherwise.",
    cause="A custom response threshold ends the way back of a reply. A server takes it from the"
    " first document of the account that it loads, as after a restart, and from no push; an"
    " importer keeps it until its own document is loaded anew.",
    cure=_OFFER_AGAIN,
    nsc=EXPORT_ANEW,
    source="nats-server accounts.go, SetServiceExportResponseThreshold",
    shown="A server started with a threshold of 0.1 s on NEXT: a message that was published after"
    " the pull had waited longer was leased and never arrived; after the cure it arrived.",
)


def threshold_set(share: Offered) -> Iterator[Finding]:
    for offer in share.offers:
        if offer.export.response_threshold:
            text = f"{offer.export.subject} has a response threshold: what comes later is lost"
            yield _mended(THRESHOLD, share, offer, text, response_threshold=0)


def _mended(rule: Rule, share: Offered, offer: Offer, text: str, **changes: Any) -> Finding:
    """A finding about one export, of which the fix changes these fields."""
    fix = Fix(list="exports", index=offer.index, changes=changes)
    found = at_offer(rule, share, offer, text, fix=fix)
    return remade(found, (offer, replace(offer.export, **changes)))


NO_INFO = Rule(
    code="JS115",
    title="INFO is not exported",
    severity=Severity.WARNING,
    symptom="A client cannot bind to the consumer (no responders, or a time-out), although"
    " pulling and acknowledging would work.",
    cause="Most clients ask for CONSUMER.INFO before they pull.",
    cure=_OFFER_AGAIN,
    nsc=(EXPORT_SERVICE, *PUSH_PROVIDER),
    source="ADR-37; nats.go Consumer(), nats-py consumer_info()",
    shown="A share without INFO: binding got 503, and a bare pull its messages; after the cure it"
    " bound as well.",
)


def info_not_exported(share: Offered) -> Iterator[Finding]:
    if share.kind is not Kind.PULL or not share.has(Part.NEXT) or share.has(Part.INFO):
        return
    if share.covered(PullConsumer(*share.key).info_subject()):
        return
    added = Export(
        name=f"{share.name} INFO",
        subject=PullConsumer(*share.key).info_subject(),
        type="service",
        token_req=any(offer.export.token_req for offer in share.all(Part.NEXT)),
        response_type="Singleton",
    )
    text = f"{added.subject} is not exported, which most clients ask before they pull"
    yield at_offer(NO_INFO, share, None, text, fix=Fix(list="exports", added=added))


NO_NEXT = Rule(
    code="JS116",
    title="ACK is exported without NEXT",
    severity=Severity.ERROR,
    symptom="Nothing can be pulled (503), and yet messages can be acknowledged and ended.",
    cause="The share has an ACK export and neither a NEXT export nor a stream that is pushed.",
    cure=_OFFER_AGAIN,
    nsc=(EXPORT_NEXT, *PUSH_PROVIDER),
    source="ADR-37",
    shown="A share without NEXT: a pull got 503; after the cure the messages came.",
)


def next_not_exported(share: Offered) -> Iterator[Finding]:
    wants = share.kind is Kind.PULL and share.has(Part.ACK, Part.ACK_V2, Part.INFO)
    subject = PullConsumer(*share.key).next_subject()
    if wants and not share.has(Part.NEXT) and not share.covered(subject):
        added = Export(
            name=f"{share.name} NEXT",
            subject=subject,
            type="service",
            token_req=any(offer.export.token_req for offer in share.offers),
            response_type=STREAM,
        )
        text = f"{subject} is not exported: {share.name} cannot be pulled from"
        yield at_offer(NO_NEXT, share, None, text, fix=Fix(list="exports", added=added))


FOREIGN_HASH = Rule(
    code="JS117",
    title="The second form of the acknowledgement names another account",
    severity=Severity.ERROR,
    symptom="On servers that use the second form, acknowledgements vanish.",
    cause="The hash in $JS.ACK.*.<hash>.… is not that of the exporting account.",
    nsc=("nsc delete export --account {provider} --subject {subject}", _EXPORT_OWN, *PUSH_PROVIDER),
    source="ADR-15; nats-server getHash",
    shown="The second form exported with another hash, on a server that uses it: an acknowledged"
    " message came again; after the cure not.",
)


def foreign_hash(share: Offered) -> Iterator[Finding]:
    own = account_hash(share.provider.sub)
    for offer in share.all(Part.ACK_V2) if not share.passed_on else ():
        if offer.export.subject.split(".")[3] not in (own, "*"):
            text = f"{offer.export.subject} is of another account: the hash of this one is {own}"
            right = PullConsumer(*share.key).ack_v2_subject(share.provider.sub)
            yield at_offer(FOREIGN_HASH, share, offer, text, more={"right": right})


NO_JETSTREAM = Rule(
    code="JS118",
    title="The provider's account has no JetStream",
    severity=Severity.ERROR,
    symptom="Pulls and acknowledgements get 503: no responders; INFO is answered with JetStream not"
    " enabled for account.",
    cause="The account's limits give it no storage, which switches JetStream off for it: no"
    " stream and no consumer of its own can be there to be shared.",
    nsc=(
        "nsc edit account --name {provider} --js-disk-storage -1 --js-streams -1 --js-consumer -1",
        *PUSH_PROVIDER,
    ),
    source="nats-server accounts.go; nats-io/jwt JetStreamLimits",
    shown="Limits without storage pushed: a pull and an acknowledgement got 503, and binding that"
    " JetStream is not enabled (error 10039); after the cure all messages came, and the stream was"
    " as it had been.",
)


def no_jetstream(share: Offered) -> Iterator[Finding]:
    if share.kind in (Kind.SERVICE, Kind.STREAM) or share.passed_on:
        return  # has no need of it
    limits = share.provider.nats.limits
    tiers = limits.tiered_limits.values()
    given = limits.mem_storage or limits.disk_storage
    if not given and not any(tier.mem_storage or tier.disk_storage for tier in tiers):
        text = f"{share.provider.name} exports {share.name}, and its limits give it no storage"
        yield at_offer(NO_JETSTREAM, share, None, text)


RULES: tuple[tuple[Rule, Callable[[Offered], Iterator[Finding]]], ...] = (
    (SINGLETON, next_is_singleton),
    (NO_ACK, ack_not_exported),
    (V1_ONLY, first_form_only),
    (NO_FLOW, flow_not_exported),
    (NO_DELIVER, deliver_not_exported),
    (AS_STREAM, exported_as_stream),
    (THRESHOLD, threshold_set),
    (NO_INFO, info_not_exported),
    (NO_NEXT, next_not_exported),
    (FOREIGN_HASH, foreign_hash),
    (NO_JETSTREAM, no_jetstream),
)
