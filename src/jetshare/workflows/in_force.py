"""Whether a grant is in force by its documents, and closed where it is over."""

from __future__ import annotations

from collections.abc import Sequence

from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims
from jetshare.sharing.found import Accepted, Offered
from jetshare.sharing.proof import Proof, Side

NEXT_REACHES = "NEXT reaches the consumer"
ACK_REACHES = "ACK reaches the consumer"
INFO_ANSWERS = "INFO answers"
_REACHING = (NEXT_REACHES, ACK_REACHES, INFO_ANSWERS)


def ended_as_it_should(
    held: Accepted, offer: Offered | None, importer: str, proofs: Sequence[Proof], now: int
) -> list[Proof]:
    """A grant that is over must give nothing: a server may let an expired one go on."""
    over = ""
    if offer is not None:
        revoked = offer.revoked_at(importer)
        if revoked is not None and revoked >= _issued(held):
            over = "revoked"
    if not over and (ends := _ends(held)) and min(ends) <= now:
        over = "expired"
    if not over:
        return []
    still = any(p.held for p in proofs if p.side is Side.IMPORTER and p.name in _REACHING)
    seen = "access is STILL OPEN: revoke it, and push" if still else "nothing is reached any more"
    return [
        Proof(name="the grant is in force", side=Side.DOCUMENTS, held=False, seen=f"it is {over}"),
        Proof(name=f"what is {over} is closed", side=Side.IMPORTER, held=not still, seen=seen),
    ]


def _issued(held: Accepted) -> int:
    return max((claims.iat for claims in _tokens(held)), default=0)


def _ends(held: Accepted) -> list[int]:
    return [claims.exp for claims in _tokens(held) if claims.exp]


def _tokens(held: Accepted) -> list[Claims[Activation]]:
    return [jwt.decode(item.token, Activation).claims for _, item in held.imports if item.token]


def time_left(held: Accepted, now: int) -> Proof:
    name = "the activation tokens are in time"
    ends = _ends(held)
    if not ends:
        return Proof(name=name, side=Side.DOCUMENTS, held=True, seen="they never expire")
    left = min(ends) - now
    if left <= 0:
        return Proof(name=name, side=Side.DOCUMENTS, held=False, seen="expired")
    return Proof(name=name, side=Side.DOCUMENTS, held=True, seen=f"{left // 3600:,} h left")
