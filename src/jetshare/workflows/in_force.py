"""Whether a grant is in force by its documents, and closed where it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from jetshare.net.probe import Heard
from jetshare.sharing.expiry import terms
from jetshare.sharing.found import Accepted, Offered
from jetshare.sharing.proof import Proof, Side

NEXT_REACHES = "NEXT reaches the consumer"
ACK_REACHES = "ACK reaches the consumer"
INFO_ANSWERS = "INFO answers"


@dataclass(frozen=True, slots=True)
class Over:
    """How a grant came to be over, and the command that ends what a server still lets on."""

    how: str
    end_it: str


def how_over(
    held: Accepted,
    offer: Offered | None,
    *,
    importer: tuple[str, str],
    provider_name: str,
    now: int,
) -> Over | None:
    """None while the grant is in force by its documents.

    ``importer`` is its public key and its name; ``provider_name`` is empty where the
    provider's document is not at hand.
    """
    if offer is not None:
        revoked = offer.ended_at(importer[0])
        if revoked is not None and revoked >= max((t.issued for t in terms(held)), default=0):
            return Over("revoked", f"jetshare nsc push -a {quote(provider_name)}")
    if not any(term.over(now) for term in terms(held)):
        return None
    if offer is not None:
        end_it = f"jetshare revoke {held.share} --from {quote(provider_name)} --expired"
    else:
        end_it = f"jetshare drop {held.share} --account {quote(importer[1])} --from {held.provider}"
    return Over("expired", end_it)


def ended_as_it_should(over: Over, heard: Sequence[Heard]) -> list[Proof]:
    """A grant that is over must give nothing: a server may let an expired one go on.

    ``heard`` is what the importer hears at each subject of the share on each server. Any
    answer comes from the provider's side, be it an error; silence proves neither.
    """
    closed: bool | None = None
    seen = "not seen: there was no answer, and no refusal of every subject on every server"
    if Heard.ANSWER in heard:
        closed, seen = False, f"access is STILL OPEN; end it: {over.end_it}"
    elif heard and all(one is Heard.NO_RESPONDERS for one in heard):
        closed, seen = True, "nothing is reached any more"
    in_force, is_closed = "the grant is in force", f"what is {over.how} is closed"
    return [
        Proof(name=in_force, side=Side.DOCUMENTS, held=False, seen=f"it is {over.how}"),
        Proof(name=is_closed, side=Side.IMPORTER, held=closed, seen=seen),
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
