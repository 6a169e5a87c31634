"""Rules of activation tokens: are they there, whose are they, and until when do they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

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
from jetshare.sharing.rules.found import at_take, listed
from jetshare.sharing.rules.renewal import as_long
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Offer, Take, Taken

DAY_S = 86_400
_SOON_S = 7 * DAY_S
_NONE: Mapping[str, str] = {}

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
    bare = [
        take
        for take, offer in _paired(share)
        if offer.export.token_req and not take.item.token and not _by_position(share, take, offer)
    ]
    text = f"private at {share.provider_name}, and imported without a token: {listed(bare)}"
    yield from _together(NO_TOKEN, share, bare, text)


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
    shown="A token that had ended five seconds before: 503; after the cure the messages came.",
)


def token_expired(share: Taken, now: int) -> Iterator[Finding]:
    over = [(take, token.exp) for take, token in _tokens(share) if 0 < token.exp <= now]
    takes = [take for take, _ in over]
    last = max((end for _, end in over), default=now)
    text = f"{_tokens_of(takes)} expired {_span(now - last)} ago"
    yield from _together(EXPIRED, share, takes, text)


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
    shown="A revocation dated in the second in which the token was made: 503; after the cure the"
    " messages came.",
)


def token_revoked(share: Taken, now: int) -> Iterator[Finding]:
    revoked, left = _revoked_and_left(share)
    text = (
        f"revoked by {share.provider_name} for {share.importer.name}, and with no token issued"
        f" after that: {listed(revoked)}"
    )
    if left:
        text += f"; choose: give it back, as here, or finish the revocation, as by {PARTLY.code}"
    yield from _together(REVOKED, share, revoked, text)


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
    foreign: dict[str, list[Take]] = {}
    for take, token in _tokens(share):
        if token.iss not in (share.provider_key, *keys):
            foreign.setdefault(token.iss, []).append(take)
    for key, takes in foreign.items():
        text = f"signed by {key}, no key of {share.provider_name}: {_tokens_of(takes)}"
        yield from _together(SIGNER, share, takes, text)


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
    shown="A token of another account in the import: the push was refused with 500, and of an"
    " account that the server did not have nobody could log in (Authorization Violation); after the"
    " cure the share worked, and clients were let in.",
)


def token_of_another(share: Taken, now: int) -> Iterator[Finding]:
    misfits: dict[str, list[Take]] = {}
    for take in share.takes:
        if take.item.token and (why := _misfit(share, take, take.activation)):
            misfits.setdefault(why, []).append(take)
    for why, takes in misfits.items():
        yield from _together(OTHERS, share, takes, f"{why}: {_tokens_of(takes)}")


def _misfit(share: Taken, take: Take, token: Claims[Activation] | None) -> str:
    if token is None:
        return "no activation that can be read"
    if token.sub != share.importer.sub:
        return f"made out to {token.sub}, not to {share.importer.name}"
    if token.nats.kind != take.item.type:
        return f"for a {token.nats.kind}, and the import is of a {take.item.type}"
    if not is_contained(take.item.subject, by=token.nats.subject):
        return f"for {token.nats.subject}, which does not cover the import"
    if share.provider_key not in (token.iss, token.nats.issuer_account):
        return "of another account than the import"
    return ""


PARTLY = Rule(
    code="JS306",
    title="Only a part of the share is revoked",
    severity=Severity.WARNING,
    symptom="With ACK left, a revoked importer acknowledges and ends messages, and pulls by +NXT."
    " With NEXT left, it is sent messages that it cannot acknowledge: they come again and again.",
    cause="Each subject of a share has a token and a revocation of its own, and some were"
    " forgotten. Or the revocation was a mistake: then the cure is that of JS303.",
    cure=("jetshare revoke {share} --from {provider} --to {whom}",),
    nsc=(
        "nsc revocations add-activation --account {provider} --service --subject {subject}"
        " --target-account {whom}",
        "nsc push --account {provider}",
    ),
    source="ADR-15 (+NXT)",
    shown="NEXT revoked alone: an acknowledgement was still taken; after the cure it got 503.",
)


def partly_revoked(share: Taken, now: int) -> Iterator[Finding]:
    revoked, left = _revoked_and_left(share)
    if revoked and left:
        text = (
            f"revoked for {share.importer.name}: {listed(revoked)}; and not: {listed(left)};"
            f" choose: finish the revocation, as here, or give it back, as by {REVOKED.code}"
        )
        yield at_take(
            PARTLY,
            share,
            left[0],
            text,
            at_provider=left[0].offer,
            field="revocations",
            every=left,
        )


def _revoked_and_left(share: Taken) -> tuple[list[Take], list[Take]]:
    """What is revoked of all that a token opens, and what is not."""
    revoked: list[Take] = []
    left: list[Take] = []
    for take, offer in _paired(share):
        if take.activation is not None and offer.export.token_req:
            over = _revoked(offer.export, share.importer.sub, take.activation)
            (revoked if over else left).append(take)
    return revoked, left


FOREVER = Rule(
    code="JS307",
    title="The tokens never expire",
    severity=Severity.NOTE,
    symptom="None. The grant lasts until somebody thinks of revoking it.",
    cause="The activation tokens have no exp.",
    cure=(
        "jetshare grant {share} --from {provider} --to {whom} --expires 90d -o {bundle}",
        "jetshare accept {bundle} --account {importer} --yes",
    ),
    nsc=(DELETE_IMPORT, ACTIVATE.replace("{end}", "90d"), IMPORT, *PUSH_BOTH),
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
    cause="The activation tokens were given an end, which is near. The cure grants as long again.",
    cure=GRANT_AGAIN,
    nsc=IMPORT_AGAIN,
    source="RFC 7519, exp",
    shown="Tokens of two seconds: named as ending soon, and when they had ended acknowledgements"
    " got 503. With the cure applied before the end everything went on.",
)


def expires_soon(share: Taken, now: int) -> Iterator[Finding]:
    soon = [(take, t) for take, t in _tokens(share) if now < t.exp <= now + _SOON_S]
    if soon:
        takes = [take for take, _ in soon]
        first = min((token for _, token in soon), key=lambda token: token.exp)
        text = f"{_tokens_of(takes)} will expire in {_span(first.exp - now)}"
        again = {"end": as_long(first)}
        yield from _together(SOON, share, takes, text, more=again)


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
    early = [(take, token.nbf) for take, token in _tokens(share) if token.nbf > now]
    takes = [take for take, _ in early]
    last = max((start for _, start in early), default=now)
    text = f"{_tokens_of(takes)} will be valid in {_span(last - now)} only"
    yield from _together(EARLY, share, takes, text)


def _together(
    rule: Rule, share: Taken, takes: Sequence[Take], text: str, *, more: Mapping[str, str] = _NONE
) -> Iterator[Finding]:
    """One cause, one finding, however many imports it ails."""
    if takes:
        yield at_take(rule, share, takes[0], text, field="token", every=takes, more=more)


def _tokens_of(takes: Sequence[Take]) -> str:
    return f"the token{'s' if len(takes) > 1 else ''} of {listed(takes)}"


def _tokens(share: Taken) -> Iterator[tuple[Take, Claims[Activation]]]:
    """Those that servers look at: an export that is public asks for none."""
    for take in share.takes:
        if take.activation is not None and (take.offer is None or take.offer.export.token_req):
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
