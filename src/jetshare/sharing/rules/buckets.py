"""Rules of key-value buckets and object stores, which clients bind to by their stream."""

from __future__ import annotations

from collections.abc import Iterator

from jetshare.identity.subjects import is_contained
from jetshare.sharing.rules.cures import ACTIVATE, EXPORT_SERVICE, IMPORT, PUSH_BOTH, PUSH_PROVIDER
from jetshare.sharing.rules.found import at_offer, at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Offered, Taken

_BUCKETS = (Kind.KEY_VALUE, Kind.OBJECTS)
_READS = (Part.DIRECT_GET, Part.MSG_GET)  # with CREATE alone it is copied, as any stream
_SYMPTOM = "A client cannot bind to the bucket (no responders), so it can neither get nor watch."
_CAUSE = "Clients ask for STREAM.INFO of a bucket's stream before they use it."
_SOURCE = "ADR-8, ADR-20; nats.go KeyValue(), nats-py key_value()"
_SHOWN = (
    "A bucket shared without STREAM.INFO: nats-py could not bind to it; after the cure of JS123 and"
    " that of JS222 it got a value."
)

NOT_EXPORTED = Rule(
    code="JS123",
    title="STREAM.INFO of a bucket is not exported",
    severity=Severity.ERROR,
    symptom=_SYMPTOM,
    cause=f"{_CAUSE} It is not exported.",
    nsc=(EXPORT_SERVICE, *PUSH_PROVIDER),
    source=_SOURCE,
    shown=_SHOWN,
)

NOT_IMPORTED = Rule(
    code="JS222",
    title="STREAM.INFO of a bucket is not imported",
    severity=Severity.ERROR,
    symptom=_SYMPTOM,
    cause=f"{_CAUSE} It is not imported.",
    nsc=(ACTIVATE, IMPORT, *PUSH_BOTH),
    source=_SOURCE,
    shown=_SHOWN,
)


def info_not_exported(share: Offered) -> Iterator[Finding]:
    if share.kind not in _BUCKETS or not share.has(*_READS):
        return
    subject = f"$JS.API.STREAM.INFO.{share.key[0]}"
    if not any(is_contained(subject, by=e.subject) for e in share.provider.nats.exports):
        text = f"{subject} is not exported, which clients ask before they use {share.name}"
        yield at_offer(NOT_EXPORTED, share, None, text, subject=subject)


def info_not_imported(share: Taken) -> Iterator[Finding]:
    if share.kind not in _BUCKETS or not share.has(*_READS):
        return
    tail = f"STREAM.INFO.{share.key[0]}"
    subject = f"$JS.API.{tail}"
    held = (i for i in share.importer.nats.imports if i.account == share.provider_key)
    if not any(is_contained(subject, by=item.to or item.subject) for item in held):
        text = f"{subject} is not imported, which clients ask before they use {share.name}"
        local = f"{share.prefix}.{tail}"
        yield at_take(NOT_IMPORTED, share, None, text, subject=subject, local=local)
