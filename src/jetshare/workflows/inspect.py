"""Inspect: say in words what a file from outside is, without its secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jetshare.editing.revocations import EVERYONE
from jetshare.errors import KeyFormatError, MalformedToken, NotFound, StoreDamaged
from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    Body,
    Claims,
    Generic,
    Operator,
    User,
    to_json,
)
from jetshare.identity.creds import parse_creds, parse_token_file
from jetshare.identity.nkeys import KeyPair
from jetshare.identity.validate import validate
from jetshare.sharing import bundle, envelope, receipt
from jetshare.store.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """``facts`` in reading order; ``verdict`` is empty where nothing is wrong."""

    what: str
    facts: tuple[tuple[str, str], ...]
    verdict: tuple[str, ...]
    payload: dict[str, object]

    @property
    def good(self) -> bool:
        return not self.verdict


def inspect(
    text: str, now: int, show_time: Callable[[int], str], store: Store | None = None
) -> Inspection:
    """A bundle, receipt, creds file or token. Raises TokenError where it is none of them.

    A ``store`` that has the provider's document tells whether the signer may sign for it,
    and whether the grant was revoked; without one, a signer other than the provider itself
    is a doubt, and a doubt is no good verdict.
    """
    if found := _seed(text):
        return found
    if envelope.is_wrapped(bundle.LABEL, text):
        return _bundle(bundle.read(text), now, show_time, store)
    if envelope.is_wrapped(receipt.LABEL, text):
        return _receipt(receipt.read(text), show_time, store)
    if "SEED-----" in text or "PRIVATE KEY" in text:
        held = parse_creds(text)
        found = _token(held.jwt, now, show_time, store)
        return Inspection(
            what=f"creds file of {found.what}",
            facts=(*found.facts, ("seed", "present, not shown")),
            verdict=found.verdict,
            payload=found.payload,
        )
    return _token(parse_token_file(text), now, show_time, store)


def _seed(text: str) -> Inspection | None:
    """A bare seed, as key files hold it; what it is, and nothing of what it says."""
    try:
        key = KeyPair.from_seed(text)
    except KeyFormatError:
        return None
    return Inspection(
        what=f"seed of a key of kind {key.kind}",
        facts=(("public key", key.public), ("seed", "a secret, not shown")),
        verdict=(),
        payload={"kind": str(key.kind), "public": key.public},
    )


def _bundle(
    held: bundle.Bundle, now: int, show_time: Callable[[int], str], store: Store | None
) -> Inspection:
    provider = _provider(store, held.provider)
    doubts = _signer_verdict(held.signer, held.provider, held.provider_name, provider)
    if provider is not None and (at := bundle.revoked_at(held, provider)) is not None:
        doubts += (f"revoked {show_time(at)}",)
    facts = [
        ("share", f"pull consumer {held.share}"),
        ("provider", f"{held.provider_name} ({held.provider})"),
        ("importer", held.importer or "anyone (public)"),
        ("prefix", f"{held.prefix} (suggested)"),
        ("domain", held.domain or "not given"),
        ("signed by", held.signer),
        ("issued", show_time(held.issued)),
        ("expires", show_time(held.expires) if held.expires else "never"),
        *((f"{subject.role}", subject.subject) for subject, _ in held.tokens()),
    ]
    return Inspection(
        what="jetshare bundle",
        facts=tuple(facts),
        verdict=(*doubts, *_time_verdict(held.expires, held.not_before, now, show_time)),
        payload={
            "share": str(held.share),
            "provider": held.provider,
            "provider_name": held.provider_name,
            "importer": held.importer,
            "prefix": held.prefix,
            "domain": held.domain,
            "signer": held.signer,
            "issued": held.issued,
            "expires": held.expires,
            "id": held.id,
            "subjects": [subject.subject for subject, _ in held.tokens()],
        },
    )


def _receipt(
    held: receipt.Receipt, show_time: Callable[[int], str], store: Store | None
) -> Inspection:
    importer = "every importer" if held.importer == "*" else held.importer
    return Inspection(
        what="jetshare receipt of a revocation",
        facts=(
            ("share", f"pull consumer {held.share}"),
            ("provider", f"{held.provider_name} ({held.provider})"),
            ("revoked for", importer),
            ("at", show_time(held.at)),
            *((("because", "it was past its time"),) if held.expired else ()),
            ("seen", str(held.witness)),
            ("servers", ", ".join(held.servers) or "none"),
            ("signed by", held.signer),
            *((str(proof.get("name")), str(proof.get("seen"))) for proof in held.proofs),
        ),
        verdict=_signer_verdict(
            held.signer, held.provider, held.provider_name, _provider(store, held.provider)
        ),
        payload={
            "share": str(held.share),
            "provider": held.provider,
            "provider_name": held.provider_name,
            "importer": held.importer,
            "signer": held.signer,
            "at": held.at,
            "expired": held.expired,
            "seen": str(held.witness),
            "servers": list(held.servers),
            "proofs": [dict(proof) for proof in held.proofs],
        },
    )


def _provider(store: Store | None, public: str) -> Claims[Account] | None:
    try:
        return store.account(public).claims if store else None
    except (NotFound, StoreDamaged):
        return None


def _signer_verdict(
    signer: str, provider: str, name: str, document: Claims[Account] | None
) -> tuple[str, ...]:
    """What is wrong with the signature as one of the provider: anybody can name a provider."""
    if signer == provider:
        return ()
    if document is None:
        who = f"{name} ({provider})" if name else provider
        return (
            f"signed by {signer}, which is not {who}: nothing here says that it may sign for it",
        )
    if envelope.speaks_for(signer, document):
        return ()
    return (f"signed by {signer}, which is no key of {document.name} ({provider})",)


def _token(
    token: str, now: int, show_time: Callable[[int], str], store: Store | None
) -> Inspection:
    claims = jwt.decode(token).claims
    kind = type(claims.nats).__name__.lower()
    facts = [
        ("name", claims.name),
        ("subject", claims.sub),
        ("issued by", claims.iss),
        ("issued", show_time(claims.iat)),
        ("expires", show_time(claims.exp) if claims.exp else "never"),
        *_body_facts(claims),
    ]
    verdict = [
        f"{found.severity}: {found.text} ({found.path})" if found.path else found.text
        for found in validate(claims, now)
        if found.severity in ("error", "time")
    ]
    return Inspection(
        what=f"{kind} token",
        facts=tuple((name, text) for name, text in facts if text),
        verdict=(*_activation_verdict(claims, show_time, store), *verdict),
        payload=to_json(claims),
    )


def _activation_verdict(
    claims: Claims[Body], show_time: Callable[[int], str], store: Store | None
) -> tuple[str, ...]:
    """What the provider's own document has against an activation, where it is at hand."""
    if not isinstance(claims.nats, Activation):
        return ()
    grant, public = claims.nats, claims.nats.issuer_account or claims.iss
    provider = _provider(store, public)
    if provider is None:
        return ()
    revoked = [
        at
        for export in provider.nats.exports
        if (export.type, export.subject) == (grant.kind, grant.subject)
        for who, at in export.revocations.items()
        if who in (claims.sub, EVERYONE) and at >= claims.iat
    ]
    return (
        *_signer_verdict(claims.iss, public, provider.name, provider),
        *((f"revoked {show_time(max(revoked))}",) if revoked else ()),
    )


def _body_facts(claims: Claims[Body]) -> list[tuple[str, str]]:
    match claims.nats:
        case Activation() as held:
            provider = held.issuer_account or claims.iss
            return [("lets import", f"{held.kind} {held.subject}"), ("provider", provider)]
        case Account() as held:
            return [
                *((f"export {e.type}", e.subject) for e in held.exports),
                *((f"import {i.type}", f"{i.subject} from {i.account}") for i in held.imports),
            ]
        case User() as held:
            return [("account", held.issuer_account or claims.iss)]
        case Operator() as held:
            return [("system account", held.system_account)]
        case Generic() as held:
            return [("type", str(held.data.get("type", "")))]
        case _:
            return []


def _time_verdict(
    expires: int, not_before: int, now: int, show_time: Callable[[int], str]
) -> tuple[str, ...]:
    found = []
    if expires and expires <= now:
        found.append(f"expired {show_time(expires)}")
    if not_before > now:
        found.append(f"not valid before {show_time(not_before)}")
    return tuple(found)


def read_text(data: bytes, name: str) -> str:
    """The bytes of a file from outside as text, or MalformedToken."""
    if len(data) > jwt.SIZE_LIMIT:
        raise MalformedToken(f"{name} is over {jwt.SIZE_LIMIT:,} bytes", hint="no token is")
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedToken(
            f"{name} holds bytes that no token holds", hint="give the file as it was sent"
        ) from None
