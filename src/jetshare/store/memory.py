"""A store in memory, under the same contract as the folder: for tests and for planning."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jetshare.errors import StoreLocked
from jetshare.identity.claims import Operator
from jetshare.identity.jwt import Document
from jetshare.store.documents import Decoded, Documents
from jetshare.store.edit import StagedEdit
from jetshare.store.files import Overlay
from jetshare.store.layout import Layout
from jetshare.store.lock import WAIT_S
from jetshare.store.names import check_name


class MemoryStore(Documents):
    """An operator and its document, and what is put there later."""

    def __init__(
        self,
        operator: Document[Operator],
        *,
        managed: bool = False,
        lock_wait_s: float = WAIT_S,
    ) -> None:
        name = check_name("operator", operator.claims.name)
        root = Path("/memory")
        layout = Layout(
            folder=root / "stores" / name, keystore=root / "keys", operator=name, git_ignore=False
        )
        self._held = _Held()
        super().__init__(layout, self._held, Decoded(), managed=managed)
        self._lock = threading.Lock()
        self._lock_wait_s = lock_wait_s
        self._held.apply({layout.operator_jwt: operator.token.encode()})

    @contextmanager
    def edit(self) -> Iterator[StagedEdit]:
        if not self._lock.acquire(timeout=self._lock_wait_s):
            raise StoreLocked(
                f"the store of {self.name} is locked by another edit",
                hint="wait until it is done, and try again",
            )
        try:
            overlay = Overlay(self._held)
            yield StagedEdit(self._layout, overlay, self._decoded, managed=self._managed)
            self._held.apply(overlay.staged)
        finally:
            self._lock.release()


class _Held:
    """Files that are nowhere else."""

    def __init__(self) -> None:
        self._files: dict[Path, bytes] = {}
        self._names: dict[Path, set[str]] = {}
        self._changes = 0

    def read(self, path: Path) -> bytes | None:
        return self._files.get(path)

    def exists(self, path: Path) -> bool:
        return path in self._files

    def names(self, folder: Path) -> list[str]:
        return list(self._names.get(folder, ()))

    def stamp(self, folder: Path) -> object:
        return self._changes

    def apply(self, staged: Mapping[Path, bytes | None]) -> None:
        files = self._files.copy()
        for path, data in staged.items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = data
        names: dict[Path, set[str]] = {}
        for path in files:
            for below in (path, *path.parents[:-1]):
                names.setdefault(below.parent, set()).add(below.name)
        self._files, self._names = files, names
        self._changes += 1
