"""Which activations of a share are past their time.

A server that holds an import goes on with it after its token's time, until it takes
one of the two accounts with a change in it (nats-server ``accounts.go``: the timer of a
mapped service finds no import by the provider's name of it). So what has expired is to
be ended like what is revoked: this says for whom, and up to which time of issue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jetshare.errors import TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims
from jetshare.sharing import ledger
from jetshare.sharing.found import Accepted, Offered, accepted_share


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """From when until when a token is good, in Unix seconds; ``expires`` 0 is for ever."""

    issued: int
    expires: int

    def over(self, now: int) -> bool:
        return 0 < self.expires <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """One importer's tokens that are over: those issued at ``until`` or before.

    ``nothing_left`` says that the importer has none that goes on: it must be refused.
    """

    importer: str
    until: int
    nothing_left: bool


def expired(
    offer: Offered,
    provider: str,
    entries: Iterable[ledger.Entry],
    accounts: Iterable[Claims[Account]],
    now: int,
) -> tuple[Expired, ...]:
    """Whose tokens of ``offer`` are over, by the provider's ledger and by the imports of
    those ``accounts`` that are at hand. What was revoked already is not among them.

    An importer that was renewed keeps its new tokens. Where those were issued in the same
    second as old ones that are over, a revocation cannot tell them apart: all are left. What
    an importer at hand holds and is in force is left as well, however new the grants are that
    were not taken.
    """
    granted: dict[str, set[Term]] = {}
    for entry in ledger.unrevoked(entries, offer.share):
        granted.setdefault(entry.importer, set()).add(Term(entry.issued, entry.expires))
    held = {
        account.sub: {term for item in taken for term in terms(item)}
        for account in accounts
        if (taken := accepted_share(account, offer.share, provider))
    }
    found = (
        _expired(importer, granted.get(importer, set()), held.get(importer), offer, now)
        for importer in dict.fromkeys((*granted, *held))
    )
    return tuple(each for each in found if each)


def terms(held: Accepted) -> tuple[Term, ...]:
    """Those of the activations with which a share was accepted."""
    return tuple(Term(claims.iat, claims.exp) for claims in activations(held))


def activations(held: Accepted) -> tuple[Claims[Activation], ...]:
    """What is no token, such as a URL, is left out."""
    found = []
    for _, item in held.imports:
        try:
            found.append(jwt.decode(item.token, Activation).claims)
        except TokenError:
            continue
    return tuple(found)


def _expired(
    importer: str, granted: set[Term], held: set[Term] | None, offer: Offered, now: int
) -> Expired | None:
    revoked = offer.ended_at(importer) or 0
    known = {term for term in granted | (held or set()) if term.issued > revoked}
    over = {term for term in known if term.over(now)}
    in_use = {term for term in known - over if held and term in held}
    # A newer grant that is over and was never taken is no reason to end what is in use.
    over = {term for term in over if all(term.issued < other.issued for other in in_use)}
    if not over:
        return None
    until = max(over).issued
    newest = max(known).issued
    newest_is_over = all(term in over for term in known if term.issued == newest)
    if not newest_is_over and any(term.issued <= until for term in known - over):
        return None
    held_is_over = held is not None and bool(held & over)
    return Expired(
        importer=importer,
        until=until,
        nothing_left=not in_use and (newest_is_over or held_is_over),
    )
