"""Rules of where that arrives which consumers of the importer's own are made to deliver.

Who makes such a consumer names one subject, at which it is delivered and listened for: a server
for a source or mirror, and a client for a watch, which names an inbox of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jetshare.identity.subjects import ANY, REST
from jetshare.sharing.rules.cures import IMPORT_AGAIN
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Fix, Rule, Severity
from jetshare.sharing.rules.shares import Key, Kind, Taken

_INBOX = "_INBOX"
_WATCHED = frozenset({Kind.KEY_VALUE, Kind.OBJECTS})

MAPPED = Rule(
    code="JS215",
    title="The deliver subject is imported under another name",
    severity=Severity.ERROR,
    symptom="Get and put work; a watch, mirror or source is made and stays silent.",
    cause="The deliver subject of a source, mirror or watch is one name for both sides: the"
    " provider delivers to it, and the importer listens at it. An import under another name leads"
    " what is delivered past who listens.",
    cure=("jetshare doctor --account {importer} --fix",),
    nsc=IMPORT_AGAIN,
    source="nats-server stream.go, setupSourceConsumer and setupMirrorConsumer; nats.go js.go",
    shown="A source and a mirror of the importer, and deliver.> imported as in.>: neither copied"
    " anything, whatever its deliver subject; after the cure both copied all.",
)


def deliver_mapped(share: Taken) -> Iterator[Finding]:
    if not pushes_to_importer(share) or not share.streams:
        return
    if any(take.local == take.item.subject for take in share.streams):
        return
    take = share.streams[0]
    subject = take.item.subject
    text = (
        f"{subject} is imported as {take.local}; what a source, mirror or watch of {share.name}"
        " has delivered there is listened for under the same name"
    )
    changes: dict[str, object] = {"subject": subject, "local_subject": subject, "to": ""}
    fix = Fix(list="imports", index=take.index, changes=changes)
    yield at_take(MAPPED, share, take, text, fix=fix, field="local_subject")


INBOX = Rule(
    code="JS219",
    title="Watches arrive at one inbox prefix alone",
    severity=Severity.NOTE,
    symptom="Get and put work; a watch, or the get of an object, is made and stays silent with"
    " one client, and works with another.",
    cause="A watch, and the get of an object, is delivered to an inbox of the client, which"
    " begins with _INBOX where the client was told nothing else. The share brings what is below"
    " the subject of its stream import alone. Start the client with that for its inbox prefix:"
    " for deliver.<stream>.> that is nats --inbox-prefix deliver.<stream>,"
    " nats.CustomInboxPrefix in nats.go, and inbox_prefix of connect in nats-py. (A stream import"
    " of _INBOX.> is no cure: it shows the answers to all that the provider asks.)",
    source="nats-io/nats.go#1784; nats.go js.go and nats-py js/client.py, new inboxes",
    shown="A bucket with all that a watch needs, watched by nats and by nats-py: with the usual"
    " inbox silent, with the inbox prefix that is told here every key came.",
)


def one_inbox(share: Taken) -> Iterator[Finding]:
    if prefix := watched_at(share):
        yield at_take(INBOX, share, None, f"what {share.name} delivers comes {at_inbox(prefix)}")


def pushes_to_importer(share: Taken) -> bool:
    """Whether importers make consumers that are pushed to: created, and never pulled from."""
    return share.has(Part.CREATE) and not share.has(Part.NEXT)


def watched_at(share: Taken) -> str:
    """The inbox prefix that clients need who watch; empty where nobody does, where the usual
    one will do, and where none helps."""
    bound_to = share.kind in _WATCHED and share.has(Part.STREAM_INFO)
    if not bound_to or not pushes_to_importer(share):
        return ""
    names = [t.item.subject for t in share.streams if t.local == t.item.subject]
    prefixes = [name[:-2] for name in names if name.endswith(f".{REST}") and ANY not in name]
    if _INBOX in prefixes:
        return ""
    return min(prefixes, key=lambda prefix: share.key[0] not in prefix.split("."), default="")


def deliver_subject(key: Key) -> str:
    """Where consumers of a share may be made to deliver, if nobody has said where."""
    return f"deliver.{key[0]}.>"


def then_watched(kind: Kind, deliver: str) -> str:
    """What else a watch needs once ``deliver`` is shared; empty where nobody watches."""
    return f"; watches then come {at_inbox(deliver[:-2])}" if kind in _WATCHED else ""


def at_inbox(prefix: str) -> str:
    """To which clients watches come, and how one becomes such a client."""
    return (
        f"to clients with the inbox prefix {prefix} alone (nats --inbox-prefix {prefix},"
        " CustomInboxPrefix in nats.go, inbox_prefix in nats-py)"
    )


RULES: tuple[tuple[Rule, Callable[[Taken], Iterator[Finding]]], ...] = (
    (MAPPED, deliver_mapped),
    (INBOX, one_inbox),
)
