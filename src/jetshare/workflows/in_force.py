"""Whether a grant is in force by its documents, and closed where it is over."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from jetshare.sharing.expiry import terms
from jetshare.sharing.found import Accepted, Offered
from jetshare.sharing.proof import Proof, Side

NEXT_REACHES = "NEXT reaches the consumer"
ACK_REACHES = "ACK reaches the consumer"
INFO_ANSWERS = "INFO answers"
_REACHING = (NEXT_REACHES, ACK_REACHES, INFO_ANSWERS)


def ended_as_it_should(
    held: Accepted,
    offer: Offered | None,
    *,
    importer: tuple[str, str],
    provider_name: str,
    proofs: Sequence[Proof],
    now: int,
) -> list[Proof]:
    """A grant that is over must give nothing: a server may let an expired one go on.

    ``importer`` is its public key and its name; ``provider_name`` is empty where the
    provider's document is not at hand.
    """
    over, end_it = "", ""
    if offer is not None:
        revoked = offer.revoked_at(importer[0])
        if revoked is not None and revoked >= max((t.issued for t in terms(held)), default=0):
            over, end_it = "revoked", f"jetshare nsc push -a {quote(provider_name)}"
    if not over and any(term.over(now) for term in terms(held)):
        over = "expired"
        end_it = (
            f"jetshare revoke {held.share} --from {quote(provider_name)} --expired"
            if offer is not None
            else f"jetshare drop {held.share} --account {quote(importer[1])} --from {held.provider}"
        )
    if not over:
        return []
    still = any(p.held for p in proofs if p.side is Side.IMPORTER and p.name in _REACHING)
    seen = f"access is STILL OPEN; end it: {end_it}" if still else "nothing is reached any more"
    return [
        Proof(name="the grant is in force", side=Side.DOCUMENTS, held=False, seen=f"it is {over}"),
        Proof(name=f"what is {over} is closed", side=Side.IMPORTER, held=not still, seen=seen),
    ]


def time_left(held: Accepted, now: int) -> Proof:
    name = "the activation tokens are in time"
    ends = [term.expires for term in terms(held) if term.expires]
    if not ends:
        return Proof(name=name, side=Side.DOCUMENTS, held=True, seen="they never expire")
    left = min(ends) - now
    if left <= 0:
        return Proof(name=name, side=Side.DOCUMENTS, held=False, seen="expired")
    return Proof(name=name, side=Side.DOCUMENTS, held=True, seen=f"{left // 3600:,} h left")
