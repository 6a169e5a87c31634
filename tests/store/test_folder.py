"""What is particular to the folder: nsc's layout, modes, and stores that are half there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from jetshare.errors import (
    InputError,
    NotFound,
    StoreDamaged,
    StoreError,
    StoreTooNew,
)
from jetshare.identity.claims import Account
from jetshare.identity.creds import format_creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location
from store.house import House, creds, files_below, folder_store, granted, location_in, user


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def location(tmp_path: Path) -> Location:
    return Location(
        stores=tmp_path / "stores", keystore=tmp_path / "keys", config=tmp_path / "nsc.json"
    )


@pytest.fixture
def key() -> KeyPair:
    return KeyPair.generate(Kind.ACCOUNT)


@pytest.fixture
def store(location: Location, house: House, key: KeyPair) -> FolderStore:
    """Operator OP with account A, its user u, a key, creds, and a ledger."""
    made = folder_store(location, house)
    with made.edit() as edit:
        edit.put_key(key)
        edit.put_account(house.account("A", key))
        edit.put_user("A", user("u", key))
        edit.put_creds("A", "u", creds("u", key))
        edit.append_ledger("A", [granted(key.public, key)])
    return made


def test_files_are_where_nsc_has_them(store: FolderStore, location: Location, key: KeyPair) -> None:
    held = store.creds("A", "u")
    pair = store.key(key.public)
    assert held is not None
    assert pair is not None
    stores, keys = files_below(location.stores), files_below(location.keystore)
    ledger = stores.pop(f"OP/.jetshare/ledgers/{key.public}.jsonl")
    assert ledger.count(b"\n") == 2
    assert stores == {
        "OP/.nsc": b'{"managed":false,"name":"OP","kind":"operator","version":"1"}',
        "OP/OP.jwt": store.operator().token.encode(),
        "OP/accounts/A/A.jwt": store.account("A").token.encode(),
        "OP/accounts/A/users/u.jwt": store.user("A", "u").token.encode(),
        "OP/.jetshare/lock": b"%d\n" % os.getpid(),
        ".jetshare/lock": b"%d\n" % os.getpid(),
    }
    ignored = keys.pop(".gitignore").splitlines()
    assert {b"**/*.nk", b"**/*.creds"} < set(ignored)
    assert keys == {
        f"keys/A/{key.public[1:3]}/{key.public}.nk": pair.seed().encode(),
        "creds/OP/A/u.creds": format_creds(held).encode(),
    }
    assert len(pair.seed()) == 58


def test_everything_is_private(store: FolderStore, tmp_path: Path) -> None:
    for path in tmp_path.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_git_ignore_can_be_left_out(house: House, tmp_path: Path, key: KeyPair) -> None:
    location = Location(
        stores=tmp_path, keystore=tmp_path / "k", config=tmp_path / "c", git_ignore=False
    )
    with folder_store(location, house).edit() as edit:
        edit.put_key(key)
    assert not (location.keystore / ".gitignore").exists()


def test_a_git_ignore_that_is_there_is_kept(house: House, location: Location, key: KeyPair) -> None:
    location.keystore.mkdir()
    (location.keystore / ".gitignore").write_text("mine")
    with folder_store(location, house).edit() as edit:
        edit.put_key(key)
    assert (location.keystore / ".gitignore").read_text() == "mine"


def test_the_operator_that_is_opened(house: House, location: Location) -> None:
    with pytest.raises(NotFound, match="there is no operator in") as none:
        open_store(location)
    assert "jetshare up" in none.value.hint
    folder_store(location, house)
    assert open_store(location).name == "OP"
    folder_store(location, House("OTHER"))
    with pytest.raises(NotFound, match="there are several operators") as several:
        open_store(location)
    assert "OP, OTHER" in several.value.hint
    assert open_store(location, "OTHER").name == "OTHER"
    with pytest.raises(NotFound, match='operator "OTTER" is not in') as unknown:
        open_store(location, "OTTER")
    assert unknown.value.hint == 'did you mean "OTHER"?'
    for name in ("../stores", "", "a\0"):
        with pytest.raises(NotFound):
            open_store(location, name)


def test_a_store_appears_whole_or_not_at_all(house: House, location: Location) -> None:
    def fail() -> None:
        with create_store(location, "OP") as edit:
            edit.put_operator(house.operator())
            edit.put_key(house.key)
            edit.put_account(house.account("A"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert location.operators() == []
    assert not location.keystore.exists()
    with create_store(location, "OP", managed=True) as edit:
        edit.put_operator(house.operator())
        edit.put_key(house.key)
        edit.put_account(house.account("A"))
        assert location.operators() == []
    store = open_store(location)
    assert store.managed
    assert (store.accounts(), store.keys()) == (["A"], [house.key.public])


def test_a_store_without_an_operator_is_not_made(location: Location) -> None:
    with pytest.raises(StoreDamaged, match=r"OP\.jwt is missing"), create_store(location, "OP"):
        pass
    assert location.operators() == []


def test_a_store_is_not_made_twice(house: House, store: FolderStore, location: Location) -> None:
    before = files_below(location.stores)
    with pytest.raises(StoreError, match="OP is there already"), create_store(location, "OP"):
        pass
    with pytest.raises(InputError, match="upper and lower case"), create_store(location, "op"):
        pass
    with pytest.raises(InputError, match="begins with a dot"), create_store(location, "../x"):
        pass
    assert files_below(location.stores) == before


def test_an_empty_folder_is_no_store_yet(house: House, location: Location) -> None:
    (location.stores / "OP").mkdir(parents=True)
    assert folder_store(location, house).name == "OP"


Spoil = Callable[[Path], object]
NSC = '{"managed":false,"name":"OP","kind":"operator","version":"1"}'


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda op: (op / ".nsc").unlink(), r"\.nsc is missing, so the store of OP is half there"),
        (lambda op: (op / ".nsc").write_text(""), "does not say whose store"),
        (lambda op: (op / ".nsc").write_text("[]"), "does not say whose store"),
        (lambda op: (op / ".nsc").write_text("[" * 99999), "does not say whose store"),
        (lambda op: (op / ".nsc").write_text(NSC.replace("OP", "../x")), "does not say whose"),
        (lambda op: (op / ".nsc").write_text(NSC.replace('"1"', '"x"')), 'has the version "x"'),
        (lambda op: (op / "OP.jwt").unlink(), r"OP\.jwt is missing"),
        (lambda op: (op / "OP.jwt").write_text("x"), r"OP\.jwt: not a token"),
        (lambda op: (op / "OP.jwt").write_bytes(b"\xff" * 99), r"OP\.jwt: not a token"),
        (lambda op: (op / "OP.jwt").write_text("a" * 2**20 + "."), r"OP\.jwt: the token has"),
    ],
)
def test_a_store_that_is_half_there(
    store: FolderStore, location: Location, spoil: Spoil, why: str
) -> None:
    spoil(store.folder)
    with pytest.raises(StoreDamaged, match=why) as caught:
        open_store(location, "OP")
    assert caught.value.hint
    assert str(store.folder) in str(caught.value)


def test_a_newer_store_is_left_alone(store: FolderStore, location: Location) -> None:
    (store.folder / ".nsc").write_text(NSC.replace('"1"', '"2"'))
    with pytest.raises(StoreTooNew, match="is a store of version 2, and only 1") as caught:
        open_store(location)
    assert "newer" in caught.value.hint


def test_an_account_that_is_half_there(store: FolderStore, key: KeyPair) -> None:
    path = store.folder / "accounts" / "A" / "A.jwt"
    path.unlink()
    assert store.accounts() == []
    with pytest.raises(StoreDamaged, match=r"A\.jwt is missing, so account A is half there"):
        store.account("A")


def test_a_document_in_the_wrong_place(store: FolderStore, house: House) -> None:
    folder = store.folder / "accounts"
    (folder / "B").mkdir()
    (folder / "B" / "B.jwt").write_bytes((folder / "A" / "A.jwt").read_bytes())
    with pytest.raises(StoreDamaged, match=r'B\.jwt holds the document of "A"') as caught:
        store.account("B")
    assert "rename" in caught.value.hint
    users = folder / "A" / "users"
    (users / "u.jwt").rename(users / "v.jwt")
    with pytest.raises(StoreDamaged, match=r'v\.jwt holds the document of "u"'):
        store.user("A", "v")


def test_a_document_of_another_type_names_its_file(store: FolderStore) -> None:
    path = store.folder / "accounts" / "A" / "A.jwt"
    path.write_text(store.user("A", "u").token)
    with pytest.raises(StoreDamaged, match=r"A\.jwt: the token is of type"):
        store.account("A")


def test_a_line_break_after_a_token_does_no_harm(store: FolderStore) -> None:
    path = store.folder / "accounts" / "A" / "A.jwt"
    token = store.account("A").token
    path.write_text(f"{token}\n")
    assert store.account("A").token == token


def test_what_nsc_writes_is_seen_at_once(store: FolderStore, house: House, key: KeyPair) -> None:
    """Though the file keeps its size, and may keep its time."""
    path = store.folder / "accounts" / "A" / "A.jwt"
    times = path.stat()
    for description in ("one", "two"):
        changed = house.account("A", key, Account(description=description))
        path.write_text(changed.token)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert store.account("A") == store.account(key.public) == changed
    other = KeyPair.generate(Kind.ACCOUNT)
    path.write_text(house.account("A", other).token)
    assert store.account("A").claims.sub == other.public
    with pytest.raises(NotFound):
        store.account(key.public)


@pytest.mark.parametrize("content", ["", "no seed", "SU" + "A" * 56])
def test_a_key_file_without_a_seed(store: FolderStore, key: KeyPair, content: str) -> None:
    path = store.keystore / "keys" / "A" / key.public[1:3] / f"{key.public}.nk"
    path.write_text(content)
    with pytest.raises(StoreDamaged, match=r"\.nk holds no seed") as caught:
        store.key(key.public)
    assert caught.value.__cause__ is None
    assert "A" * 20 not in f"{caught.value}".replace(str(path), "")


def test_a_key_file_with_another_key(store: FolderStore, key: KeyPair) -> None:
    other = KeyPair.generate(Kind.ACCOUNT)
    path = store.keystore / "keys" / "A" / key.public[1:3] / f"{key.public}.nk"
    path.write_text(f"{other.seed()}\n")
    with pytest.raises(StoreDamaged, match=f"holds the key of {other.public}") as caught:
        store.key(key.public)
    assert other.seed() not in f"{caught.value} {caught.value.hint}"


def test_creds_that_are_damaged(store: FolderStore) -> None:
    path = store.keystore / "creds" / "OP" / "A" / "u.creds"
    path.write_text(path.read_text()[:-200])
    with pytest.raises(StoreDamaged, match=r"u\.creds: "):
        store.creds("A", "u")


def test_a_ledger_that_was_changed(store: FolderStore, key: KeyPair) -> None:
    path = store.folder / ".jetshare" / "ledgers" / f"{key.public}.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"granted"', b'"renewed"'))
    with pytest.raises(StoreDamaged, match=r"\.jsonl line 2: the entry was changed"):
        store.ledger("A")
    with pytest.raises(StoreDamaged), store.edit() as edit:
        edit.append_ledger("A", [granted(key.public, key)])


def test_keys_of_other_kinds_are_listed(store: FolderStore, house: House, key: KeyPair) -> None:
    curve = KeyPair.generate(Kind.CURVE)
    with store.edit() as edit:
        edit.put_key(house.key)
        edit.put_key(curve)
    assert store.keys() == sorted([house.key.public, curve.public, key.public])
    assert (store.keystore / "keys" / "X" / curve.public[1:3] / f"{curve.public}.nk").is_file()


def test_nsc_json_is_not_touched(store: FolderStore, location: Location) -> None:
    assert not location.config.exists()
    assert json.loads((store.folder / ".nsc").read_bytes())["version"] == "1"


def test_both_folders_in_one(house: House, tmp_path: Path, key: KeyPair) -> None:
    store = folder_store(location_in(tmp_path), house)
    with store.edit() as edit:
        edit.put_key(key)
        edit.put_account(house.account("A", key))
    assert open_store(location_in(tmp_path)).accounts() == ["A"]
    assert location_in(tmp_path).operators() == ["OP"]
