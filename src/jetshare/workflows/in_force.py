"""Whether a grant is in force by its documents, and closed where it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from jetshare.net.probe import Heard
from jetshare.sharing.expiry import terms
from jetshare.sharing.found import Accepted, Offered
from jetshare.sharing.proof import Proof, Side
from jetshare.sharing.times import show_left

NEXT_REACHES = "NEXT reaches the consumer"
ACK_REACHES = "ACK reaches the consumer"
INFO_ANSWERS = "INFO answers"


@dataclass(frozen=True, slots=True)
class Over:
    """How a grant came to be over, and the command that ends what a server still lets on.

    ``closed`` is the name of the proof that a server lets nothing on.
    """

    how: str
    end_it: str

    @property
    def closed(self) -> str:
        return f"what is {self.how} is closed"


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
    provider's document is not at hand. A public share asks for no token, so neither the time
    of one nor a revocation ends it (nats-server accounts.go, checkAuth).
    """
    if offer is not None and offer.public:
        return None
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


def ended_as_it_should(over: Over, heard: Sequence[Heard], *, refused: bool) -> list[Proof]:
    """A grant that is over must give nothing: a server may let an expired one go on.

    ``heard`` is what the importer hears at each subject of the share on each server. Any
    answer comes from the provider's side, be it an error; silence proves neither.
    ``refused`` says that "no responders" can mean nothing else: a consumer that is not there
    gives it, too, and may be made again.
    """
    closed: bool | None = None
    seen = "not seen: there was no answer, and no refusal of every subject on every server"
    if Heard.ANSWER in heard:
        closed, seen = False, f"access is STILL OPEN; end it: {over.end_it}"
    elif heard and all(one is Heard.NO_RESPONDERS for one in heard):
        seen = "not seen: nothing answers, nor would a consumer that is not there"
        if refused:
            closed, seen = True, "nothing is reached any more"
    in_force = Proof(
        name="the grant is in force", side=Side.DOCUMENTS, held=False, seen=f"it is {over.how}"
    )
    return [in_force, Proof(name=over.closed, side=Side.IMPORTER, held=closed, seen=seen)]


def time_left(held: Accepted, offer: Offered | None, now: int) -> Proof:
    end = min((term.expires for term in terms(held) if term.expires), default=0)
    public = offer is not None and offer.public
    left = show_left(end, now) if end else "they never expire"
    return Proof(
        name="the activation tokens are in time",
        side=Side.DOCUMENTS,
        held=public or not end or end > now,
        seen="the share is public and asks for none" if public else left,
    )
