"""A keystore by itself: keys into it and out of it, and from its old layout to the new."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from jetshare.errors import InputError, KeyFormatError, StoreError
from jetshare.identity.creds import parse_seed_file
from jetshare.identity.nkeys import KeyPair
from jetshare.store.atomic import make_folder, write_atomic
from jetshare.store.faults import writing
from jetshare.store.layout import Layout


def hold_key(keystore: Path, pair: KeyPair) -> Path:
    """Store a key, for stores to come. Raises StoreError where another key has its place."""
    path = Layout(folder=keystore, keystore=keystore, operator="").key(pair.public)
    seed = pair.seed().encode()
    if path.exists():
        if path.read_bytes().strip() != seed:
            raise StoreError(f"key {path} already exists and is different")
        return path
    with writing(path):
        make_folder(path.parent)
        write_atomic(path, seed)
    return path


def read_keys(folder: Path, *, recurse: bool) -> Iterator[tuple[Path, KeyPair | None]]:
    """The key files (.nk) of a folder; None for one that holds no seed."""
    if not folder.is_dir():
        raise InputError(f"`{folder}` is not a directory")
    for path in sorted(folder.rglob("*.nk") if recurse else folder.glob("*.nk")):
        try:
            yield path, parse_seed_file(path.read_text("utf-8", "replace"))
        except (KeyFormatError, OSError):
            yield path, None


def is_old(keystore: Path) -> bool:
    """Whether keys or creds lie where they did before there were folders for them."""
    return any(_old_files(keystore))


def migrate(keystore: Path) -> Path:
    """Bring keys and creds to the present layout. The old folder is kept, and returned."""
    fresh = keystore.with_name(f"{keystore.name}_{secrets.token_hex(4)}")
    old = keystore.with_name(f"{keystore.name}_old_{secrets.token_hex(4)}")
    with writing(keystore):
        for path in (*_old_files(keystore), *_present_files(keystore)):
            target = _target(fresh, keystore, path)
            make_folder(target.parent)
            write_atomic(target, path.read_bytes())
        keystore.rename(old)
        fresh.rename(keystore)
    return old


def _old_files(keystore: Path) -> Iterator[Path]:
    for path in _files(keystore):
        if path.relative_to(keystore).parts[0] not in ("keys", "creds"):
            yield path


def _present_files(keystore: Path) -> Iterator[Path]:
    for path in _files(keystore):
        if path.relative_to(keystore).parts[0] in ("keys", "creds"):
            yield path


def _files(keystore: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(keystore):
        for name in sorted(names):
            if name.endswith((".nk", ".creds")):
                yield Path(folder) / name


def _target(fresh: Path, keystore: Path, path: Path) -> Path:
    """Where a file of either layout belongs. Raises InputError for a file of neither."""
    parts = path.relative_to(keystore).parts
    if path.suffix == ".nk":
        pair = parse_seed_file(path.read_text("utf-8", "replace"))
        return Layout(folder=fresh, keystore=fresh, operator="").key(pair.public)
    if parts[0] == "creds" and len(parts) == 4:
        return fresh.joinpath(*parts)
    if len(parts) == 5:  # <operator>/accounts/<account>/users/<user>.creds
        return fresh / "creds" / parts[0] / parts[2] / parts[4]
    raise InputError(f"{path} is in no place of a keystore", hint="move it away, and try again")
