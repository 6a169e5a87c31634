"""All the rules, and what they find in a set of documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jetshare.identity.record import record
from jetshare.sharing.rules import (
    access,
    consumers,
    documents,
    exports,
    imports,
    pairs,
    servers,
    tokens,
    users,
)
from jetshare.sharing.rules.cures import LOAD_AGAIN
from jetshare.sharing.rules.rule import Finding, Rule, fill
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import (
    Accounts,
    Exports,
    Key,
    Offered,
    Taken,
    exports_of,
    taken_shares,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *(rule for rule, _ in exports.RULES),
            *(rule for rule, _ in access.RULES),
            *(rule for rule, _ in imports.RULES),
            *(rule for rule, _ in tokens.RULES),
            *(rule for rule, _ in pairs.RULES),
            *(rule for rule, _ in servers.RULES),
            *(rule for rule, _ in consumers.RULES),
            *documents.RULES,
            *users.RULES,
            pairs.SHARED_TWICE,
            pairs.ACK_TWICE,
            pairs.LOCAL_TWICE,
        ),
        key=lambda rule: rule.code,
    )
)

# Where the consumer wants no acknowledgements, these say nothing.
_NEED_ACKS = frozenset({exports.NO_ACK.code, imports.NO_ACK.code})

SeenOf = Mapping[tuple[str, str, Key], Seen]
"""What was seen live, by importer's key, provider's key and share."""


@record
class Diagnosis:
    """``offered`` and ``taken`` are all the shares of the accounts, with or without a finding."""

    offered: tuple[Offered, ...]
    taken: tuple[Taken, ...]
    findings: tuple[Finding, ...]


def rule_of(code: str) -> Rule | None:
    return next((rule for rule in RULES if rule.code == code.upper()), None)


def shares_of(accounts: Accounts) -> tuple[Mapping[str, Exports], tuple[tuple[Taken, ...], ...]]:
    """What every account exports, by its key, and what each imports, in the same order."""
    exported = {public: exports_of(claims) for public, claims in accounts.claims.items()}
    return exported, tuple(
        taken_shares(claims, accounts, exported) for claims in accounts.claims.values()
    )


def diagnose(accounts: Accounts, seen: SeenOf | None = None) -> Diagnosis:
    """Everything that the rules find, the gravest first."""
    exported, taken = shares_of(accounts)
    offered = tuple(share for each in exported.values() for share in each.shares.values())
    seen = seen or {}
    found = [
        *_of_documents(accounts),
        *(finding for share in offered for finding in _of_offered(share)),
        *(finding for shares in taken for finding in _of_importer(shares, accounts, seen)),
        *pairs.shared_twice(share for shares in taken for share in shares),
    ]
    silent = _without_acks(seen)
    kept = [f for f in found if f.code not in _NEED_ACKS or (f.share, f.parties[0]) not in silent]
    kept = [_with_importers(finding, taken) for finding in kept]
    kept.sort(key=lambda finding: (-finding.severity.rank, finding.share, finding.code))
    return Diagnosis(
        offered=offered,
        taken=tuple(share for shares in taken for share in shares),
        findings=tuple(kept),
    )


def _of_documents(accounts: Accounts) -> Iterator[Finding]:
    for claims in accounts.claims.values():
        yield from documents.refused(claims, accounts.now)
        yield from documents.half_private(claims)
    yield from documents.cycles(accounts.claims)


def _of_offered(share: Offered) -> Iterator[Finding]:
    for _, check in (*exports.RULES, *access.RULES):
        yield from check(share)


def _of_importer(shares: tuple[Taken, ...], accounts: Accounts, seen: SeenOf) -> Iterator[Finding]:
    yield from pairs.local_names_meet(shares)
    for share in shares:
        for _, check in (*imports.RULES, *pairs.RULES):
            yield from check(share)
        for _, timed in tokens.RULES:
            yield from timed(share, accounts.now)
        held = accounts.users.get(share.importer.sub, ())
        yield from users.users_may(share, held)
        yield from users.bearers_shown(share, held)
        sight = seen.get((share.importer.sub, share.provider_key, share.key))
        if sight is not None:
            for _, judge in (*servers.RULES, *consumers.RULES):
                yield from judge(share, sight)


def _with_importers(finding: Finding, taken: tuple[tuple[Taken, ...], ...]) -> Finding:
    """A changed response type reaches an importer only when its own document is loaded anew,
    which servers do where it is another one than before."""
    if finding.code != exports.SINGLETON.code:
        return finding
    again = [
        line
        for shares in taken
        for share in shares
        if (share.provider_key, share.name) == (finding.key, finding.share)
        for line in fill(LOAD_AGAIN, {"importer": share.importer.name})
    ]
    return replace(finding, nsc=(*finding.nsc, *again))


def _without_acks(seen: SeenOf) -> set[tuple[str, str]]:
    """Share names and provider keys of consumers whose ack policy is none."""
    return {
        ("/".join(key), provider)
        for (_, provider, key), sight in seen.items()
        if sight.config.get("ack_policy") == "none"
    }
