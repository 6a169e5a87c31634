"""Access that outlives its token, which only live servers show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jetshare.sharing.rules.cures import PUSH_PROVIDER
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.servers import Heard, Seen
from jetshare.sharing.rules.shares import Taken

STILL_OPEN = Rule(
    code="JS510",
    title="A token has expired, and servers still answer",
    severity=Severity.ERROR,
    symptom="An importer whose token ended goes on pulling, until somebody happens to push its"
    " account. Acknowledgements ended in time, so what it pulls comes again and again.",
    cause="A server ends an import when its token does only where the import has the provider's"
    " own name of it. NEXT and INFO, which are imported under a prefix, it holds until the"
    " importer's account is loaded anew or the provider revokes them.",
    cure=("jetshare revoke {share} --from {provider} --expired",),
    nsc=(
        "nsc revocations add-activation --account {provider} --service --subject {subject}"
        " --target-account {whom} --at {issued}",
        *PUSH_PROVIDER,
    ),
    source="nats-server accounts.go, activationExpired",
    shown="A grant of two seconds: after its end pulls were still answered, and pushing the"
    " provider changed nothing. After the cure they got 503.",
    live=True,
)


def still_open(share: Taken, seen: Seen, now: int) -> Iterator[Finding]:
    heard: Mapping[Part, Heard | None] = {Part.NEXT: seen.next, Part.INFO: seen.info}
    open_ = [
        take
        for part, answer in heard.items()
        if answer is not None and answer.answered
        for take in share.all(part)
        if take.activation is not None and 0 < take.activation.exp <= now
    ]
    if open_:
        text = (
            f"the tokens of {share.importer.name} have expired, and"
            f" {open_[0].piece.part} at {open_[0].local} still answers"
        )
        yield at_take(STILL_OPEN, share, open_[0], text, field="token", every=open_)
