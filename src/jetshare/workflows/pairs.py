"""Whether an import fits the export that it is for, where the store holds both.

Servers take a document whose imports reach nothing and say nothing of it; what is
wrong shows later, as silence. So both documents are compared here, by those of the
doctor's rules that say that an import reaches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from jetshare.errors import NotFound
from jetshare.identity import subjects
from jetshare.identity.claims import Account, Claims, Import
from jetshare.identity.record import record
from jetshare.sharing.rules import pairs, tokens
from jetshare.sharing.rules.rule import Finding
from jetshare.sharing.rules.shares import Accounts, Taken, exports_of, taken_shares
from jetshare.store.contract import Store

_Rule: TypeAlias = Callable[[Taken, int], Iterator[Finding]]

_RULES: tuple[_Rule, ...] = (
    lambda share, _: pairs.not_exported(share),
    tokens.token_missing,
    tokens.signer_unknown,
    tokens.token_revoked,
)


@record
class PairFault:
    """``code`` is stable, the doctor's where it has one; ``text`` names the import."""

    code: str
    text: str


def account_faults(store: Store, importer: Claims[Account], now: int) -> list[PairFault]:
    """The faults of all imports of an account; none of those whose exporter is not in this
    store: then it cannot be known."""
    known = {importer.sub: importer}
    for public in {item.account for item in importer.nats.imports} - {importer.sub}:
        try:
            known[public] = store.account(public).claims
        except NotFound:
            continue
    accounts = Accounts(claims=known, users={}, now=now)
    exports = {public: exports_of(claims) for public, claims in known.items()}
    return [
        fault
        for share in taken_shares(importer, accounts, exports)
        for fault in (*_broken_rules(share, now), *_misplaced(share))
    ]


def import_faults(
    store: Store, importer: Claims[Account], item: Import, now: int
) -> list[PairFault]:
    """Those of one import."""
    return account_faults(store, importer.with_nats(imports=(item,)), now)


def _broken_rules(share: Taken, now: int) -> Iterator[PairFault]:
    for rule in _RULES:
        for found in rule(share, now):
            yield PairFault(code=found.code, text=found.text)


def _misplaced(share: Taken) -> Iterator[PairFault]:
    """A subject that names an account must name the one that imports."""
    for take in share.takes:
        place = take.offer.export.account_token_position if take.offer else 0
        named = subjects.tokens(take.item.subject)
        if place and place <= len(named) and named[place - 1] != share.importer.sub:
            text = (
                f"token {place} of {take.item.subject}, which {share.provider_name} exports for"
                f" each account by itself, must be {share.importer.sub}"
            )
            yield PairFault(code="pair-token-position", text=text)
