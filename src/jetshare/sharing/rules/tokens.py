"""Rules of activation tokens: are they there, whose are they, and until when do they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jetshare.identity.claims import Activation, Claims, Export
from jetshare.identity.subjects import is_contained
from jetshare.sharing.rules.cures import (
    ACTIVATE,
    DELETE_IMPORT,
    GRANT_AGAIN,
    IMPORT,
    IMPORT_AGAIN,
    PUSH_BOTH,
)
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Offer, Take, Taken

DAY_S = 86_400
_SOON_S = 7 * DAY_S

NO_TOKEN = Rule(
    code="JS301",
    title="A private export is imported without a token",
    severity=Severity.ERROR,
    symptom="The import is there and looks fine, the push is accepted, and requests get 503.",
    cause="The export asks for an activation token and the import has none. The server drops the"
    " import when the account is loaded and says so in its debug log only.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="nats-io/nsc#477, nats-io/nats-server#7983",
    shown="The NEXT import without its token: 503; after the cure a message.",
)


def token_missing(share: Taken, now: int) -> Iterator[Finding]:
    for take, offer in _paired(share):
        if offer.export.token_req and not take.item.token and not _by_position(share, take, offer):
            text = f"{take.item.subject} is private at {share.provider_name}; no token is given"
            yield at_take(NO_TOKEN, share, take, text, field="token")


EXPIRED = Rule(
    code="JS302",
    title="An activation token has expired",
    severity=Severity.ERROR,
    symptom="503: no responders. Or access goes on, until the servers next load one of the two"
    " accounts, and ends then without anybody having done anything.",
    cause="The token's exp lies in the past. Servers look when an account is loaded.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="nats-server accounts.go, isActivationTokenExpired",
    shown="A token of a second that was over: 503; after the cure a message.",
)


def token_expired(share: Taken, now: int) -> Iterator[Finding]:
    for take, token in _tokens(share):
        if token.exp and token.exp <= now:
            text = f"the token of {take.item.subject} expired {_span(now - token.exp)} ago"
            yield at_take(EXPIRED, share, take, text, field="token")


REVOKED = Rule(
    code="JS303",
    title="The activation token is revoked",
    severity=Severity.ERROR,
    symptom="503: no responders, also with a token that was made after the revocation.",
    cause="The export's revocation for this importer (or for all, *) is not older than the token:"
    " one that is issued in the very second of the revocation is refused too.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="nats-io/jwt RevocationList.IsRevoked",
    shown="A revocation dated after the token: 503; after the cure a message.",
)


def token_revoked(share: Taken, now: int) -> Iterator[Finding]:
    for take, offer in _paired(share):
        if take.activation is None or not offer.export.token_req:
            continue
        if _revoked(offer.export, share.importer.sub, take.activation):
            text = (
                f"{share.provider_name} has revoked {offer.export.subject} for"
                f" {share.importer.name}, and the token was not issued after that"
            )
            yield at_take(REVOKED, share, take, text, field="token")


SIGNER = Rule(
    code="JS304",
    title="The token is signed by a key that does not speak for the provider",
    severity=Severity.ERROR,
    symptom="503: no responders, after the provider changed its signing keys.",
    cause="The key that signed the activation is not (or not any more) a key of the provider's"
    " account, so the server does not take the token.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="nats-server accounts.go, checkActivation",
    shown="A token signed by a key that the account does not list: 503; after the cure a message.",
)


def signer_unknown(share: Taken, now: int) -> Iterator[Finding]:
    if share.provider is None:
        return
    keys = {k if isinstance(k, str) else k.key for k in share.provider.nats.signing_keys}
    for take, token in _tokens(share):
        if token.iss not in (share.provider_key, *keys):
            text = f"the token of {take.item.subject} is signed by {token.iss}, no key of"
            yield at_take(SIGNER, share, take, f"{text} {share.provider_name}", field="token")


OTHERS = Rule(
    code="JS305",
    title="The token is not for this import",
    severity=Severity.ERROR,
    symptom='The whole importer account is refused ("Authorization Violation"), or its push is.',
    cause="The token is no activation, is made out to another account, or is for another subject"
    " or type than the import. A server refuses the account's whole document for it.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="nats-io/jwt Import.Validate",
    shown="A token of another account in the import: the push was refused.",
)


def token_of_another(share: Taken, now: int) -> Iterator[Finding]:
    for take in share.takes:
        if not take.item.token:
            continue
        if problem := _misfit(share, take, take.activation):
            yield at_take(OTHERS, share, take, problem, field="token")


def _misfit(share: Taken, take: Take, token: Claims[Activation] | None) -> str:
    subject = take.item.subject
    if token is None:
        return f"the token of {subject} is no activation that can be read"
    if token.sub != share.importer.sub:
        return f"the token of {subject} is made out to {token.sub}, not to {share.importer.name}"
    if token.nats.kind != take.item.type:
        return f"the token of {subject} is for a {token.nats.kind}, the import a {take.item.type}"
    if not is_contained(subject, by=token.nats.subject):
        return f"the token of {subject} is for {token.nats.subject}, which does not cover it"
    if share.provider_key not in (token.iss, token.nats.issuer_account):
        return f"the token of {subject} is of another account than the import"
    return ""


PARTLY = Rule(
    code="JS306",
    title="Only a part of the share is revoked",
    severity=Severity.WARNING,
    symptom="A revoked importer still acknowledges and ends messages, and pulls by +NXT.",
    cause="Each subject of a share has a token and a revocation of its own, and some were"
    " forgotten.",
    cure=("jetshare revoke {share} --from {provider} --to {importer_key}",),
    nsc=(
        "nsc revocations add-activation --account {provider} --service --subject {subject}"
        " --target-account {importer_key}",
        "nsc push --account {provider}",
    ),
    source="ADR-15 (+NXT)",
    shown="NEXT revoked alone: an acknowledgement was still taken; after the cure it got 503.",
)


def partly_revoked(share: Taken, now: int) -> Iterator[Finding]:
    pairs = [(t, o) for t, o in _paired(share) if t.activation and o.export.token_req]
    revoked = [
        take
        for take, offer in pairs
        if take.activation and _revoked(offer.export, share.importer.sub, take.activation)
    ]
    for take, offer in pairs:
        if revoked and take not in revoked:
            text = (
                f"{revoked[0].item.subject} is revoked for {share.importer.name}, and"
                f" {take.item.subject} is not"
            )
            yield at_take(PARTLY, share, take, text, at_provider=offer, field="revocations")


FOREVER = Rule(
    code="JS307",
    title="The tokens never expire",
    severity=Severity.NOTE,
    symptom="None. The grant lasts until somebody thinks of revoking it.",
    cause="The activation tokens have no exp.",
    cure=(
        "jetshare grant {share} --from {provider} --to {importer_key} --expires 90d -o {bundle}",
        "jetshare accept {bundle} --account {importer} --yes",
    ),
    nsc=(DELETE_IMPORT, f"{ACTIVATE} --expiry 90d", IMPORT, *PUSH_BOTH),
    source="RFC 7519, exp",
    shown="A share as granted without an end: none of its tokens had one. After the cure all had,"
    " and the share worked.",
)


def never_expires(share: Taken, now: int) -> Iterator[Finding]:
    forever = [take for take, token in _tokens(share) if not token.exp]
    if forever:
        text = f"{len(forever)} tokens of {share.name} never expire"
        yield at_take(FOREVER, share, forever[0], text, field="token", every=forever)


SOON = Rule(
    code="JS308",
    title="A token expires within a week",
    severity=Severity.NOTE,
    symptom="None yet. Then 503: no responders.",
    cause="The activation tokens were given an end, which is near.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="RFC 7519, exp",
    shown="Tokens of two seconds: named as ending soon, and when they had ended acknowledgements"
    " got 503. With the cure applied before the end everything went on.",
)


def expires_soon(share: Taken, now: int) -> Iterator[Finding]:
    for take, token in _tokens(share):
        if now < token.exp <= now + _SOON_S:
            text = f"the token of {take.item.subject} expires in {_span(token.exp - now)}"
            yield at_take(SOON, share, take, text, field="token")


EARLY = Rule(
    code="JS309",
    title="A token is not valid yet",
    severity=Severity.ERROR,
    symptom="503: no responders, until the time comes and the servers load the account again.",
    cause="The token's nbf lies in the future.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="RFC 7519, nbf",
    shown="A token of the next hour: 503; after the cure a message.",
)


def not_yet_valid(share: Taken, now: int) -> Iterator[Finding]:
    for take, token in _tokens(share):
        if token.nbf > now:
            text = f"the token of {take.item.subject} is valid in {_span(token.nbf - now)} only"
            yield at_take(EARLY, share, take, text, field="token")


def _tokens(share: Taken) -> Iterator[tuple[Take, Claims[Activation]]]:
    for take in share.takes:
        if take.activation is not None:
            yield take, take.activation


def _paired(share: Taken) -> Iterator[tuple[Take, Offer]]:
    for take in share.takes:
        if take.offer is not None:
            yield take, take.offer


def _by_position(share: Taken, take: Take, offer: Offer) -> bool:
    """Whether the server lets the import through by the account that its subject names."""
    place = offer.export.account_token_position
    tokens = take.item.subject.split(".")
    return 0 < place <= len(tokens) and tokens[place - 1] == share.importer.sub


def _revoked(export: Export, importer: str, token: Claims[Activation]) -> bool:
    times = [export.revocations[key] for key in (importer, "*") if key in export.revocations]
    return any(token.iat <= at for at in times)


def _span(seconds: int) -> str:
    for unit, size in (("days", DAY_S), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds} seconds"


RULES: tuple[tuple[Rule, Callable[[Taken, int], Iterator[Finding]]], ...] = (
    (NO_TOKEN, token_missing),
    (EXPIRED, token_expired),
    (REVOKED, token_revoked),
    (SIGNER, signer_unknown),
    (OTHERS, token_of_another),
    (PARTLY, partly_revoked),
    (FOREVER, never_expires),
    (SOON, expires_soon),
    (EARLY, not_yet_valid),
)
