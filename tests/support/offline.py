"""A store with the guide's accounts in it, for tests that need no server."""

from __future__ import annotations

from pathlib import Path

from jetshare.identity.claims import Account, Claims, Operator
from jetshare.identity.jwt import encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.contract import Store
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location
from jetshare.store.memory import MemoryStore
from jetshare.workflows.grant import GrantRequest, GrantResult, grant
from jetshare.workflows.reach import Reach

NOW = 1_800_000_000
SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")
NAMES = ("ACCTA", "ACCTB", "ACCTC")


def folder_store(folder: Path, *, names: tuple[str, ...] = NAMES) -> FolderStore:
    """The same on disk, in nsc's layout for ``--all-dirs``."""
    held = memory_store(names=names)
    location = Location(stores=folder, keystore=folder, config=folder / "nsc.json")
    with create_store(location, held.name) as edit:
        edit.put_operator(held.operator())
        for name in names:
            edit.put_account(held.account(name))
        for public in (*held.keys(),):
            key = held.key(public)
            assert key is not None
            edit.put_key(key)
    return open_store(location, held.name)


def memory_store(*, names: tuple[str, ...] = NAMES) -> MemoryStore:
    """An operator, and accounts whose keys are held."""
    operator = KeyPair.generate(Kind.OPERATOR)
    store = MemoryStore(
        encode(Claims(name="OP", sub=operator.public, nats=Operator()), operator, NOW)
    )
    with store.edit() as edit:
        edit.put_key(operator)
        for name in names:
            key = KeyPair.generate(Kind.ACCOUNT)
            edit.put_key(key)
            claims = Claims(name=name, sub=key.public, nats=Account())
            edit.put_account(encode(claims, operator, NOW))
    return store


async def granted(
    store: Store,
    *importers: str,
    now: int = NOW,
    expires: int = 0,
    share: PullConsumer = SHARE,
) -> GrantResult:
    request = GrantRequest(
        share=share, provider="ACCTC", importers=importers, expires=expires, push=False
    )
    return await grant(store, request, Reach(), now)


def damage_ledger(folder: Path) -> None:
    """Change a word of the one ledger below ``folder``."""
    (file,) = folder.rglob("ledgers/*.jsonl")
    file.write_text(file.read_text().replace("granted", "nothing", 1))
