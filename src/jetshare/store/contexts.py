"""The contexts of the nats command line: named ways to reach a server.

    <config>/nats/context/<name>.json
    <config>/nats/context.txt             the selected name
    <config>/nats/previous-context.txt

where ``<config>`` is XDG_CONFIG_HOME or ``~/.config``. A file holds every field of a
context, in one order and with an indent of two, as nats writes it. Fields that are
not known here stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jetshare.errors import InputError, NotFound, StoreDamaged
from jetshare.store.atomic import make_folder, write_atomic, write_new
from jetshare.store.faults import read_fault, writing
from jetshare.store.names import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One context, its values as they stand in the file: nothing is looked up or expanded.

    What may be a secret is left out of the repr.
    """

    description: str = ""
    url: str = ""
    socks_proxy: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    creds: str = field(default="", repr=False)
    nkey: str = field(default="", repr=False)
    cert: str = ""
    key: str = ""
    ca: str = ""
    nsc: str = ""
    jetstream_domain: str = ""
    jetstream_api_prefix: str = ""
    jetstream_event_prefix: str = ""
    inbox_prefix: str = ""
    user_jwt: str = field(default="", repr=False)
    user_seed: str = field(default="", repr=False)
    color_scheme: str = ""
    tls_first: bool = False
    windows_cert_store: str = ""
    windows_cert_match_by: str = ""
    windows_cert_match: str = ""
    windows_ca_certs_match: tuple[str, ...] | None = None
    unknown: Mapping[str, object] = field(default_factory=dict, repr=False)


_MAKE = "`jetshare up` makes contexts, and so does: nats context add NAME"
_FIELDS = tuple(each.name for each in fields(Context) if each.name != "unknown")


def encode(context: Context) -> bytes:
    """The bytes that nats would write: Go's escapes, and no line break at the end."""
    known = {name: getattr(context, name) for name in _FIELDS}
    text = json.dumps(known | dict(context.unknown), indent=2, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes, where: str) -> Context:
    """A context from its file. Raises StoreDamaged, which quotes no value."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _damaged(where, "it is no JSON object")
    known: dict[str, Any] = {}
    for name in _FIELDS:
        value = found.pop(name, None)
        if value is None:
            continue
        if name == "windows_ca_certs_match":
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise _damaged(where, f'its field "{name}" is no list of texts')
            value = tuple(value)
        elif type(value) is not (bool if name == "tls_first" else str):
            raise _damaged(where, f'its field "{name}" is of the wrong type')
        known[name] = value
    return Context(**known, unknown=found)


@dataclass(frozen=True, slots=True)
class ContextFolder:
    """The contexts of one user; ``root`` is the folder ``nats`` in the configuration."""

    root: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], home: Path) -> ContextFolder:
        return cls(Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "nats")

    def path(self, name: str) -> Path:
        return self.root / "context" / f"{check_name(name)}.json"

    def names(self) -> list[str]:
        """Sorted; files that are empty are none, as for nats."""
        folder = self.root / "context"
        try:
            files = list(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise read_fault(folder, error) from None
        return sorted(
            path.stem
            for path in files
            if path.suffix == ".json"
            and ".." not in path.stem
            and path.is_file()
            and path.stat().st_size
        )

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def read(self, name: str) -> Context:
        """Raises NotFound, which names the nearest context there is."""
        path = self.path(name)
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise not_found(
                "context", name, self.names(), where=str(path.parent), make=_MAKE
            ) from None
        except OSError as error:
            raise read_fault(path, error) from None
        return decode(data, str(path))

    def write(self, name: str, context: Context) -> Path:
        path = self.path(name)
        with writing(path):
            make_folder(path.parent)
            write_atomic(path, encode(context))
        return path

    def add_if_absent(self, name: str, context: Context) -> bool:
        """Write a context of a name that is free; False where there is one of it already."""
        path = self.path(name)
        with writing(path):
            make_folder(path.parent)
            return write_new(path, encode(context))

    def remove(self, name: str) -> None:
        """Raises NotFound, and InputError for the selected one while there are others."""
        self.read(name)
        selected = self.selected() == name
        if selected and len(self.names()) > 1:
            raise InputError(
                f'context "{name}" is the selected one', hint="select another one first"
            )
        path = self.path(name)
        with writing(path):
            path.unlink()
        if selected:
            self.unselect()

    def selected(self) -> str:
        """The name of the context in use; empty where none is selected."""
        return self._read_name("context.txt")

    def previous(self) -> str:
        return self._read_name("previous-context.txt")

    def select(self, name: str) -> str:
        """Select a context and return the name that was selected before.

        A name that is not known raises NotFound and leaves the selection as it was.
        """
        self.read(name)
        before = self.selected()
        if before:
            self._write_name("previous-context.txt", before)
        self._write_name("context.txt", name)
        return before

    def unselect(self) -> str:
        before = self.selected()
        if before:
            self._write_name("previous-context.txt", before)
            path = self.root / "context.txt"
            with writing(path):
                path.unlink(missing_ok=True)
        return before

    def _read_name(self, file: str) -> str:
        path = self.root / file
        try:
            return path.read_text("utf-8", "replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            raise read_fault(path, error) from None

    def _write_name(self, file: str, name: str) -> None:
        path = self.root / file
        with writing(path):
            make_folder(path.parent)
            write_atomic(path, name.encode())


def check_name(name: str) -> str:
    """A context's name, by nats' rule, or InputError."""
    if not name or ".." in name or any(char in "/\\\0" for char in name):
        raise InputError(
            f'"{name}" is no name for a context',
            hint='a name is not empty and holds no "/", "\\" or ".."',
        )
    return name


def read_file(path: Path) -> Context:
    """A context in a file anywhere. Raises NotFound and StoreDamaged."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no context file {path}") from None
    except OSError as error:
        raise read_fault(path, error) from None
    return decode(data, str(path))


def _damaged(where: str, what: str) -> StoreDamaged:
    return StoreDamaged(f"{where} is no context: {what}", hint="mend or remove the file")
