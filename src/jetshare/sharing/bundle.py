"""The bundle: the one file that carries a grant from the provider to the importer.

A generic token signed by the provider's account (or one of its signing keys), made
out to the importer, with the activation tokens inside. It holds no secret: only the
importer's account can use what it carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from jetshare.errors import MalformedToken, WrongIssuer, WrongRecipient
from jetshare.identity import jwt, nkeys
from jetshare.identity.claims import Account, Activation, Claims, Generic
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import envelope
from jetshare.sharing.found import offered_share, recognise
from jetshare.sharing.kinds import PullConsumer, SharedSubject, check_prefix

LABEL = "BUNDLE"
TYPE = "jetshare_bundle"
KIND = "pull-consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A grant as it was read: every signature, recipient and subject in it is checked.

    ``importer`` is the public key it is made out to, empty for a public share.
    ``expires`` is Unix seconds, 0 for never. ``domain`` is the provider's JetStream
    domain, empty where the provider did not know it.
    """

    share: PullConsumer
    provider: str
    provider_name: str
    importer: str
    domain: str
    prefix: str
    info: bool
    activations: tuple[Document[Activation], ...]
    issued: int
    expires: int
    not_before: int
    signer: str
    id: str

    @property
    def public(self) -> bool:
        return not self.activations

    def tokens(self) -> tuple[tuple[SharedSubject, str], ...]:
        """Each shared subject with its activation token, empty for a public share."""
        offered = self.share.subjects(self.provider, info=self.info)
        if self.public:
            return tuple((subject, "") for subject in offered)
        held = {document.claims.nats.subject: document.token for document in self.activations}
        return tuple((s, held[s.subject]) for s in offered if s.subject in held)


def make(
    share: PullConsumer,
    *,
    provider: str,
    provider_name: str,
    importer: str,
    prefix: str,
    activations: Iterable[Document[Activation]],
    signer: KeyPair,
    now: int,
    domain: str = "",
    info: bool = True,
    expires: int = 0,
    not_before: int = 0,
) -> str:
    """The bundle as the text of its file."""
    data: dict[str, object] = {
        "activations": [document.token for document in activations],
        "consumer": share.consumer,
        "info": info,
        "kind": KIND,
        "prefix": prefix,
        "provider": provider,
        "provider_name": provider_name,
        "stream": share.stream,
        "type": TYPE,
    }
    if domain:
        data["domain"] = domain
    claims = Claims(
        name=str(share),
        sub=importer or provider,
        exp=expires,
        nbf=not_before,
        nats=Generic(data=data),
    )
    return envelope.wrap(LABEL, jwt.encode(claims, signer, now).token)


def read(text: str) -> Bundle:
    """A bundle from its file. Time is the caller's to check, with `jwt.check_time`."""
    document = jwt.decode(envelope.unwrap(LABEL, text), Generic)
    claims, data = document.claims, document.claims.nats.data
    if not nkeys.is_public(claims.iss, Kind.ACCOUNT):
        raise WrongIssuer(
            f"the bundle is signed by {claims.iss}, which is no account's key",
            hint="ask the provider for a new bundle",
        )
    if data.get("type") != TYPE or data.get("kind") != KIND:
        raise MalformedToken(
            f'a bundle of kind "{data.get("kind")}" is not known here',
            hint="a newer jetshare may know it",
        )
    provider = _text(data, "provider")
    nkeys.parse_public(provider, Kind.ACCOUNT)
    activations = tuple(jwt.decode(token, Activation) for token in _tokens(data))
    importer = claims.sub if activations else ""
    bundle = Bundle(
        share=PullConsumer.parse(f"{_text(data, 'stream')}/{_text(data, 'consumer')}"),
        provider=provider,
        provider_name=_text(data, "provider_name"),
        importer=importer,
        domain=_text(data, "domain"),
        prefix=check_prefix(_text(data, "prefix")),
        info=data.get("info") is not False,
        activations=activations,
        **_validity((claims, *(held.claims for held in activations))),
        signer=claims.iss,
        id=claims.jti,
    )
    if any(held.claims.iss != claims.iss for held in activations):
        raise WrongIssuer(
            f"the bundle is signed by {claims.iss}, and an activation in it by another key",
            hint="ask the provider for a new bundle",
        )
    _check(bundle)
    return bundle


def from_tokens(tokens: Iterable[str]) -> Bundle:
    """The same from the loose activation tokens that nsc makes, all of one share."""
    activations = tuple(jwt.decode(token, Activation) for token in tokens)
    if not activations:
        raise MalformedToken("no activation token was given", hint="name at least one file")
    first = activations[0].claims
    named = [recognise(held.claims.nats.subject) for held in activations]
    shares = {share for found in named if found for share in (found[1],)}
    if None in named or len(shares) != 1:
        odd = next(
            (
                h.claims.nats.subject
                for h, found in zip(activations, named, strict=True)
                if not found
            ),
            activations[-1].claims.nats.subject,
        )
        raise MalformedToken(
            f"the tokens are not those of one pull consumer: {odd}",
            hint="give the NEXT, ACK and INFO tokens of one consumer together",
        )
    bundle = Bundle(
        share=shares.pop(),
        provider=first.nats.issuer_account or first.iss,
        provider_name="",
        importer=first.sub,
        domain="",
        prefix="",
        info=True,
        activations=activations,
        **_validity([held.claims for held in activations]),
        signer=first.iss,
        id=first.jti,
    )
    _check(bundle)
    return bundle


def check_recipient(bundle: Bundle, account: Claims[Account]) -> None:
    if not bundle.public and bundle.importer != account.sub:
        raise WrongRecipient(
            f"this grant of {bundle.share} is made out to {bundle.importer},"
            f" not to {account.name} ({account.sub})",
            hint="choose the account it was made for with --account, or ask for a grant of yours",
        )


def check_issuer(bundle: Bundle, provider: Claims[Account]) -> None:
    """Whether the provider's own document says that the signer may sign for it."""
    for signer in (bundle.signer, *(held.claims.iss for held in bundle.activations)):
        if not envelope.speaks_for(signer, provider):
            raise WrongIssuer(
                f"{signer} signed this grant, and is no key of {provider.name}",
                hint="ask the provider to grant again with a key that its account lists",
            )


def revoked_at(bundle: Bundle, provider: Claims[Account]) -> int | None:
    """When the provider revoked this grant by its own document; None while it has not."""
    offer = offered_share(provider, bundle.share)
    if offer is None or bundle.public:
        return None
    at = offer.ended_at(bundle.importer)
    return at if at is not None and at >= bundle.issued else None


def _check(bundle: Bundle) -> None:
    """The activations are of this provider, this importer and this share, and no more."""
    known = {subject.subject for subject in bundle.share.subjects(bundle.provider)}
    for held in bundle.activations:
        claims = held.claims
        if (claims.nats.issuer_account or claims.iss) != bundle.provider:
            raise WrongIssuer(
                f"the activation of {claims.nats.subject} is issued by {claims.iss},"
                f" which does not speak for {bundle.provider}",
                hint="ask the provider for a new grant",
            )
        if claims.sub != bundle.importer:
            raise WrongRecipient(
                f"the activation of {claims.nats.subject} is made out to another account,"
                f" {claims.sub}",
                hint="ask the provider for a new grant",
            )
        if claims.nats.kind != "service" or claims.nats.subject not in known:
            raise MalformedToken(
                f"the activation of {claims.nats.subject} is no part of {bundle.share}",
                hint="ask the provider for a new grant",
            )


class _Validity(TypedDict):
    issued: int
    expires: int
    not_before: int


def _validity(tokens: Sequence[Claims[Generic] | Claims[Activation]]) -> _Validity:
    """When all of the tokens are valid together; as old as the oldest one."""
    return _Validity(
        issued=min(claims.iat for claims in tokens),
        expires=min((claims.exp for claims in tokens if claims.exp), default=0),
        not_before=max(claims.nbf for claims in tokens),
    )


def _text(data: Mapping[str, object], field: str) -> str:
    value = data.get(field, "")
    if not isinstance(value, str):
        raise MalformedToken(
            f'the bundle\'s field "{field}" is no text', hint="ask the provider for a new bundle"
        )
    return value


def _tokens(data: Mapping[str, object]) -> list[str]:
    value = data.get("activations", [])
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise MalformedToken(
            'the bundle\'s field "activations" is no list of tokens',
            hint="ask the provider for a new bundle",
        )
    return [str(item) for item in value]
