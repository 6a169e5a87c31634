"""Doctor: find what is wrong with shares, whoever made them, and say how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jetshare.errors import InputError, JetshareError, NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.jwt import Document
from jetshare.identity.record import record
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules import book
from jetshare.sharing.rules.book import Diagnosis, SeenOf
from jetshare.sharing.rules.fixes import fixed
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.shares import Accounts, Kind, Offered, Taken
from jetshare.store.contract import Store
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach


@record
class DoctorRequest:
    """Without ``share`` and ``accounts`` everything is looked at. ``live`` is None for: if
    servers can be reached. ``notes`` also tells what may be meant."""

    share: PullConsumer | None = None
    accounts: tuple[str, ...] = ()
    live: bool | None = False
    notes: bool = False


@record
class Verdict:
    """One share between two accounts; ``importer`` is empty where nobody at hand imports it."""

    share: str
    kind: Kind
    provider: str
    importer: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity | None:
        return max((f.severity for f in self.findings), key=lambda s: s.rank, default=None)


@record
class Examination:
    """``others`` are findings that belong to no single share. ``problem`` is why servers
    were not looked at, empty where they were or need not be."""

    verdicts: tuple[Verdict, ...]
    others: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    live: bool = False
    problem: str = ""


@record
class Mended:
    """``remaining`` are the findings that another account must mend."""

    changes: tuple[tuple[str, tuple[Change, ...]], ...]
    documents: tuple[str, ...]
    push: Push | None


def from_store(store: Store, now: int) -> Accounts:
    """Every account of a store, with its users."""
    documents = [store.account(name) for name in store.accounts()]
    users = {
        document.claims.sub: tuple(
            store.user(document.claims.name, name).claims
            for name in store.users(document.claims.name)
        )
        for document in documents
    }
    return _accounts([document.claims for document in documents], users, now)


def from_tokens(tokens: Iterable[str], now: int) -> Accounts:
    """Accounts and users from loose tokens, any mixture of them."""
    accounts: list[Claims[Account]] = []
    users: dict[str, tuple[Claims[User], ...]] = {}
    for token in tokens:
        text = token.strip()
        claims = jwt.decode(text).claims
        if isinstance(claims.nats, Account):
            accounts.append(jwt.decode(text, Account).claims)
        elif isinstance(claims.nats, User):
            user = jwt.decode(text, User).claims
            owner = user.nats.issuer_account or user.iss
            users[owner] = (*users.get(owner, ()), user)
        else:
            raise InputError(
                f"the token of {claims.sub} is neither an account's nor a user's",
                hint="give the JWT files of accounts, and of users if they matter",
            )
    return _accounts(accounts, users, now)


def examine(accounts: Accounts, request: DoctorRequest, seen: SeenOf | None = None) -> Examination:
    """What the rules find in the documents, and in what was ``seen`` on servers."""
    diagnosis = book.diagnose(accounts, seen)
    wanted = _wanted(accounts, request) or _parties(diagnosis, request)
    findings = tuple(
        f
        for f in diagnosis.findings
        if (request.notes or f.severity is not Severity.NOTE) and _is_asked(f, request, wanted)
    )
    verdicts = tuple(_verdicts(diagnosis, findings, request, wanted))
    told = {id(f) for verdict in verdicts for f in verdict.findings}
    others = tuple(f for f in findings if id(f) not in told)
    if request.share is not None and not verdicts:
        raise NotFound(
            f"no account at hand offers or imports {request.share}",
            hint="jetshare ls shows what is there",
        )
    return Examination(verdicts=verdicts, others=others, findings=findings, live=seen is not None)


def plan_fix(
    accounts: Accounts, findings: Sequence[Finding]
) -> tuple[tuple[Claims[Account], Claims[Account]], ...]:
    """Each account that fixes change, before and after."""
    keys = dict.fromkeys(finding.key for finding in findings if finding.fix is not None)
    plans = []
    for key in keys:
        before = accounts.claims[key]
        after = checked(before, fixed(before, findings))
        if after != before:
            plans.append((before, after))
    return tuple(plans)


def fix_changes(
    plans: Iterable[tuple[Claims[Account], Claims[Account]]],
) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    return tuple((before.name, changes(before, after)) for before, after in plans)


def to_push(store: Store, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Names of accounts of the store that only need to be pushed (again)."""
    held = set(store.accounts())
    return tuple(
        dict.fromkeys(f.account for f in findings if f.code in _PUSH_MENDS and f.account in held)
    )


_PUSH_MENDS = frozenset({"JS501", "JS506"})


async def mend(
    store: Store, findings: Sequence[Finding], reach: Reach, now: int, *, carry: bool = True
) -> Mended:
    """Apply the fixes to the store's documents, and push what changed.

    An importer of a share whose response type changed is signed and pushed anew as well:
    a server copies the type into the import when it loads the importer.
    """
    again = set(to_push(store, findings)) | _importers_of_types(store, findings, now)
    with store.edit() as editing:
        accounts = from_store(editing, now)
        plans = plan_fix(accounts, findings)
        signed: list[Document[Account]] = []
        for before, after in plans:
            document = sign_account(editing, after, now)
            editing.put_account(document)
            signed.append(document)
            again.discard(before.name)
        for name in sorted(again):
            document = sign_account(editing, editing.account(name).claims, now)
            editing.put_account(document)
            signed.append(document)
    pushed = await push(store, signed, reach, now) if signed and carry else None
    return Mended(
        changes=fix_changes(plans),
        documents=tuple(document.claims.name for document in signed),
        push=pushed,
    )


def _importers_of_types(store: Store, findings: Iterable[Finding], now: int) -> set[str]:
    retyped = {(f.key, f.share) for f in findings if f.fix and "response_type" in f.fix.changes}
    if not retyped:
        return set()
    _, taken = book.shares_of(from_store(store, now))
    return {
        share.importer.name
        for shares in taken
        for share in shares
        if (share.provider_key, share.name) in retyped
    }


def _accounts(
    claims: Iterable[Claims[Account]], users: dict[str, tuple[Claims[User], ...]], now: int
) -> Accounts:
    return Accounts(claims={each.sub: each for each in claims}, users=users, now=now)


def _wanted(accounts: Accounts, request: DoctorRequest) -> frozenset[str]:
    """Public keys of the accounts that are asked for; empty for all."""
    by_name = {claims.name: key for key, claims in accounts.claims.items()}
    keys = set()
    for word in request.accounts:
        key = by_name.get(word, word)
        if key not in accounts.claims:
            raise NotFound(f"account {word} is not at hand", hint="jetshare ls shows what is there")
        keys.add(key)
    return frozenset(keys)


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


def _is_asked(finding: Finding, request: DoctorRequest, wanted: frozenset[str]) -> bool:
    if request.share is not None and finding.share not in ("", str(request.share)):
        return False
    return not wanted or not wanted.isdisjoint(finding.parties)


def _verdicts(
    diagnosis: Diagnosis,
    findings: Sequence[Finding],
    request: DoctorRequest,
    wanted: frozenset[str],
) -> Iterable[Verdict]:
    by_share: dict[str, list[Finding]] = {}
    for finding in findings:
        by_share.setdefault(finding.share, []).append(finding)
    imported = {(share.provider_key, share.key) for share in diagnosis.taken}
    for taken in diagnosis.taken:
        parties = (taken.provider_key, taken.importer.sub)
        if _is_named(taken, parties, request, wanted):
            mine = [
                f
                for f in by_share.get(taken.name, ())
                if set(f.parties) <= set(parties) and taken.provider_key in f.parties
            ]
            yield Verdict(
                share=taken.name,
                kind=taken.offered.kind if taken.offered else taken.kind,
                provider=taken.provider_name,
                importer=taken.importer.name,
                findings=tuple(mine),
            )
    for offered in diagnosis.offered:
        parties = (offered.provider.sub, offered.provider.sub)
        if (offered.provider.sub, offered.key) in imported:
            continue
        if _is_named(offered, parties, request, wanted):
            mine = [f for f in by_share.get(offered.name, ()) if f.parties == parties[:1]]
            yield Verdict(
                share=offered.name,
                kind=offered.kind,
                provider=offered.provider.name,
                importer="",
                findings=tuple(mine),
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


async def see_live(
    store: Store | None, accounts: Accounts, request: DoctorRequest, reach: Reach
) -> tuple[SeenOf | None, str]:
    """What servers show of the shares that are asked for, or why nothing was seen."""
    from jetshare.workflows.doctor_live import look

    if not request.live or store is None:
        return None, ""
    _, taken = book.shares_of(accounts)
    wanted = _wanted(accounts, request)
    named = [
        share
        for shares in taken
        for share in shares
        if _is_named(share, (share.provider_key, share.importer.sub), request, wanted)
    ]
    try:
        return await look(store, named, reach, accounts.now), ""
    except JetshareError as error:
        return None, str(error)
