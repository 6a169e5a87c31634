"""Rules of accounts' own subject mappings, which come before every export and import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jetshare.identity import subjects
from jetshare.identity.claims import Account, Claims, WeightedMapping
from jetshare.sharing.rules.cures import PUSH_IMPORTER, PUSH_PROVIDER
from jetshare.sharing.rules.found import at_offer, at_take
from jetshare.sharing.rules.pieces import API_PARTS, VERBATIM_PARTS
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Offered, Taken

_INBOX = "_INBOX.>"
_JETSTREAM = (
    API_PARTS | VERBATIM_PARTS
)  # mapping a plain service elsewhere is what mappings are for

PROVIDER_MAPS = Rule(
    code="JS119",
    title="The provider maps a subject of the share elsewhere",
    severity=Severity.ERROR,
    symptom="503: no responders, or acknowledgements that vanish, although both documents have"
    " all of the share.",
    cause="A mapping of the provider's account holds for what comes in by its exports too: the"
    " request goes to the subject that the mapping names, where no JetStream listens.",
    nsc=("nsc delete mapping --account {provider} --from {mapped}", *PUSH_PROVIDER),
    source="nats-server client.go, processServiceImport and selectMappedSubject",
    shown="A mapping of $JS.API.CONSUMER.MSG.NEXT.… in the provider's account: no message came;"
    " after the cure all did. The same for $JS.ACK.…: what was acknowledged came again.",
)

IMPORTER_MAPS = Rule(
    code="JS217",
    title="The importer maps a subject of the share elsewhere",
    severity=Severity.ERROR,
    symptom="503: no responders, acknowledgements that vanish, or no answer at all.",
    cause="A mapping of the importer's account comes before its imports: what a client asks goes"
    " to the subject that the mapping names. One of _INBOX.> leads the answers away.",
    nsc=("nsc delete mapping --account {importer} --from {mapped}", *PUSH_IMPORTER),
    source="nats-server client.go, processInboundClientMsg and selectMappedSubject",
    shown="A mapping of the share's prefix in the importer's account: no message came; after the"
    " cure all did. The same for $JS.ACK.… and for _INBOX.>.",
)


def provider_maps(share: Offered) -> Iterator[Finding]:
    away = _leading_away(share.provider)
    for offer in share.offers if away else ():
        for mapped in away if offer.piece.part in _JETSTREAM else ():
            if subjects.is_contained(offer.export.subject, by=mapped):
                text = f"{offer.export.subject} is led elsewhere by the mapping of {mapped}"
                yield at_offer(PROVIDER_MAPS, share, offer, text, more={"mapped": mapped})


def importer_maps(share: Taken) -> Iterator[Finding]:
    away = _leading_away(share.importer)
    takes = [take for take in share.takes if take.piece.part in _JETSTREAM] if away else []
    for mapped in away if takes else ():
        led = [t for t in takes if subjects.is_contained(subjects.local_pattern(t.local), mapped)]
        more = {"mapped": mapped}
        if led:
            text = f"{led[0].local} is led elsewhere by the mapping of {mapped}"
            yield at_take(IMPORTER_MAPS, share, led[0], text, every=led, more=more)
        elif subjects.is_contained(_INBOX, by=mapped):
            text = f"answers at {_INBOX} are led elsewhere by the mapping of {mapped}"
            yield at_take(IMPORTER_MAPS, share, None, text, more=more)


def _leading_away(claims: Claims[Account]) -> Sequence[str]:
    mappings: Mapping[str, Sequence[WeightedMapping]] = claims.nats.mappings
    return [
        mapped for mapped, to in mappings.items() if to and all(one.subject != mapped for one in to)
    ]
