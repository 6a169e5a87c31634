"""Shares that are over because their owner ended them: no failure, and nothing to mend but
the imports that are left over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jetshare.editing.revocations import EVERYONE
from jetshare.identity.claims import Export
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.ledger import Entry, Event
from jetshare.sharing.rules.cures import (
    DELETE_IMPORT,
    LOAD_AGAIN,
    PUSH_IMPORTER,
    PUSH_PROVIDER,
)
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.rule import Finding, Fix, Rule, Severity, fill
from jetshare.sharing.rules.servers import Heard, Seen
from jetshare.sharing.rules.shares import Kind, Take, Taken

ENDED = Rule(
    code="JS310",
    title="The share has ended, and is still imported",
    severity=Severity.NOTE,
    symptom="503: no responders, for every subject of the share, as its owner wants it.",
    cause="The provider revoked every subject of the share after the importer's tokens were"
    " issued, or its ledger says that the share was taken back. The imports are left over: they"
    " count against the account's limits, and nothing answers at them.",
    cure=("jetshare drop {share} --account {importer} --from {provider} --yes",),
    nsc=(DELETE_IMPORT, *PUSH_IMPORTER),
    source="nats-io/jwt RevocationList.IsRevoked; the provider's ledger",
    shown="A share revoked by its owner: a pull got 503, and the doctor said that it had ended."
    " After the cure the imports were gone, and nothing was found.",
)

STILL_OPEN = Rule(
    code="JS509",
    title="The share was revoked, and servers still answer",
    severity=Severity.ERROR,
    symptom="An importer that was revoked goes on pulling or acknowledging.",
    cause="The revocation is in the provider's document and not in force: the document was not"
    " pushed to every server. Or servers have it, and hold an import that they built before: they"
    " build it anew when the importer's document is another one. To revoke once more would end"
    " what was granted since.",
    cure=("jetshare nsc push --account {provider}",),
    nsc=PUSH_PROVIDER,
    source="nats-server accounts.go, checkActivation",
    shown="A revocation stored and not pushed: pulls were answered; after the cure they got 503.",
    live=True,
)


def how_ended(share: Taken, entries: Sequence[Entry], now: int) -> str:
    """How and when the owner ended all that the importer holds of the share, in words.

    Empty where it is not over, where a part is not, or where it may be an accident: a token
    of the very second of the revocation may have been issued after it, and only the
    provider's ledger (``entries``) can tell. So it is with exports that are gone. A token
    that has expired and was then revoked up to its own time is over as well.
    """
    if share.provider is None:
        return ""
    tokens = [take.activation for take in share.takes if take.activation]
    newest = max((token.iat for token in tokens), default=0)
    times = [_revoked_at(take, share.importer.sub, newest) for take in share.takes]
    revoked = [time for time in times if time is not None]
    gone = sum(take.offer is None for take in share.takes)
    if len(revoked) + gone < len(times):
        return ""
    if on_record := _taken_back(entries, share):
        return f"revoked on {_day(on_record)}"
    if gone:
        return ""
    if min(revoked) > newest:
        return f"revoked on {_day(max(revoked))}"
    if all(0 < token.exp <= now for token in tokens):
        return f"expired on {_day(max(token.exp for token in tokens))}, and revoked"
    return ""


def _revoked_at(take: Take, importer: str, newest: int) -> int | None:
    """When the take's export was revoked for the importer; None where it is not, or where a
    server would not look."""
    if take.offer is None or take.activation is None:
        return None
    export: Export = take.offer.export
    if not export.token_req or export.account_token_position:
        return None
    times = [export.revocations[who] for who in (importer, EVERYONE) if who in export.revocations]
    at = max(times, default=-1)
    return at if at >= newest else None


def _taken_back(entries: Sequence[Entry], share: Taken) -> int:
    """When the ledger last says that the importer lost the share; 0 where it has it."""
    at = 0
    for entry in entries:
        mine = entry.importer in (share.importer.sub, EVERYONE)
        if mine and entry.share == PullConsumer(*share.key):
            at = entry.at if entry.kind is Event.REVOKED else 0
    return at


def left_over(share: Taken, how: str) -> Finding:
    """What is to do in the importer's document about a share that ended."""
    count = len(share.takes)
    subjects = f"{count} subjects" if count > 1 else share.takes[0].item.subject
    text = (
        f"{share.provider_name} ended it ({how}), and"
        f" {share.importer.name} still imports {subjects} of it, which nothing answers"
    )
    fix = Fix(list="imports", removed=tuple(take.index for take in share.takes))
    if share.kind is Kind.PULL:
        return replace(at_take(ENDED, share, None, text, every=share.takes), fix=fix)
    return at_take(ENDED, share, None, text, fix=fix, every=share.takes)


def still_open(share: Taken, seen: Seen) -> Iterator[Finding]:
    # Not ACK: it has the name of a consumer that the importer may have itself.
    heard: Mapping[str, Heard | None] = {"NEXT": seen.next, "INFO": seen.info}
    open_ = [name for name, one in heard.items() if one is not None and one.answered]
    if open_:
        text = f"{share.name} was revoked for {share.importer.name}, and {open_[0]} still answers"
        in_step = seen.servers and not {share.provider_key, share.importer.sub} & {*seen.differing}
        if not in_step:
            yield at_take(STILL_OPEN, share, None, text, whole=share.provider_name)
            return
        found = at_take(STILL_OPEN, share, None, f"{text}, although servers have the revocation")
        lines = fill(LOAD_AGAIN, found.names)
        yield replace(found, cure=tuple(f"jetshare {line}" for line in lines), nsc=lines)


def _day(at: int) -> str:
    """The day of a time in Unix seconds, in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"second {at}"  # a document may say any number
