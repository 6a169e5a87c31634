"""What a client asks before it pulls, where servers show that nobody hears it."""

from __future__ import annotations

from collections.abc import Iterator

from jetshare.sharing.rules.cures import GRANT_AGAIN, PUSH_BOTH
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Taken

INFO_LOST = Rule(
    code="JS512",
    title="INFO reaches nobody",
    severity=Severity.WARNING,
    symptom="A client cannot bind to the consumer (503, no responders), although pulling works.",
    cause="Pulls reach the consumer and CONSUMER.INFO does not: the servers hold another document,"
    " or what is shared is the INFO of a JetStream domain that they are not of.",
    cure=GRANT_AGAIN,
    nsc=PUSH_BOTH,
    source="ADR-37; nats.go Consumer(), nats-py consumer_info()",
    shown="The provider's document without INFO on the servers alone: binding got no responders,"
    " and a bare pull its messages; after the cure it bound.",
    live=True,
)


def info_reaches_nobody(share: Taken, seen: Seen) -> Iterator[Finding]:
    takes = share.all(Part.INFO)
    reached = seen.next is not None and not seen.next.nobody and not seen.missing
    if takes and seen.info is not None and seen.info.nobody and reached:
        text = f"{takes[0].local} got 503 no responders"
        yield at_take(INFO_LOST, share, takes[0], text)
