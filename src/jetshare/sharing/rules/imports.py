"""Rules of what an importer imports, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from jetshare.identity.claims import Import
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.sharing.rules.cures import (
    ACTIVATE,
    GRANT_AGAIN,
    IMPORT,
    IMPORT_AGAIN,
    PUSH_BOTH,
    PUSH_IMPORTER,
)
from jetshare.sharing.rules.deliveries import deliver_subject, then_watched
from jetshare.sharing.rules.found import at_take, proper_local
from jetshare.sharing.rules.pieces import API_PARTS, VERBATIM_PARTS, Part, is_api
from jetshare.sharing.rules.rule import Finding, Fix, Rule, Severity, fill
from jetshare.sharing.rules.shares import Kind, Take, Taken, prefix_of

_ADD = (ACTIVATE, IMPORT, *PUSH_BOTH)
_DELIVER_PUBLIC = (
    "nsc add import --account {importer} --src-account {provider_key} --remote-subject {deliver}",
    *PUSH_IMPORTER,
)

UNMAPPED = Rule(
    code="JS201",
    title="The JetStream API is imported under its own name",
    severity=Severity.ERROR,
    symptom='"JetStream not enabled" or "stream not found" now and then, or a stream that is'
    " made in both accounts.",
    cause="The importer's own JetStream answers on $JS.API too, so both accounts answer and the"
    " first reply wins.",
    cure=("jetshare doctor {share} --account {importer} --fix",),
    nsc=IMPORT_AGAIN,
    source="nats-server jetstream_api.go",
    shown="INFO imported unmapped by an account with JetStream: one request brought two replies."
    " After the cure: one.",
)


def api_unmapped(share: Taken) -> Iterator[Finding]:
    for take in share.takes:
        if is_api(take.item.subject) and is_api(take.local) and take.item.type != "stream":
            wanted = proper_local(share, take.piece.part, take.piece.tail, take.item.subject)
            text = (
                f"{take.item.subject} is imported as {take.local}, where the JetStream of"
                f" {share.importer.name} answers as well"
            )
            fix = _rename(take, wanted) if take.piece.tail else None
            yield at_take(UNMAPPED, share, take, text, fix=fix, field="local_subject")


ACK_MAPPED = Rule(
    code="JS202",
    title="Acknowledgements are imported under another name",
    severity=Severity.ERROR,
    symptom="Everything is delivered again, although ACK is imported and acknowledging gives no"
    " error.",
    cause="The reply subject of a message arrives verbatim, so clients acknowledge at $JS.ACK.…"
    " whatever the local name of the import is. The same holds for flow control, $JS.FC.…",
    cure=("jetshare doctor {share} --account {importer} --fix",),
    nsc=IMPORT_AGAIN,
    source="ADR-15; nats-server client.go",
    shown="ACK mapped under the prefix: an acknowledged message came again; after the cure not.",
)


def ack_mapped(share: Taken) -> Iterator[Finding]:
    for take in share.all(*VERBATIM_PARTS):
        if take.local != take.item.subject:
            text = (
                f"{take.item.subject} is imported as {take.local}, where no client"
                " acknowledges: it must keep its name"
            )
            fix = _rename(take, take.item.subject)
            yield at_take(ACK_MAPPED, share, take, text, fix=fix, field="local_subject")


NO_ACK = Rule(
    code="JS203",
    title="NEXT is imported without ACK",
    severity=Severity.ERROR,
    symptom="Messages arrive, are acknowledged without an error, and are all delivered again"
    " after the ack wait. A confirmed acknowledgement gets 503.",
    cause="$JS.ACK.<stream>.<consumer>.> is not imported. (Right only where the consumer's ack"
    " policy is none.)",
    cure=GRANT_AGAIN,
    nsc=_ADD,
    source="ADR-15",
    shown="An importer without ACK acknowledged a message: it came again; after the cure not.",
)


def ack_not_imported(share: Taken) -> Iterator[Finding]:
    if share.kind is Kind.PULL and share.has(Part.NEXT) and not share.has(Part.ACK):
        subject = PullConsumer(*share.key).ack_subject()
        if share.covered(subject, subject):
            return
        text = f"{subject} is not imported: nothing that is pulled can be acknowledged"
        yield _missing(NO_ACK, share, Part.ACK, Role.ACK, subject, "", text)


V1_ONLY = Rule(
    code="JS204",
    title="Only the first form of the acknowledgement is imported",
    severity=Severity.NOTE,
    symptom="Nothing today. On servers that use the second form of reply subjects"
    " acknowledgements would vanish and everything be redelivered.",
    cause="The provider exports both forms, and one was taken.",
    cure=GRANT_AGAIN,
    nsc=_ADD,
    source="ADR-15; nats-server feature_flags.go (js_ack_fc_v2)",
    shown="A share of the first form on a server with the flag: an acknowledged message came"
    " again; after the cure of JS104 and this one not.",
)


def first_form_only(share: Taken) -> Iterator[Finding]:
    exported = share.offered is not None and share.offered.has(Part.ACK_V2)
    if exported and share.has(Part.ACK) and not share.has(Part.ACK_V2):
        yield second_form_to_take(share)


def second_form_to_take(share: Taken) -> Finding:
    """What to do for the second form, once it is exported."""
    second = PullConsumer(*share.key).ack_v2_subject(share.provider_key)
    text = f"{second} is exported and not imported"
    return at_take(V1_ONLY, share, None, text, subject=second, local=second)


NO_INFO = Rule(
    code="JS206",
    title="INFO is not imported",
    severity=Severity.WARNING,
    symptom="A client cannot bind to the consumer, although pulling and acknowledging work.",
    cause="Most clients ask for CONSUMER.INFO before they pull.",
    cure=GRANT_AGAIN,
    nsc=_ADD,
    source="ADR-37; nats.go Consumer(), nats-py consumer_info()",
    shown="An importer without INFO: binding got 503, and a bare pull its messages; after the cure"
    " it bound as well.",
)


def info_not_imported(share: Taken) -> Iterator[Finding]:
    if share.kind is Kind.PULL and share.has(Part.NEXT) and not share.has(Part.INFO):
        wanted = PullConsumer(*share.key)
        subject = wanted.info_subject()
        if share.covered(subject, f"{share.prefix}{subject.removeprefix('$JS.API')}"):
            return
        text = f"{subject} is not imported, which most clients ask before they pull"
        tail = f"CONSUMER.INFO.{wanted.stream}.{wanted.consumer}"
        yield _missing(NO_INFO, share, Part.INFO, Role.INFO, subject, tail, text)


PREFIX = Rule(
    code="JS209",
    title="An API subject is imported under a name that no client uses",
    severity=Severity.ERROR,
    symptom="Pulls or INFO get 503: no responders.",
    cause="Clients put one prefix in place of $JS.API for all that they ask. A local name of"
    " another form, or under another prefix than the rest of the share, is never asked.",
    cure=("jetshare doctor {share} --account {importer} --fix",),
    nsc=IMPORT_AGAIN,
    source="ADR-19 (API prefixes)",
    shown="INFO under another prefix than NEXT: binding got 503; after the cure it worked.",
)


def prefix_differs(share: Taken) -> Iterator[Finding]:
    asked = {take.item.subject for take in share.takes if prefix_of(take) == share.prefix}
    for take in share.takes:
        if take.piece.part not in API_PARTS or not take.piece.tail or is_api(take.local):
            continue
        if _is_wild(take) or prefix_of(take) == share.prefix or take.item.subject in asked:
            continue
        wanted = proper_local(share, take.piece.part, take.piece.tail, take.item.subject)
        text = f"{take.item.subject} is imported as {take.local}; clients would ask at {wanted}"
        fix = _rename(take, wanted)
        yield at_take(PREFIX, share, take, text, fix=fix, field="local_subject")


NO_FLOW = Rule(
    code="JS211",
    title="Flow control is not imported",
    severity=Severity.ERROR,
    symptom="A mirror, source or watch stops for good after some megabytes, with a lag of 0.",
    cause="The importer's consumers are pushed to with flow control, and $JS.FC.<stream>.… is"
    " not imported, so the replies that the server waits for reach nobody.",
    nsc=_ADD,
    source="nats-io/nats-server#8630, #2605, #3076, #3724",
    shown="A source and a mirror of the importer, a thousand messages of 4 KiB, and no flow"
    " control: both stopped on the way, without an error. After the cures of JS109 and JS211 both"
    " copied all.",
)


def flow_not_imported(share: Taken) -> Iterator[Finding]:
    if share.has(Part.CREATE) and not share.has(Part.NEXT) and not share.has(Part.FC):
        subject = f"$JS.FC.{share.key[0]}.>"
        text = f"consumers of {share.name} are made and pushed to, and {subject} is not imported"
        yield at_take(NO_FLOW, share, None, text, subject=subject, local=subject)


NO_DELIVER = Rule(
    code="JS212",
    title="The deliver subject is not imported",
    severity=Severity.ERROR,
    symptom="Get and put work; a watch, mirror or source is made and stays silent.",
    cause="Messages are pushed to a subject of the provider's account, of which the importer has"
    " no stream import. It is the one that its source, mirror or consumer delivers to; a watch"
    " delivers to an inbox of the client, and needs that for its prefix (JS219).",
    nsc=(
        "nsc generate activation --account {provider} --subject {deliver}"
        " --target-account {whom} --expiry {end} --output-file {share_file}",
        "nsc add import --account {importer} --token {share_file}",
        *PUSH_BOTH,
    ),
    source="nats-io/nats.go#1784",
    shown="A source and a mirror of the importer, and the deliver subject not shared: they were"
    " made and copied nothing. After the export and import of it all were copied. A bucket's key"
    " was got and its watch silent, by nats and by nats-py; after both cures it came to them with"
    " the inbox prefix that is told.",
)


def deliver_not_imported(share: Taken) -> Iterator[Finding]:
    if share.has(Part.CREATE) and not share.has(Part.NEXT) and not share.streams:
        exported = share.offered.streams if share.offered else ()
        deliver = exported[0].export.subject if exported else deliver_subject(share.key)
        text = (
            f"consumers of {share.name} are made, and no stream is imported to deliver to"
            f"{then_watched(share.kind, deliver)}"
        )
        found = at_take(NO_DELIVER, share, None, text, more={"deliver": deliver})
        public = exported and not exported[0].export.token_req
        yield replace(found, nsc=fill(_DELIVER_PUBLIC, found.names)) if public else found


NO_NEXT = Rule(
    code="JS213",
    title="ACK is imported without NEXT",
    severity=Severity.ERROR,
    symptom="Nothing can be pulled: 503, no responders.",
    cause="The importer has a part of the share, and NEXT is not in it.",
    cure=GRANT_AGAIN,
    nsc=_ADD,
    source="ADR-37",
    shown="An importer without NEXT: a pull got 503; after the cure a message.",
)


def next_not_imported(share: Taken) -> Iterator[Finding]:
    if share.kind is not Kind.PULL or share.has(Part.NEXT):
        return
    if share.has(Part.ACK, Part.ACK_V2, Part.INFO):
        wanted = PullConsumer(*share.key)
        subject = wanted.next_subject()
        text = f"{subject} is not imported: {share.name} cannot be pulled from"
        tail = f"CONSUMER.MSG.NEXT.{wanted.stream}.{wanted.consumer}"
        yield _missing(NO_NEXT, share, Part.NEXT, Role.NEXT, subject, tail, text)


AS_STREAM = Rule(
    code="JS214",
    title="A JetStream subject is imported as a stream",
    severity=Severity.ERROR,
    symptom="Pulls and acknowledgements get 503: no responders.",
    cause="The JetStream API and acknowledgements are requests, so they are services.",
    nsc=IMPORT_AGAIN,
    source="nats-io/nats-server#3954",
    shown="NEXT imported as a stream: the pull got 503; after the cure the messages came.",
)


def imported_as_stream(share: Taken) -> Iterator[Finding]:
    for take in share.takes:
        if take.item.type == "stream" and take.piece.part in API_PARTS | VERBATIM_PARTS:
            text = f"{take.item.subject} is imported as a stream; it must be a service"
            yield at_take(AS_STREAM, share, take, text, field="type")


WRITES = Rule(
    code="JS216",
    title="Writes are imported under a prefix only",
    severity=Severity.NOTE,
    symptom="A put gets no response from some clients and works from others.",
    cause="nats-py and others publish a put at $KV.<bucket>.…, without the API prefix; nats.go puts"
    " the prefix before it. What is put into an object store all of them publish at $O.<bucket>.…,"
    " so there it is a warning.",
    nsc=(
        "nsc add mapping --account {importer} --from {subject} --to {prefixed}",
        *PUSH_IMPORTER,
    ),
    source="nats-io/nats.go#1895; nats.go kv.go and object.go; nats-py kv.py",
    shown="A bucket's writes imported under the prefix: nats-py's put got no response, and one at"
    " the prefixed name was stored. After the cure both were stored. An object store's, in the same"
    " way: nats-py put no object before the cure, and one after it.",
)


def writes_mapped(share: Taken) -> Iterator[Finding]:
    writes = share.all(Part.WRITE)
    if not writes or any(take.local == take.item.subject for take in writes):
        return
    take = writes[0]
    if take.item.subject not in share.importer.nats.mappings:
        text = f"{take.item.subject} is imported as {take.local} only"
        more = {"prefixed": take.local}
        found = at_take(WRITES, share, take, text, local=take.item.subject, more=more)
        by_nobody = share.kind is Kind.OBJECTS  # not even by nats.go
        yield replace(found, severity=Severity.WARNING) if by_nobody else found


def _is_wild(take: Take) -> bool:
    """Local names with references ($1) say more than a prefix."""
    return "$" in take.local


def _rename(take: Take, wanted: str) -> Fix:
    changes: dict[str, object] = {
        "subject": take.item.subject,
        "local_subject": wanted,
        "to": "",
    }
    return Fix(list="imports", index=take.index, changes=changes)


def _missing(
    rule: Rule, share: Taken, part: Part, role: Role, subject: str, tail: str, text: str
) -> Finding:
    """An import that is missing. Where its export is public, it needs nothing but itself."""
    local = proper_local(share, part, tail, subject)
    fix = None
    offers = share.offered.all(part) if share.offered else []
    if offers and not offers[0].export.token_req:
        added = Import(
            name=f"{share.name} {role}",
            subject=subject,
            account=share.provider_key,
            local_subject=local,
            type="service",
        )
        fix = Fix(list="imports", added=added)
    return at_take(rule, share, None, text, fix=fix, subject=subject, local=local)


RULES: tuple[tuple[Rule, Callable[[Taken], Iterator[Finding]]], ...] = (
    (UNMAPPED, api_unmapped),
    (ACK_MAPPED, ack_mapped),
    (NO_ACK, ack_not_imported),
    (V1_ONLY, first_form_only),
    (NO_INFO, info_not_imported),
    (PREFIX, prefix_differs),
    (NO_FLOW, flow_not_imported),
    (NO_DELIVER, deliver_not_imported),
    (NO_NEXT, next_not_imported),
    (AS_STREAM, imported_as_stream),
    (WRITES, writes_mapped),
)
