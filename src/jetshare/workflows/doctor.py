"""Doctor: find what is wrong with shares, whoever made them, and say how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from jetshare.errors import InputError, JetshareError, NotFound, StoreChanged
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
from jetshare.workflows.reach import Reach, system_creds


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
class Plan:
    """Each account that changes, before and after; those that are only signed and pushed
    ``again``; and the findings that are left, because one document cannot mend them."""

    edits: tuple[tuple[Claims[Account], Claims[Account]], ...]
    again: tuple[Claims[Account], ...]
    remaining: tuple[Finding, ...]

    @property
    def changes(self) -> tuple[tuple[str, tuple[Change, ...]], ...]:
        """What a person confirms, by the account's name."""
        return tuple((before.name, changes(before, after)) for before, after in self.edits)


@record
class Mended:
    """The names of the accounts that were stored, and what became of their push."""

    documents: tuple[str, ...] = ()
    push: Push | None = None


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


async def from_servers(store: Store, reach: Reach, now: int) -> Accounts:
    """The documents that a server holds, with the users that the store has."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    login = reach.login(store, system_creds(store, reach, now))
    async with connect(login) as client:
        tokens = (await Resolver(client, timeout_s=reach.timeout_s).pack()).values()
    return replace(from_tokens(tokens, now), users=from_store(store, now).users)


def examine(accounts: Accounts, request: DoctorRequest, seen: SeenOf | None = None) -> Examination:
    """What the rules find in the documents, and in what was ``seen`` on servers."""
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
        if (request.notes or f.severity is not Severity.NOTE)
        and _is_asked(f, request, wanted, offers)
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


def plan_fix(accounts: Accounts, findings: Sequence[Finding]) -> Plan:
    """What the fixes of the findings come to. Raises InvalidDocument where servers would
    refuse the result.

    An importer of a share whose response type changes is signed and pushed anew as well:
    a server copies the type into the import when it loads the importer.
    """
    edits = []
    for key in dict.fromkeys(finding.key for finding in findings if finding.fix is not None):
        before = accounts.claims[key]
        after = checked(before, fixed(before, findings))
        if after != before:
            edits.append((before, after))
    changed = {before.sub for before, _ in edits}
    stale = [finding.key for finding in findings if finding.code in _PUSH_MENDS]
    again = (*stale, *_importers_of_types(accounts, findings))
    return Plan(
        edits=tuple(edits),
        again=tuple(
            accounts.claims[key]
            for key in dict.fromkeys(again)
            if key in accounts.claims and key not in changed
        ),
        remaining=tuple(f for f in findings if f.fix is None and f.code not in _PUSH_MENDS),
    )


_PUSH_MENDS = frozenset({"JS501", "JS506"})


async def mend(store: Store, plan: Plan, reach: Reach, now: int, *, carry: bool = True) -> Mended:
    """Store what was planned, and push it. Raises StoreChanged, and stores nothing, where a
    document is not any more the one that was looked at."""
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


def _importers_of_types(accounts: Accounts, findings: Iterable[Finding]) -> tuple[str, ...]:
    """The keys of accounts that import a share whose response type a fix changes."""
    retyped = {(f.key, f.share) for f in findings if f.fix and "response_type" in f.fix.changes}
    if not retyped:
        return ()
    _, taken = book.shares_of(accounts)
    return tuple(
        share.importer.sub
        for shares in taken
        for share in shares
        if (share.provider_key, share.name) in retyped
    )


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
