"""Drop: take a share out of the account that imports it, and prove that it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jetshare.errors import JetshareError
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.sharing import edit
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.found import Accepted, remote_subject
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof, Side, all_held
from jetshare.store.contract import Store
from jetshare.workflows.accounts import account_names
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.hearing import refused_on_each_server
from jetshare.workflows.importers import find_importer
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach, system_creds

if TYPE_CHECKING:
    from jetshare.net.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRequest:
    """``importer`` and ``provider`` are names or keys, needed where several would do."""

    share: PullConsumer
    importer: str = ""
    provider: str = ""
    push: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPlan:
    """What would be taken out. ``provider`` is a public key, its name empty if unknown."""

    share: PullConsumer
    account: str
    provider: str
    provider_name: str
    prefix: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropResult:
    plan: DropPlan
    push: Push | None
    proofs: tuple[Proof, ...]

    @property
    def pushed(self) -> bool:
        return self.push is None or self.push.complete

    @property
    def proven(self) -> bool:
        return all_held(self.proofs)


def plan_drop(store: Store, request: DropRequest) -> DropPlan:
    """Work out the change, and write nothing. Raises NotFound where nothing is imported, and
    InputError where several accounts import the share, or one does from several."""
    return _plan(store, *find_importer(store, request.share, request.importer, request.provider))


async def drop(store: Store, request: DropRequest, reach: Reach, now: int) -> DropResult:
    """Take every import of the share out in one edit, push the account, and prove it."""
    with store.edit() as editing:
        account, held = find_importer(editing, request.share, request.importer, request.provider)
        plan = _plan(editing, account, held)
        after = checked(account.claims, edit.drop(account.claims, held))
        document = sign_account(editing, after, now)
        editing.put_account(document)
    if not request.push:
        return DropResult(plan=plan, push=None, proofs=())
    carried = await push(store, [document], reach, now)
    if carried.problem:
        return DropResult(plan=plan, push=carried, proofs=())
    # In this order: a server has nothing to say of an account that nobody uses on it.
    refused = await refused_on_each_server(store, document, held, reach, now)
    on_servers = await _seen_by_servers(store, document, held, reach, now)
    return DropResult(plan=plan, push=carried, proofs=(*on_servers, *refused))


def _plan(store: Store, account: Document[Account], held: Accepted) -> DropPlan:
    return DropPlan(
        share=held.share,
        account=account.claims.name,
        provider=held.provider,
        provider_name=account_names(store).get(held.provider, ""),
        prefix=held.prefix,
        changes=changes(account.claims, edit.drop(account.claims, held)),
    )


async def _seen_by_servers(
    store: Store, account: Document[Account], held: Accepted, reach: Reach, now: int
) -> list[Proof]:
    """Through the system account: the new document, and an account without the imports."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    name = "the servers hold the document without it"
    try:
        async with connect(reach.login(store, system_creds(store, reach, now))) as client:
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            same = await resolver.lookup(account.claims.sub) == account.token
            seen = "they do" if same else "a server has another document"
            first = Proof(name=name, side=Side.SERVERS, held=same, seen=seen)
            return [first, *await _imports_gone(resolver, account, held)]
    except JetshareError as error:
        return [Proof(name=name, side=Side.SERVERS, held=None, seen=f"not seen: {error}")]


async def _imports_gone(
    resolver: Resolver, account: Document[Account], held: Accepted
) -> list[Proof]:
    """On every server that uses the account; one that does not has no imports of it."""
    subjects = {remote_subject(item) for _, item in held.imports}
    proofs = []
    for state in await resolver.accountz(account.claims.sub):
        left = [i for i in state.imports if i.account == held.provider and i.subject in subjects]
        proofs.append(
            Proof(
                name="the server has none of the imports",
                side=Side.SERVERS,
                held=not left,
                seen=f"{len(left)} of {len(subjects)} are there",
                server=state.server,
            )
        )
    return proofs
