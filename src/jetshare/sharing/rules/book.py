"""All the rules, and what they find in a set of documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from jetshare.identity.record import record
from jetshare.sharing.rules import (
    access,
    binding,
    buckets,
    consumers,
    deliveries,
    documents,
    ended,
    expired,
    exports,
    imports,
    limits,
    mappings,
    pairs,
    replies,
    servers,
    tokens,
    users,
)
from jetshare.sharing.rules.config_cures import in_config
from jetshare.sharing.rules.cures import LOAD_AGAIN
from jetshare.sharing.rules.following import following
from jetshare.sharing.rules.rule import Finding, Rule, fill, once, worded
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
    worded(rule)
    for rule in sorted(
        (
            *(rule for rule, _ in exports.RULES),
            *(rule for rule, _ in access.RULES),
            *(rule for rule, _ in imports.RULES),
            *(rule for rule, _ in deliveries.RULES),
            *(rule for rule, _ in tokens.RULES),
            *(rule for rule, _ in pairs.RULES),
            *(rule for rule, _ in servers.RULES),
            *(rule for rule, _ in consumers.RULES),
            *documents.RULES,
            *users.RULES,
            pairs.SHARED_TWICE,
            pairs.ACK_TWICE,
            pairs.LOCAL_TWICE,
            ended.ENDED,
            ended.STILL_OPEN,
            expired.STILL_OPEN,
            mappings.PROVIDER_MAPS,
            mappings.IMPORTER_MAPS,
            limits.LIMITED,
            binding.INFO_LOST,
            buckets.NOT_EXPORTED,
            buckets.NOT_IMPORTED,
            replies.REPLIES,
        ),
        key=lambda rule: rule.code,
    )
)

# Where the consumer wants no acknowledgements, these say nothing.
_NEED_ACKS = frozenset({exports.NO_ACK.code, imports.NO_ACK.code})

# What a server copies from an export into the imports of it, or drops them for.
_KEPT_BY_IMPORTERS = frozenset(
    {exports.SINGLETON.code, exports.THRESHOLD.code, exports.FOREIGN_HASH.code}
)

Sight = tuple[str, str, Key]
"""A share as somebody takes it: the importer's key, the provider's key, and the share."""

SeenOf = Mapping[Sight, Seen]
"""What was seen live."""


@record
class Diagnosis:
    """``offered`` and ``taken`` are all the shares of the accounts, with or without a finding.
    ``ended`` says how and when, in words, those of ``taken`` ended that their owners ended."""

    offered: tuple[Offered, ...]
    taken: tuple[Taken, ...]
    findings: tuple[Finding, ...]
    ended: Mapping[Sight, str]


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
    accounts = _named_apart(accounts)
    exported, taken = shares_of(accounts)
    offered = tuple(share for each in exported.values() for share in each.shares.values())
    seen = seen or {}
    over = _over(accounts, taken)
    found = [
        *_of_documents(accounts, seen),
        *(finding for share in offered for finding in _of_offered(share)),
        *(finding for shares in taken for finding in _of_importer(shares, accounts, seen, over)),
        *pairs.shared_twice(s for shares in taken for s in shares if sight_of(s) not in over),
    ]
    silent = _without_acks(seen)
    kept = [f for f in found if f.code not in _NEED_ACKS or (f.share, f.parties[0]) not in silent]
    kept = sorted(
        map(worded, _with_importers(kept, taken, over)),
        key=lambda finding: (-finding.severity.rank, finding.share, finding.code),
    )
    if accounts.config_file:
        imported = (share for shares in taken for share in shares)
        kept = [*in_config(kept, accounts.claims, exported, imported)]
    return Diagnosis(
        offered=offered,
        taken=tuple(share for shares in taken for share in shares),
        findings=tuple(kept),
        ended=over,
    )


def sight_of(share: Taken) -> Sight:
    return (share.importer.sub, share.provider_key, share.key)


def _over(accounts: Accounts, taken: tuple[tuple[Taken, ...], ...]) -> Mapping[Sight, str]:
    """How those shares ended that their owners ended."""
    ways = {
        sight_of(share): ended.how_ended(
            share, accounts.ledgers.get(share.provider_key, ()), accounts.now
        )
        for shares in taken
        for share in shares
    }
    return {sight: how for sight, how in ways.items() if how}


def _of_documents(accounts: Accounts, seen: SeenOf) -> Iterator[Finding]:
    for claims in accounts.claims.values():
        if not accounts.config_file:  # its server has taken all of the file
            yield from documents.refused(claims, accounts.now)
            yield from documents.out_of_time(claims, accounts.now)
        yield from documents.half_private(claims)
    left_out = {
        (importer, provider, subject)
        for (importer, provider, _), sight in seen.items()
        for subject in sight.invalid
    }
    yield from documents.cycles(accounts.claims, left_out)


def _of_offered(share: Offered) -> Iterator[Finding]:
    for _, check in (*exports.RULES, *access.RULES):
        yield from check(share)
    yield from mappings.provider_maps(share)
    yield from buckets.info_not_exported(share)


def _named_apart(accounts: Accounts) -> Accounts:
    """Those of which another has the same name go by their keys."""
    counts = Counter(claims.name for claims in accounts.claims.values())
    if len(counts) == len(accounts.claims):
        return accounts
    claims = {
        key: replace(held, name=key) if counts[held.name] > 1 else held
        for key, held in accounts.claims.items()
    }
    return replace(accounts, claims=claims)


def _of_importer(
    shares: tuple[Taken, ...], accounts: Accounts, seen: SeenOf, over: Mapping[Sight, str]
) -> Iterator[Finding]:
    yield from pairs.local_names_meet(s for s in shares if sight_of(s) not in over)
    for share in shares:
        how = over.get(sight_of(share), "")
        if not how:
            yield from following(_of_taken(share, accounts, seen))
        else:
            yield from _of_ended(share, how, accounts, seen)


def _of_taken(share: Taken, accounts: Accounts, seen: SeenOf) -> Iterator[Finding]:
    for _, check in (*imports.RULES, *deliveries.RULES, *pairs.RULES):
        yield from check(share)
    yield from mappings.importer_maps(share)
    yield from buckets.info_not_imported(share)
    yield from replies.replies_not_imported(share)
    if not accounts.config_file:  # which tells no limits
        yield from limits.importer_limited(share)
    for _, timed in () if accounts.config_file else tokens.RULES:
        yield from timed(share, accounts.now)
    held = accounts.users.get(share.importer.sub, ())
    sight = seen.get(sight_of(share))
    second_form = sight is not None and sight.wants_second_form
    yield from users.users_may(share, held, second_form=second_form)
    yield from users.bearers_shown(share, held)
    if sight is not None:
        for _, judge in (*servers.RULES, *consumers.RULES):
            yield from judge(share, sight)
        yield from binding.info_reaches_nobody(share, sight)
        yield from expired.still_open(share, sight, accounts.now)


def _of_ended(share: Taken, how: str, accounts: Accounts, seen: SeenOf) -> Iterator[Finding]:
    """That it does not work is no failure; what could undo the end, or ends more, is one."""
    yield ended.left_over(share, how)
    yield from tokens.token_of_another(share, accounts.now)
    sight = seen.get(sight_of(share))
    if sight is not None:
        yield from servers.document_differs(share, sight)
        yield from servers.server_is_newer(share, sight)
        yield from ended.still_open(share, sight)


def _with_importers(
    findings: Iterable[Finding], taken: tuple[tuple[Taken, ...], ...], over: Mapping[Sight, str]
) -> Iterator[Finding]:
    """Some changes reach an importer only when its own document is loaded anew, which servers
    do where it is another one than before; and the second form is for each of them to take,
    but for those whose share has ended."""
    importers: dict[tuple[str, str], list[Taken]] = {}
    for share in (share for shares in taken for share in shares):
        importers.setdefault((share.provider_key, share.name), []).append(share)
    for finding in findings:
        held = importers.get((finding.key, finding.share), ())
        if finding.code in _KEPT_BY_IMPORTERS and finding.nsc:
            names = [share.importer.name for share in held]
            again = [line for name in names for line in fill(LOAD_AGAIN, {"importer": name})]
            finding = replace(finding, nsc=(*finding.nsc, *again))
        elif finding.code == exports.V1_ONLY.code:
            takes = [imports.second_form_to_take(s) for s in held if sight_of(s) not in over]
            finding = replace(
                finding,
                cure=once(line for take in takes for line in take.cure),
                nsc=once((*finding.nsc, *(line for take in takes for line in take.nsc))),
            )
        yield finding


def _without_acks(seen: SeenOf) -> set[tuple[str, str]]:
    """Share names and provider keys of consumers whose ack policy is none."""
    return {
        ("/".join(key), provider)
        for (_, provider, key), sight in seen.items()
        if sight.config.get("ack_policy") == "none"
    }
