"""Mend what the doctor found, as far as one document alone decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jetshare.errors import StoreChanged
from jetshare.identity.claims import Account, Claims
from jetshare.identity.jwt import Document
from jetshare.identity.record import record
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.rules import book
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.rule import Finding
from jetshare.sharing.rules.shares import Accounts
from jetshare.store.contract import Store
from jetshare.workflows.doctor import Examination
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach

_PUSH_MENDS = frozenset({"JS501", "JS506"})

# What a server copies from an export into the imports of it.
_COPIED = frozenset({"response_type", "response_threshold"})


@record
class FixPlan:
    """Each account that changes, before and after; those that are only signed and pushed
    ``again``; and the findings that are left, because one document cannot mend them."""

    edits: tuple[tuple[Claims[Account], Claims[Account]], ...]
    again: tuple[Claims[Account], ...]
    remaining: tuple[Finding, ...]

    @property
    def empty(self) -> bool:
        return not self.edits and not self.again

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(claims.name for claims in (*(old for old, _ in self.edits), *self.again))

    @property
    def changes(self) -> Mapping[str, tuple[Change, ...]]:
        """What a person confirms, by the account's name."""
        return {before.name: changes(before, after) for before, after in self.edits}


@record
class Mended:
    """The names of the accounts that were stored, and what became of their push."""

    documents: tuple[str, ...] = ()
    push: Push | None = None


def plan_fix(found: Examination) -> FixPlan:
    """What the fixes of the findings come to. Raises InvalidDocument where servers would
    refuse the result.

    An importer of a share whose response type changes is signed and pushed anew as well:
    a server copies the type into the import when it loads the importer.
    """
    accounts, findings = found.accounts, found.findings
    edits = []
    for key in dict.fromkeys(finding.key for finding in findings if finding.fix is not None):
        before = accounts.claims[key]
        after = checked(before, fixed(before, findings))
        if after != before:
            edits.append((before, after))
    changed = {before.sub for before, _ in edits}
    stale = [finding.key for finding in findings if finding.code in _PUSH_MENDS]
    again = (*stale, *_importers_that_copied(accounts, findings))
    return FixPlan(
        edits=tuple(edits),
        again=tuple(
            accounts.claims[key]
            for key in dict.fromkeys(again)
            if key in accounts.claims and key not in changed
        ),
        remaining=tuple(f for f in findings if f.fix is None and f.code not in _PUSH_MENDS),
    )


async def mend(
    store: Store, plan: FixPlan, reach: Reach, now: int, *, carry: bool = True
) -> Mended:
    """Store what was planned, and push it with ``carry``. Raises StoreChanged, and stores
    nothing, where a document is not any more the one that was looked at."""
    signed: list[Document[Account]] = []
    with store.edit() as editing:
        for before, after in (*plan.edits, *((claims, claims) for claims in plan.again)):
            if editing.account(before.sub).claims != before:
                raise StoreChanged(
                    f"account {before.name} was changed since the doctor looked at it",
                    hint="run the doctor again",
                )
            document = sign_account(editing, after, now)
            editing.put_account(document)
            signed.append(document)
    return Mended(
        documents=tuple(document.claims.name for document in signed),
        push=await push(store, signed, reach, now) if signed and carry else None,
    )


def _importers_that_copied(accounts: Accounts, findings: Iterable[Finding]) -> Sequence[str]:
    """The keys of accounts that import a share of which a fix changes what they copied."""
    changed = {(f.key, f.share) for f in findings if f.fix and _COPIED & f.fix.changes.keys()}
    if not changed:
        return ()
    _, taken = book.shares_of(accounts)
    return [
        share.importer.sub
        for shares in taken
        for share in shares
        if (share.provider_key, share.name) in changed
    ]
