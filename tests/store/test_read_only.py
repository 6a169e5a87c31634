"""A user who may read the store and not write it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jetshare.store.folder import FolderStore
from jetshare.store.locate import Location
from store.house import House, files_below, folder_store

DENIED = """
import difflib, os, shutil, sys  # some of it is imported late, when nobody may not read it
from pathlib import Path
from jetshare.errors import StoreReadOnly
from jetshare.store.folder import create_store, open_store
from jetshare.store.locate import Location
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
root = Path(sys.argv[1])
location = Location(stores=root / "stores", keystore=root / "keys", config=root / "nsc.json")
store = open_store(location)
print(store.accounts())
def denied(body):
    try:
        body()
    except StoreReadOnly as error:
        print(str(error).removeprefix(str(root)), "|", bool(error.hint))
def edit():
    with store.edit() as edit:
        edit.put_operator(store.operator())
        print("inside")
def delete():
    with store.edit() as edit:
        edit.delete_account("A")
def create():
    with create_store(location, "NEW") as edit:
        edit.put_operator(store.operator())
        print("inside")
for body in (edit, delete, create):
    denied(body)
with store.served():
    print("served all the same")
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of its own: those of pytest are private, and shared by its runs."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    location = Location(
        stores=tmp_path / "stores", keystore=tmp_path / "keys", config=tmp_path / "nsc.json"
    )
    house = House()
    made = folder_store(location, house)
    with made.edit() as edit:
        edit.put_account(house.account("A"))
    return made


def as_nobody(root: Path) -> list[str]:
    """What a process sees that may read the store and not write it."""
    done = subprocess.run(
        [sys.executable, "-c", DENIED, str(root)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@contextmanager
def open_to_readers(root: Path) -> Iterator[None]:
    """Everything below ``root`` may be read by everybody, and written by nobody."""
    wanted = {path: 0o555 if path.is_dir() else 0o444 for path in (root, *root.rglob("*"))}
    if os.getuid() == 0:  # nobody has to find the way there
        wanted |= {path: path.stat().st_mode | 0o055 for path in root.parents}
    before = {path: path.stat().st_mode for path in wanted}
    changed = [path for path, mode in wanted.items() if before[path] != mode]
    for path in changed:
        path.chmod(wanted[path])
    try:
        yield
    finally:
        for path in changed:
            path.chmod(before[path])


def test_a_store_that_may_only_be_read(store: FolderStore, tmp_path: Path) -> None:
    before = files_below(tmp_path)
    with open_to_readers(tmp_path):
        seen = as_nobody(tmp_path)
    assert seen == [
        "['A']",
        "/stores/OP/.jetshare cannot be written: Permission denied | True",
        "/stores/OP/.jetshare cannot be written: Permission denied | True",
        "/stores/.jetshare cannot be written: Permission denied | True",
        "served all the same",
    ]
    assert files_below(tmp_path) == before


def test_a_folder_inside_that_may_only_be_read(store: FolderStore, tmp_path: Path) -> None:
    before = store.account("A")
    with open_to_readers(tmp_path):
        for own in (store.folder / ".jetshare", tmp_path / "stores" / ".jetshare"):
            own.chmod(0o777)
            (own / "lock").chmod(0o666)
        seen = as_nobody(tmp_path)
    assert seen == [
        "['A']",
        "inside",  # nothing changed, so nothing had to be written
        "/stores/OP/accounts cannot be written: Permission denied | True",
        "inside",
        "/stores cannot be written: Permission denied | True",
        "served all the same",
    ]
    assert store.account("A") == before
