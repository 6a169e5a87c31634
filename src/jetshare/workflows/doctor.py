"""Doctor: find what is wrong with shares, whoever made them, and say how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from jetshare.errors import InputError, NotFound
from jetshare.identity.record import record
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules import book
from jetshare.sharing.rules.book import Diagnosis, SeenOf, sight_of
from jetshare.sharing.rules.ended import ENDED
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Accounts, Kind, Offered, Taken
from jetshare.store.contract import Store
from jetshare.store.names import not_found
from jetshare.workflows.doctor_documents import from_store
from jetshare.workflows.reach import Reach

_MONITORING = "$SYS."
"""What every system account exports, as nsc makes it, is no share until somebody imports it."""


@record
class DoctorRequest:
    """Without ``share`` and ``accounts`` (names or keys) everything is looked at. ``live``
    asks the servers too, and ``consume`` may then have a few messages delivered, for what
    cannot be seen without. ``notes`` also tells what may be meant."""

    share: PullConsumer | None = None
    accounts: tuple[str, ...] = ()
    live: bool = False
    consume: bool = False
    notes: bool = False


@record
class Verdict:
    """One share between two accounts; ``importer`` is empty where nobody at hand imports it.

    ``ended`` says how and when its owner ended it, empty where it did not. ``asked`` is whether the
    servers answered as the importer; ``unproven`` what could not be seen of it there, and
    ``left_behind`` what looking has changed.
    """

    share: str
    kind: Kind
    provider: str
    importer: str
    findings: tuple[Finding, ...]
    ended: str = ""
    asked: bool = False
    unproven: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()

    @property
    def worst(self) -> Severity | None:
        return max((f.severity for f in self.findings), key=lambda s: s.rank, default=None)


@record
class Examination:
    """What was found in ``accounts``. ``others`` are findings that belong to no single share.
    ``live`` is whether servers were looked at."""

    accounts: Accounts
    verdicts: tuple[Verdict, ...]
    others: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    live: bool = False


Progress = Callable[[int, int], None]
"""Called with how many looks at servers are done, and of how many."""


async def doctor(
    store: Store,
    request: DoctorRequest,
    reach: Reach,
    now: int,
    *,
    progress: Progress | None = None,
) -> Examination:
    """Look at the documents of a store and, where the request says so, at the servers.

    Raises NotFound where an account or the share is not there, and with ``live``
    NetworkError where no server is reached.
    """
    accounts = from_store(store, now)
    if not request.live:
        return examine(accounts, request)
    return examine(accounts, request, await see(store, accounts, request, reach, progress=progress))


async def see(
    store: Store,
    accounts: Accounts,
    request: DoctorRequest,
    reach: Reach,
    *,
    progress: Progress | None = None,
) -> SeenOf:
    """What servers show of the shares that are asked for."""
    from jetshare.workflows.doctor_live import look

    _, taken = book.shares_of(accounts)
    wanted = _wanted(accounts, request)
    named = [
        share
        for shares in taken
        for share in shares
        if _is_named(share, (share.provider_key, share.importer.sub), request, wanted)
    ]
    return await look(store, named, reach, accounts.now, consume=request.consume, progress=progress)


def examine(accounts: Accounts, request: DoctorRequest, seen: SeenOf | None = None) -> Examination:
    """What the rules find in the documents, and in what was ``seen`` on servers."""
    if request.consume and not request.live:
        raise InputError(
            "messages are consumed on servers, and none is to be asked",
            hint="consume needs live",
        )
    diagnosis = book.diagnose(accounts, seen)
    wanted = _wanted(accounts, request) or _parties(diagnosis, request)
    offers = frozenset(
        (taken.provider_key, taken.name)
        for taken in diagnosis.taken
        if taken.importer.sub in wanted
    )
    findings = tuple(
        f
        for f in diagnosis.findings
        if (request.notes or f.severity is not Severity.NOTE or f.code == ENDED.code)
        and _is_asked(f, request, wanted, offers)
    )
    verdicts = tuple(_verdicts(diagnosis, findings, request, wanted, seen or {}))
    told = {id(f) for verdict in verdicts for f in verdict.findings}
    others = tuple(f for f in findings if id(f) not in told)
    if request.share is not None and not verdicts:
        known = {o.name for o in diagnosis.offered} | {t.name for t in diagnosis.taken}
        near = get_close_matches(str(request.share), known, n=1)
        raise NotFound(
            f"no account that is looked at offers or imports {request.share}",
            hint=f"did you mean {near[0]}?" if near else "jetshare ls shows what is there",
        )
    return Examination(
        accounts=accounts,
        verdicts=verdicts,
        others=others,
        findings=findings,
        live=seen is not None,
    )


def _wanted(accounts: Accounts, request: DoctorRequest) -> frozenset[str]:
    """Public keys of the accounts that are asked for; empty for all."""
    by_word: dict[str, set[str]] = {key: {key} for key in accounts.claims}
    for key, claims in accounts.claims.items():
        by_word.setdefault(claims.name, set()).add(key)
    for word in request.accounts:
        if word not in by_word:
            names = (claims.name for claims in accounts.claims.values())
            raise not_found("account", word, names, where="the documents that are looked at")
    return frozenset(key for word in request.accounts for key in by_word[word])


def _parties(diagnosis: Diagnosis, request: DoctorRequest) -> frozenset[str]:
    """All accounts of the share that is asked for; empty where none is."""
    if request.share is None:
        return frozenset()
    name = str(request.share)
    taken = [share for share in diagnosis.taken if share.name == name]
    return frozenset(
        (
            *(share.importer.sub for share in taken),
            *(share.provider_key for share in taken),
            *(share.provider.sub for share in diagnosis.offered if share.name == name),
        )
    )


def _is_asked(
    finding: Finding,
    request: DoctorRequest,
    wanted: frozenset[str],
    offers: frozenset[tuple[str, str]],
) -> bool:
    """Whether it is about an account that is wanted, or about a share that one imports."""
    if request.share is not None and finding.share not in ("", str(request.share)):
        return False
    if not wanted or not wanted.isdisjoint(finding.parties):
        return True
    return finding.parties == (finding.key,) and (finding.key, finding.share) in offers


def _verdicts(
    diagnosis: Diagnosis,
    findings: Sequence[Finding],
    request: DoctorRequest,
    wanted: frozenset[str],
    seen: SeenOf,
) -> Iterable[Verdict]:
    by_parties: dict[tuple[str, tuple[str, ...]], list[Finding]] = {}
    for finding in findings:
        by_parties.setdefault((finding.share, finding.parties), []).append(finding)
    imported = {(share.provider_key, share.key) for share in diagnosis.taken}
    for taken in diagnosis.taken:
        parties = (taken.provider_key, taken.importer.sub)
        if not _is_named(taken, parties, request, wanted):
            continue
        held = [
            *by_parties.get((taken.name, parties[:1]), ()),
            *by_parties.get((taken.name, parties), ()),
        ]
        sight = seen.get(sight_of(taken), Seen())
        yield Verdict(
            share=taken.name,
            kind=taken.offered.kind if taken.offered else taken.kind,
            provider=taken.provider_name,
            importer=taken.importer.name,
            findings=tuple(sorted(held, key=lambda f: (-f.severity.rank, f.code))),
            ended=diagnosis.ended.get(sight_of(taken), ""),
            asked=(sight.next is not None and sight.next.answered) or sight.arrived is not None,
            unproven=sight.unproven,
            left_behind=sight.left_behind,
        )
    for offered in diagnosis.offered:
        provider = offered.provider.sub
        own = by_parties.get((offered.name, (provider,)), [])
        idle = offered.key[0].startswith(_MONITORING) and not own
        if (provider, offered.key) in imported or idle:
            continue
        if _is_named(offered, (provider, provider), request, wanted):
            yield Verdict(
                share=offered.name,
                kind=offered.kind,
                provider=offered.provider.name,
                importer="",
                findings=tuple(own),
            )


def _is_named(
    share: Offered | Taken,
    parties: tuple[str, str],
    request: DoctorRequest,
    wanted: frozenset[str],
) -> bool:
    if request.share is not None and share.name != str(request.share):
        return False
    return not wanted or not wanted.isdisjoint(parties)
