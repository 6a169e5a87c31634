"""A store that nsc 2.13 left, with everything that is in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document, decode, encode
from jetshare.store.config import read_config, write_config
from jetshare.store.folder import FolderStore, open_store
from jetshare.store.locate import Location, locate
from jetshare.workflows.signers import account_document_signer, activation_signer

VECTORS = Path(__file__).parents[1] / "vectors" / "nsc-store"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(VECTORS, tmp_path / "home")
    for path in (tmp_path / "home", *(tmp_path / "home").rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return tmp_path / "home"


@pytest.fixture
def location(root: Path) -> Location:
    config = root / "config/nats/nsc/nsc.json"
    config.write_text(config.read_text().replace(_old_root(config), str(root / "data")))
    environment = {"XDG_CONFIG_HOME": str(root / "config"), "XDG_DATA_HOME": str(root / "data")}
    return locate(environment, cwd=root / "work", home=root)


def _old_root(config: Path) -> str:
    return str(Path(read_config(config).store_root).parents[2])


@pytest.fixture
def store(location: Location) -> FolderStore:
    return open_store(location)


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_nscs_choice_is_found(location: Location, root: Path) -> None:
    assert location.stores == root / "data/nats/nsc/stores"
    assert location.keystore == root / "data/nats/nsc/keys"
    assert (location.operator, location.account) == ("OP", "ACCTB")


def test_every_document_is_found(store: FolderStore) -> None:
    assert (store.name, store.managed) == ("OP", False)
    assert store.accounts() == ["ACCTB", "ACCTC", "SYS"]
    assert {name: store.users(name) for name in store.accounts()} == {
        "ACCTB": ["ub"],
        "ACCTC": ["scoped", "uc"],
        "SYS": ["sys"],
    }
    documents: dict[str, str] = {"OP.jwt": store.operator().token}
    for name in store.accounts():
        documents[f"accounts/{name}/{name}.jwt"] = store.account(name).token
        for user in store.users(name):
            path = f"accounts/{name}/users/{user}.jwt"
            documents[path] = store.user(name, user).token
    on_disk = store.folder.rglob("*.jwt")
    assert documents == {
        os.fspath(path.relative_to(store.folder)): path.read_text() for path in on_disk
    }


def test_every_account_is_found_by_its_key(store: FolderStore) -> None:
    for name in store.accounts():
        document = store.account(name)
        assert store.account(document.claims.sub) == document


def test_every_key_is_found(store: FolderStore) -> None:
    on_disk = {path.stem: path.read_text() for path in store.keystore.rglob("*.nk")}
    assert store.keys() == sorted(on_disk)
    for public, seed in on_disk.items():
        pair = store.key(public)
        assert pair is not None
        assert pair.seed() == seed


def test_every_creds_file_is_found(store: FolderStore) -> None:
    found = {
        f"{name}/{user}"
        for name in store.accounts()
        for user in store.users(name)
        if (held := store.creds(name, user)) and held.jwt == store.user(name, user).token
    }
    assert found == {"ACCTB/ub", "ACCTC/scoped", "ACCTC/uc", "SYS/sys"}


def test_the_signers_are_found(store: FolderStore) -> None:
    operator = store.operator().claims
    for name in store.accounts():
        claims = store.account(name).claims
        assert account_document_signer(store, claims).public == operator.sub
        assert activation_signer(store, claims).public == claims.sub


def test_reading_changes_nothing(store: FolderStore, root: Path) -> None:
    before = files(root)
    for name in store.accounts():
        store.account(name)
        store.ledger(name)
    with store.edit():
        pass
    own = store.folder / ".jetshare"
    after = {path: data for path, data in files(root).items() if not path.is_relative_to(own)}
    assert after == before


def test_an_edit_changes_what_was_asked_and_nothing_else(store: FolderStore, root: Path) -> None:
    before = files(root)
    claims = store.account("ACCTC").claims
    changed: Document[Account] = encode(claims, account_document_signer(store, claims), 2)
    with store.edit() as edit:
        edit.put_account(changed)
    path = store.folder / "accounts" / "ACCTC" / "ACCTC.jwt"
    after = {p: data for p, data in files(root).items() if ".jetshare" not in p.parts}
    assert after == before | {path: changed.token.encode()}
    assert decode(path.read_text(), Account).claims.nats == claims.nats


def test_nsc_json_comes_back_byte_for_byte(location: Location) -> None:
    before = location.config.read_bytes()
    write_config(location.config, read_config(location.config))
    assert location.config.read_bytes() == before
