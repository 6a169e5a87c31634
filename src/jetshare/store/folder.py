"""A store in nsc's folder, which nsc and jetshare can use in turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from jetshare.errors import (
    JetshareError,
    NotFound,
    StoreDamaged,
    StoreError,
    StoreReadOnly,
    StoreTooNew,
)
from jetshare.store.commit import commit
from jetshare.store.documents import Decoded, Documents
from jetshare.store.edit import StagedEdit
from jetshare.store.files import Disk, Overlay
from jetshare.store.layout import Layout
from jetshare.store.locate import Location
from jetshare.store.lock import WAIT_S, locked
from jetshare.store.names import check_free, check_name, is_name, not_found

VERSION = 1  # of the layout, as nsc writes it into .nsc
_LAST_ONE_STOPS_S = 1.0


class FolderStore(Documents):
    """One operator's folder and the keystore beside it; made by `open_store`.

    ``lock_wait_s`` is how long an edit waits for another process to end its own.
    """

    def __init__(self, layout: Layout, *, managed: bool, lock_wait_s: float = WAIT_S) -> None:
        super().__init__(layout, Disk(), Decoded(), managed=managed)
        self._lock_wait_s = lock_wait_s

    @property
    def folder(self) -> Path:
        return self._layout.folder

    @property
    def keystore(self) -> Path:
        return self._layout.keystore

    @contextmanager
    def edit(self) -> Iterator[StagedEdit]:
        with locked(self._layout.lock, wait_s=self._lock_wait_s):
            overlay = Overlay(self._files)
            yield StagedEdit(self._layout, overlay, self._decoded, managed=self._managed)
            commit(self._layout, overlay)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Hold the store as the one process that serves it. Raises StoreLocked where another
        does; in a folder that cannot be written nobody can tell, and none is refused."""
        with ExitStack() as stack:
            with suppress(StoreReadOnly):
                stack.enter_context(
                    locked(
                        self._layout.served,
                        wait_s=_LAST_ONE_STOPS_S,
                        word="served already",
                        hint="use that server, or stop it first: Ctrl-C where it runs",
                    )
                )
            yield


def open_store(
    location: Location, operator: str | None = None, *, lock_wait_s: float = WAIT_S
) -> FolderStore:
    """Open the store of ``operator``, else of the one in use, else of the only one.

    Raises NotFound where there is none, StoreDamaged where it is half there, and
    StoreTooNew where a newer nsc made it.
    """
    name = _choose(location, operator or "")
    folder = location.stores / name
    stored, managed = _read_marker(folder)
    layout = Layout(
        folder=folder,
        keystore=location.keystore,
        operator=stored,
        git_ignore=location.git_ignore,
    )
    store = FolderStore(layout, managed=managed, lock_wait_s=lock_wait_s)
    store.operator()
    return store


@contextmanager
def create_store(
    location: Location, operator: str, *, managed: bool = False, lock_wait_s: float = WAIT_S
) -> Iterator[StagedEdit]:
    """Make the store of a new operator, filled in the body; `open_store` opens it then.

    The folder appears whole at a clean exit and not at all after an exception. The body
    must put the operator's document. Raises StoreError where the folder is there.
    """
    check_name("operator", operator)
    layout = Layout(
        folder=location.stores / operator,
        keystore=location.keystore,
        operator=operator,
        git_ignore=location.git_ignore,
    )
    own = location.stores / ".jetshare"
    with locked(own / "lock", wait_s=lock_wait_s):
        check_free("operator", operator, location.operators())
        if Disk().names(layout.folder):
            raise StoreError(
                f"{layout.folder} is there already",
                hint="open the operator that is there, or choose another name",
            )
        overlay = Overlay(Disk())
        overlay.put(layout.marker, _marker(operator, managed=managed))
        edit = StagedEdit(layout, overlay, Decoded(), managed=managed)
        yield edit
        edit.operator()
        commit(layout, overlay, stage=own / "stage")


def _choose(location: Location, operator: str) -> str:
    there = location.operators()
    name = operator or location.operator or (there[0] if len(there) == 1 else "")
    if not name and not there:
        raise NotFound(
            f"there is no operator in {location.stores}",
            hint="make one with jetshare up, or name the folder of another with --all-dirs",
        )
    if not name:
        raise NotFound(
            f"there are several operators in {location.stores}, and none is chosen",
            hint=f"choose one with --operator: {', '.join(there)}",
        )
    if name not in there:
        raise _not_there(location, name, there)
    return name


def _not_there(location: Location, name: str, there: list[str]) -> JetshareError:
    folder = location.stores / name
    found = Disk().names(folder) if is_name(name) else []
    if f"{name}.jwt" in found or "accounts" in found:
        return StoreDamaged(
            f"{folder / '.nsc'} is missing, so the store of {name} is half there",
            hint="restore the file from a backup",
        )
    return not_found("operator", name, there, where=str(location.stores))


def _marker(name: str, *, managed: bool) -> bytes:
    marker = {"managed": managed, "name": name, "kind": "operator", "version": str(VERSION)}
    return json.dumps(marker, separators=(",", ":"), ensure_ascii=False).encode()


def _read_marker(folder: Path) -> tuple[str, bool]:
    """The operator's name in ``.nsc``, and whether it is managed elsewhere."""
    path = folder / ".nsc"
    data = Disk().read(path)
    try:
        marker = json.loads(data or b"")
    except (ValueError, RecursionError):
        marker = None
    name = marker.get("name") if isinstance(marker, dict) else None
    if not isinstance(name, str) or not is_name(name) or marker.get("kind") != "operator":
        raise StoreDamaged(
            f"{path} does not say whose store this is", hint="restore it from a backup"
        )
    version = str(marker.get("version", ""))
    if not version.isdecimal() or int(version) < 1:
        raise StoreDamaged(
            f'{path} has the version "{version[:20]}"', hint="restore it from a backup"
        )
    if int(version) > VERSION:
        raise StoreTooNew(
            f"{folder} is a store of version {version[:20]}, and only {VERSION} is known here",
            hint="use a newer jetshare",
        )
    return name, marker.get("managed") is True
