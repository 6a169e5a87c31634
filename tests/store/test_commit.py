"""A commit is whole or not at all, whatever stands in its way."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jetshare.errors import StoreChanged, StoreError
from jetshare.identity.claims import Account, Operator
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.contract import Edit
from jetshare.store.folder import FolderStore, open_store
from store.house import House, creds, folder_store, granted, location_in, user


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def key() -> KeyPair:
    return KeyPair.generate(Kind.ACCOUNT)


@pytest.fixture
def store(tmp_path: Path, house: House, key: KeyPair) -> FolderStore:
    made = folder_store(location_in(tmp_path / "d"), house)
    with made.edit() as edit:
        edit.put_account(house.account("A", key))
        edit.put_account(house.account("B"))
        edit.put_user("A", user("u", key))
        edit.append_ledger("A", [granted(key.public, key)])
    return made


def files(store: FolderStore) -> dict[Path, bytes]:
    """Every file, but for the lock, which names whoever held it last."""
    root = store.folder.parent
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != "lock"}


def jwt_of(store: FolderStore, name: str) -> Path:
    return store.folder / "accounts" / name / f"{name}.jwt"


def change_everything(edit: Edit, house: House, key: KeyPair) -> None:
    """At least one file of every rank, of each: new, replaced, removed."""
    fresh = KeyPair.generate(Kind.ACCOUNT)
    edit.put_key(fresh)
    edit.put_operator(house.operator(Operator(account_server_url="nats://new")))
    edit.put_account(house.account("A", key, Account(description="new")))
    edit.put_account(house.account("NEW", fresh))
    edit.put_user("NEW", user("n", fresh))
    edit.put_user("A", user("v", key))
    edit.delete_user("A", "u")
    edit.put_creds("A", "v", creds("v", key))
    edit.append_ledger("A", [granted(fresh.public, key)])
    edit.delete_account("B")


def test_nothing_but_the_files_is_left(store: FolderStore, house: House, key: KeyPair) -> None:
    with store.edit() as edit:
        change_everything(edit, house, key)
    again = open_store(location_in(store.folder.parent))
    assert again.accounts() == ["A", "NEW"]
    assert (again.users("A"), again.users("NEW")) == (["v"], ["n"])
    assert again.operator().claims.nats.account_server_url == "nats://new"
    assert len(again.ledger("A")) == 2
    assert sorted(path.name for path in (store.folder / ".jetshare").iterdir()) == [
        "ledgers",
        "lock",
    ]
    assert not list(store.keystore.rglob(".jetshare-*"))
    assert not (store.folder / "accounts" / "B").exists()


@pytest.mark.parametrize(
    "meddle",
    [
        lambda store: jwt_of(store, "A").write_text(store.account("B").token),
        lambda store: jwt_of(store, "A").unlink(),
        lambda store: (store.folder / "OP.jwt").write_text("x"),
    ],
    ids=["replaced", "removed", "read only"],
)
def test_another_program_wrote_meanwhile(
    store: FolderStore, house: House, key: KeyPair, meddle: Callable[[FolderStore], object]
) -> None:
    after: dict[Path, bytes] = {}

    def edit_while_meddled_with() -> None:
        with store.edit() as edit:
            edit.operator()
            change_everything(edit, house, key)
            meddle(store)
            after.update(files(store))

    with pytest.raises(StoreChanged, match=r"\.jwt was changed by another program") as caught:
        edit_while_meddled_with()
    assert "nothing was written" in caught.value.hint
    assert files(store) == after


def test_an_account_that_another_program_adds_meanwhile(
    store: FolderStore, house: House, key: KeyPair
) -> None:
    theirs, ours = house.account("NEW"), house.account("NEW")

    def edit_while_it_appears() -> None:
        with store.edit() as edit:
            edit.put_account(ours)
            jwt_of(store, "NEW").parent.mkdir()
            jwt_of(store, "NEW").write_text(theirs.token)

    with pytest.raises(StoreChanged):
        edit_while_it_appears()
    assert store.account("NEW") == theirs


def test_what_the_edit_did_not_look_at_may_change(
    store: FolderStore, house: House, key: KeyPair
) -> None:
    changed = house.account("A", key, Account(description="nsc"))
    with store.edit() as edit:
        edit.put_account(house.account("NEW"))
        jwt_of(store, "A").write_text(changed.token)
    assert store.account("A") == changed
    assert store.accounts() == ["A", "B", "NEW"]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process can grow over ``size`` bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1, 57, 58, 300, 500, 700, 1000])
def test_a_full_disk_leaves_the_old_state(
    store: FolderStore, house: House, key: KeyPair, size: int
) -> None:
    before = files(store)

    def edit_on_a_full_disk() -> None:
        with largest_file(size), store.edit() as edit:
            change_everything(edit, house, key)

    with pytest.raises(StoreError, match="cannot be written: File too large") as caught:
        edit_on_a_full_disk()
    assert "nothing was changed" in caught.value.hint
    assert files(store) == before
    with store.edit() as edit:
        change_everything(edit, house, key)
    assert store.accounts() == ["A", "NEW"]


def test_an_error_in_the_middle_is_taken_back(
    store: FolderStore, house: House, key: KeyPair
) -> None:
    """NEW's folder cannot be made, which shows when half of the files are in place."""
    with store.edit() as edit:
        edit.put_key(key)
        edit.put_creds("A", "u", creds("u", key))
    blocked = store.keystore / "creds" / "OP" / "B"
    blocked.touch(mode=0o700)  # a file where a folder for the creds of B must be
    before = files(store)

    def edit_that_cannot_end() -> None:
        with store.edit() as edit:
            other = KeyPair.generate(Kind.ACCOUNT)
            edit.put_key(other)
            edit.put_operator(house.operator(Operator(account_server_url="nats://new")))
            edit.put_account(house.account("A", key, Account(description="new")))
            edit.put_account(house.account("NEW", other))
            edit.put_user("A", user("v", key))
            edit.put_creds("A", "u", creds("u", key))
            edit.put_creds("B", "b", creds("b", key))
            edit.delete_user("A", "u")
            edit.append_ledger("A", [granted(other.public, key)])

    with pytest.raises(StoreError, match=r"b\.creds cannot be written: File exists"):
        edit_that_cannot_end()
    assert files(store) == before
    assert not jwt_of(store, "NEW").parent.exists()


def test_what_a_killed_commit_left_is_cleared_away(
    store: FolderStore, house: House, key: KeyPair
) -> None:
    left = store.folder / ".jetshare" / "stage" / "7" / "users"
    left.mkdir(parents=True)
    (left / "u.jwt").write_text("half")
    assert open_store(location_in(store.folder.parent)).accounts() == ["A", "B"]
    with store.edit() as edit:
        edit.delete_account("B")
    assert not left.parent.parent.exists()


def test_files_of_others_in_an_account_stay(store: FolderStore, house: House, key: KeyPair) -> None:
    note = store.folder / "accounts" / "A" / "note.txt"
    note.write_text("mine")
    with store.edit() as edit:
        edit.delete_account("A")
        edit.put_account(house.account("A", key, Account(description="again")))
    assert note.read_text() == "mine"
    assert store.users("A") == []
    assert store.account("A").claims.nats.description == "again"


def test_an_account_folder_that_nsc_left_empty_is_used(store: FolderStore, house: House) -> None:
    (store.folder / "accounts" / "NEW").mkdir()
    with store.edit() as edit:
        edit.put_account(house.account("NEW"))
    assert "NEW" in store.accounts()


def test_an_account_named_users(store: FolderStore, house: House) -> None:
    key = KeyPair.generate(Kind.ACCOUNT)
    with store.edit() as edit:
        edit.put_account(house.account("users", key))
        edit.put_user("users", user("users", key))
    with store.edit() as edit:
        edit.put_account(house.account("users", key, Account(description="new")))
    assert store.account("users").claims.nats.description == "new"
    assert store.users("users") == ["users"]
