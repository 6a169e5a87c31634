"""The files below a store: on the disk, or as they will be after an edit."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Protocol

from jetshare.errors import StoreDamaged
from jetshare.store.faults import read_fault

_ABSENT = (FileNotFoundError, NotADirectoryError)


class Files(Protocol):
    """What documents are read from. A path that is not there is no error."""

    def read(self, path: Path) -> bytes | None: ...

    def exists(self, path: Path) -> bool: ...

    def names(self, folder: Path) -> list[str]:
        """The names in a folder, in no order."""

    def stamp(self, folder: Path) -> object:
        """Something that differs once names came to or went from a folder."""


class Disk:
    """The files as they are."""

    def read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except _ABSENT:
            return None
        except IsADirectoryError:
            raise StoreDamaged(f"{path} is a folder where a file should be") from None
        except OSError as error:
            raise read_fault(path, error) from None

    def exists(self, path: Path) -> bool:
        try:
            path.stat()
        except _ABSENT:
            return False
        except OSError as error:
            raise read_fault(path, error) from None
        return True

    def names(self, folder: Path) -> list[str]:
        try:
            return [path.name for path in folder.iterdir()]
        except _ABSENT:
            return []
        except OSError as error:
            raise read_fault(folder, error) from None

    def stamp(self, folder: Path) -> object:
        try:
            found = folder.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


class Overlay:
    """Files with the changes of an edit laid over them.

    ``seen`` keeps the bytes of every file that was read below, so that the edit sees one
    state throughout and a commit can tell whether it still holds. ``staged`` is what the
    edit puts in place: bytes, or None where a file is removed.
    """

    def __init__(self, below: Files) -> None:
        self._below = below
        self.seen: dict[Path, bytes | None] = {}
        self.staged: dict[Path, bytes | None] = {}
        self.removed_folders: set[Path] = set()
        self._added: defaultdict[Path, set[str]] = defaultdict(set)
        self._gone: defaultdict[Path, set[str]] = defaultdict(set)
        self._changes = 0

    def read(self, path: Path) -> bytes | None:
        if path in self.staged:
            return self.staged[path]
        return self.original(path)

    def original(self, path: Path) -> bytes | None:
        """The file as it is below, whatever was staged."""
        if path not in self.seen:
            self.seen[path] = self._below.read(path)
        return self.seen[path]

    def exists(self, path: Path) -> bool:
        if path in self.staged:
            return self.staged[path] is not None
        return self._below.exists(path)

    def names(self, folder: Path) -> list[str]:
        below = set(self._below.names(folder))
        return list(below - self._gone[folder] | self._added[folder])

    def stamp(self, folder: Path) -> object:
        return self._below.stamp(folder), self._changes

    def put(self, path: Path, data: bytes) -> None:
        self.original(path)  # a commit replaces only what the edit knew
        self.staged[path] = data
        self._changes += 1
        below = path
        for folder in path.parents:
            if below.name in self._added[folder]:
                break  # and so it is in those above
            self._added[folder].add(below.name)
            self._gone[folder].discard(below.name)
            below = folder

    def remove(self, path: Path) -> None:
        self.original(path)
        self.staged[path] = None
        self._changes += 1
        self._added[path.parent].discard(path.name)
        self._gone[path.parent].add(path.name)

    def drop_folder(self, folder: Path) -> None:
        """Let a folder go whose files were removed, with whatever else is in it."""
        self.removed_folders.add(folder)
        self._changes += 1
        self._added[folder.parent].discard(folder.name)
        self._gone[folder.parent].add(folder.name)
