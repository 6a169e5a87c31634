"""Rules that need both documents, or those of several accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from jetshare.identity import subjects
from jetshare.sharing.rules.cures import EXPORT_SERVICE, GRANT_AGAIN, PUSH_PROVIDER
from jetshare.sharing.rules.found import at_take, listed
from jetshare.sharing.rules.meeting import overlapping
from jetshare.sharing.rules.pieces import VERBATIM_PARTS, Part, is_api
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Take, Taken

NOT_EXPORTED = Rule(
    code="JS401",
    title="What is imported is not exported",
    severity=Severity.ERROR,
    symptom="The push is accepted, and requests get 503: no responders.",
    cause="The provider's document has no export of this type that covers the subject: it was"
    " deleted, renamed, never pushed, or is of the other type. Servers take the importer's"
    " document all the same.",
    cure=GRANT_AGAIN,
    nsc=(EXPORT_SERVICE, *PUSH_PROVIDER),
    source="nats-io/nsc#477, nats-io/nats-server#7983",
    shown="The ACK export deleted: acknowledgements got 503; after the cure they were taken.",
)


def not_exported(share: Taken) -> Iterator[Finding]:
    if share.provider is None:
        return
    takes = [take for take in share.takes if take.offer is None]
    for kind in dict.fromkeys(take.item.type for take in takes):
        alike = [take for take in takes if take.item.type == kind]
        text = f"{share.provider_name} exports no {kind} that covers {listed(alike)}"
        yield at_take(NOT_EXPORTED, share, alike[0], text, field="subject", every=alike)


SHARED_TWICE = Rule(
    code="JS402",
    title="Several importers on one consumer",
    severity=Severity.NOTE,
    symptom="None, if it is meant. They take messages from one another, either can acknowledge"
    " the other's, and nothing shows whose a lease or a redelivery is.",
    cause="The same consumer is imported by more than one account.",
    remedy="Where that is not meant, have the owner make a consumer for each importer (nats"
    " consumer add), grant each its own (jetshare grant), and revoke the old one (jetshare"
    " revoke). What the new ones are called is for the owner to say.",
    source="ADR-15; least privilege: one consumer an importer",
    shown="Two importers of one consumer: a message that was leased to the one was acknowledged by"
    " the other, and came to neither again. With a consumer for each it got 503 for that.",
)


def shared_twice(shares: Iterable[Taken]) -> Iterator[Finding]:
    groups: dict[tuple[str, tuple[str, str]], list[Taken]] = {}
    for share in shares:
        if share.kind is Kind.PULL and share.has(Part.NEXT):
            groups.setdefault((share.provider_key, share.key), []).append(share)
    for held in groups.values():
        if len(held) > 1:
            names = ", ".join(share.importer.name for share in held)
            yield at_take(SHARED_TWICE, held[0], None, f"{held[0].name} is imported by {names}")


ACK_TWICE = Rule(
    code="JS205",
    title="Acknowledgements of two providers meet",
    severity=Severity.ERROR,
    symptom="Acknowledging a message of one provider acknowledges another provider's; messages"
    " are lost on one side and redelivered on the other.",
    cause="Two providers have a stream and a consumer of the same names. $JS.ACK.<stream>."
    "<consumer>.> cannot be mapped, so both imports have one local name.",
    nsc=(
        "nsc delete import --account {importer} --src-account {provider_key} --subject {subject}",
        "nsc push --account {importer}",
    ),
    source="nats-io/nats-server#7326, #6547",
    shown="Two providers with one pair of names: messages of the first were acknowledged, and one"
    " that the second had leased to somebody else was gone. After the cure it was not.",
)

LOCAL_TWICE = Rule(
    code="JS208",
    title="Two providers under one local name",
    severity=Severity.ERROR,
    symptom="Pulls bring messages of either provider, or of both.",
    cause="Two imports from different accounts have local names that overlap, and the server"
    " sends each request to both.",
    nsc=(
        "nsc delete import --account {importer} --src-account {provider_key} --subject {subject}",
        "nsc push --account {importer}",
    ),
    source="nats-server accounts.go; nats-io/jwt looks within one exporter only",
    shown="Two providers under one prefix: one request brought two replies, and after the cure"
    " one.",
)


def local_names_meet(shares: Iterable[Taken]) -> Iterator[Finding]:
    """Among all the shares of one importer; within one provider's the server itself refuses."""
    held = [(share, take) for share in shares for take in share.takes if _asked(take)]
    held.sort(key=lambda one: one[1].index)  # of two that meet, the later one is to go
    if len({share.provider_key for share, _ in held}) < 2:
        return
    locals_ = [subjects.local_pattern(take.local) for _, take in held]
    for earlier, later in overlapping(locals_):
        (other, second), (share, take) = held[earlier], held[later]
        if other.provider_key == share.provider_key:
            continue
        rule = ACK_TWICE if take.piece.part in VERBATIM_PARTS else LOCAL_TWICE
        text = (
            f"{take.local} is imported from {share.provider_name} and, as nats.imports"
            f"[{second.index}], from {other.provider_name}"
        )
        yield at_take(rule, share, take, text, field="local_subject")


def _asked(take: Take) -> bool:
    """Whether requests go there; an unmapped API import is a fault of its own (JS201)."""
    return take.item.type == "service" and not (is_api(take.local) and is_api(take.item.subject))


RULES: tuple[tuple[Rule, Callable[[Taken], Iterator[Finding]]], ...] = (
    (NOT_EXPORTED, not_exported),
)
