"""Rules of the subjects by which consumers that no pull share names are answered."""

from __future__ import annotations

from collections.abc import Iterator

from jetshare.sharing.rules.cures import ACTIVATE, IMPORT, PUSH_BOTH
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Taken

REPLIES = Rule(
    code="JS221",
    title="Acknowledgements or flow control are exported, and not imported",
    severity=Severity.ERROR,
    symptom="Messages arrive, are acknowledged without an error, and come again after the ack"
    " wait; or they stop after a megabyte or two.",
    cause="The provider exports $JS.ACK.… or $JS.FC.… for a consumer that is pushed to, or that"
    " importers make, and the importer did not import it: its answers reach nobody. (Right only"
    " where the consumer wants none.)",
    nsc=(ACTIVATE, IMPORT, *PUSH_BOTH),
    source="ADR-15",
    shown="A push consumer whose $JS.ACK was exported and not imported: an acknowledged message"
    " came again; after the cure not.",
)


def replies_not_imported(share: Taken) -> Iterator[Finding]:
    if share.kind not in (Kind.PUSH, Kind.OWN) or share.offered is None:
        return
    for offer in share.offered.all(Part.ACK, Part.FC):
        subject = offer.export.subject
        if not share.has(offer.piece.part) and not share.covered(subject, subject):
            text = f"{subject} is exported and not imported: what is answered there reaches nobody"
            yield at_take(REPLIES, share, None, text, subject=subject, local=subject)
