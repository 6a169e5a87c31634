"""The receipt: a provider's signed record of what it did and how it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jetshare.errors import MalformedToken, WrongIssuer
from jetshare.identity import jwt, nkeys
from jetshare.identity.claims import Claims, Generic
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import envelope
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof

LABEL = "RECEIPT"
TYPE = "jetshare_receipt"


class Witness(StrEnum):
    """How a revocation was seen, the strongest first."""

    IMPORTER = "observed from the importer's side"
    SERVERS = "observed on every server through the system account"
    RESOLVER = "the resolver returns the revoking document"
    NONE = "not observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``importer`` is a public key, or ``*`` for all; ``at`` is Unix seconds.

    ``expired`` says that the grant was over by its own time, and ``signer`` which key signed:
    the provider's own, or one that only the provider's document can tell to be its.
    """

    share: PullConsumer
    provider: str
    provider_name: str
    importer: str
    at: int
    witness: Witness
    servers: tuple[str, ...]
    proofs: tuple[Mapping[str, object], ...]
    expired: bool
    signer: str
    id: str


def make(
    share: PullConsumer,
    *,
    provider: str,
    provider_name: str,
    importer: str,
    at: int,
    witness: Witness,
    servers: Iterable[str],
    proofs: Iterable[Proof],
    signer: KeyPair,
    now: int,
    expired: bool = False,
) -> str:
    """The receipt as the text of its file."""
    data: dict[str, object] = {
        "action": "revoke",
        "at": at,
        "consumer": share.consumer,
        "importer": importer,
        "proofs": [proof.to_json() for proof in proofs],
        "provider": provider,
        "provider_name": provider_name,
        "seen": witness.name.lower(),
        "servers": list(servers),
        "stream": share.stream,
        "type": TYPE,
    }
    if expired:
        data["expired"] = True
    claims = Claims(name=str(share), sub=provider, nats=Generic(data=data))
    return envelope.wrap(LABEL, jwt.encode(claims, signer, now).token)


def read(text: str) -> Receipt:
    """A receipt from its file, its signature checked; an account has signed it.

    Whether that is the provider, or a key that may sign for it, is `envelope.speaks_for`'s to say.
    """
    document = jwt.decode(envelope.unwrap(LABEL, text), Generic)
    claims, data = document.claims, document.claims.nats.data
    if not nkeys.is_public(claims.iss, Kind.ACCOUNT):
        raise WrongIssuer(
            f"the receipt is signed by {claims.iss}, which is no account's key",
            hint="ask the provider for it again",
        )
    if data.get("type") != TYPE:
        raise MalformedToken("this is not a receipt", hint="jetshare inspect says what it is")
    if data.get("provider") != claims.sub:
        raise MalformedToken(
            f"the receipt is made out for {claims.sub}, and speaks of another provider",
            hint="ask the provider for it again",
        )
    try:
        return Receipt(
            share=PullConsumer.parse(f"{data['stream']}/{data['consumer']}"),
            provider=str(data["provider"]),
            provider_name=str(data["provider_name"]),
            importer=str(data["importer"]),
            at=_integer(data["at"]),
            witness=Witness[str(data["seen"]).upper()],
            servers=tuple(str(name) for name in _list(data["servers"])),
            proofs=tuple(item for item in _list(data["proofs"]) if isinstance(item, Mapping)),
            expired=data.get("expired") is True,
            signer=claims.iss,
            id=claims.jti,
        )
    except (KeyError, TypeError) as error:
        raise MalformedToken(
            f"the receipt lacks its field {error}", hint="ask the provider for it again"
        ) from None


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("at")
    return value


def _list(value: object) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError("list")
    return tuple(value)
