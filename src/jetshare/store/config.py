"""nsc.json: which store, operator and account nsc and jetshare use when none is named.

nsc writes the file in place and without a lock, so that two runs at once can leave half
of it (nsc#538). Here it is replaced as a whole, and fields that are not known stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from jetshare.errors import StoreDamaged
from jetshare.identity.record import record
from jetshare.store.atomic import make_folder, write_atomic
from jetshare.store.faults import read_fault, writing

CONFIG_NAME = "nsc.json"

_KNOWN: Mapping[str, type] = {
    "store_root": str,
    "operator": str,
    "account": str,
    "github_updates": str,
    "last_update": int,
}


@record
class NscConfig:
    """``last_update`` is when nsc last looked for a newer version, in Unix seconds."""

    store_root: str = ""
    operator: str = ""
    account: str = ""
    github_updates: str = ""
    last_update: int = 0
    unknown: Mapping[str, object] = field(default_factory=dict)


def read_config(path: Path) -> NscConfig:
    """The file, or an empty configuration where there is none. Raises StoreDamaged."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return NscConfig()
    except OSError as error:
        raise read_fault(path, error) from None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _damaged(path, "it is no JSON object")
    known: dict[str, Any] = {}
    for name, kind in _KNOWN.items():
        value = found.pop(name, None)
        if value is None:
            continue
        if type(value) is not kind:
            raise _damaged(path, f'its field "{name}" is not of the right type')
        known[name] = value
    return NscConfig(**known, unknown=found)


def write_config(path: Path, config: NscConfig) -> None:
    """Replace the file, as nsc writes it: one line, and its fields in nsc's order."""
    known = {name: getattr(config, name) for name in _KNOWN}
    text = json.dumps({**known, **config.unknown}, separators=(",", ":"), ensure_ascii=False)
    with writing(path):
        make_folder(path.parent)
        write_atomic(path, text.encode())


def _damaged(path: Path, what: str) -> StoreDamaged:
    return StoreDamaged(
        f"{path} cannot be used: {what}",
        hint="mend or remove the file, or name the folders with --all-dirs",
    )
