"""An edit's files, brought to the disk so that it may stop at any point.

1.  Every file is written to the staging folder and synchronised. A full disk, a folder
    that may not be written or a limit shows here, with nothing changed.
2.  Every file that the edit read is read again. Where another program wrote meanwhile
    (nsc takes no lock), the commit ends with StoreChanged, nothing changed.
3.  The staged files are renamed into place, by rank, each rank on the disk before the
    next begins:

        keys · operator · accounts · users · creds · ledgers, then what is removed, in
        the opposite order

    What refers to another file comes after it: a document never stands there without
    the key that it was made with, a user not without its account. A ledger comes last,
    so that it never says 'revoked' of what the account's document does not revoke; and
    it cannot be late for a grant, since no token is handed out before a commit ends.
    A new account comes as a whole folder by one rename, because a folder without its
    token stops nsc. A removed one goes the same way.

A process that is killed between two renames leaves some files new and some old, each of
them whole, and has reported nothing. An error in step 3 is undone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from jetshare.errors import StoreChanged, StoreError
from jetshare.identity.record import record
from jetshare.store.atomic import make_folder, sync_folder, write_atomic, write_synced
from jetshare.store.faults import write_fault, writing
from jetshare.store.files import Disk, Overlay
from jetshare.store.layout import Layout

_KEY, _OPERATOR, _ACCOUNT, _USER, _CREDS, _LEDGER = range(6)


@record
class _Step:
    """One rename. ``staged`` is where the new content waits, or where the old one goes.

    ``before`` is the old content of a file, with which the step is undone.
    """

    rank: int
    target: Path
    staged: Path
    removes: bool = False
    before: bytes | None = None

    def do(self) -> None:
        if self.removes:
            self.target.rename(self.staged)
        else:
            make_folder(self.target.parent)
            self.staged.replace(self.target)

    def undo(self) -> None:
        if self.staged.exists() != self.removes:
            return  # it was not done
        if self.removes:
            self.staged.rename(self.target)
        elif self.before is not None:
            write_atomic(self.target, self.before)
        else:
            self.target.rename(self.staged)


def commit(layout: Layout, overlay: Overlay, *, stage: Path | None = None) -> None:
    """Bring what ``overlay`` staged to the disk. The caller holds the store's lock.

    ``stage`` is a staging folder to use instead of the store's own, for a store that is
    not there yet: it then appears by one rename.
    """
    writes, removals = _changes(overlay)
    if not writes and not removals:
        return
    plan = _Plan(layout, overlay, stage or layout.stage)
    try:
        steps = [*plan.writes(writes), *plan.removals(removals)]
        _check_unchanged(overlay)
        _apply(steps)
    finally:
        plan.clear()


def _changes(overlay: Overlay) -> tuple[dict[Path, bytes], list[Path]]:
    """What differs from the disk: files with their new bytes, and files to remove."""
    writes: dict[Path, bytes] = {}
    removals: list[Path] = []
    for path, data in overlay.staged.items():
        if data == overlay.original(path):
            continue
        if data is None:
            removals.append(path)
        else:
            writes[path] = data
    return writes, removals


class _Plan:
    """Stages files, and lays out the steps that bring them into place."""

    def __init__(self, layout: Layout, overlay: Overlay, stage: Path) -> None:
        self._layout = layout
        self._overlay = overlay
        self._stage = stage
        self._open: set[Path] = set()
        self._count = 0

    def writes(self, files: dict[Path, bytes]) -> list[_Step]:
        """Write every file to a staging folder; those of a new folder together."""
        steps: dict[Path, _Step] = {}
        for path, data in files.items():
            unit = self._new_folder(path) or path
            if unit not in steps:
                steps[unit] = _Step(
                    rank=self._rank(unit),
                    target=unit,
                    staged=self._slot(unit),
                    before=self._overlay.original(path) if unit == path else None,
                )
            staged = steps[unit].staged / path.relative_to(unit)
            with writing(path):
                make_folder(staged.parent)
                write_synced(staged, data)
                if unit != path:
                    sync_folder(staged.parent)
        return sorted(steps.values(), key=lambda step: step.rank)

    def removals(self, files: list[Path]) -> list[_Step]:
        """Whole folders where nothing is put in them again, and single files elsewhere."""
        staged = self._overlay.staged.items()
        kept = _folders_above(path for path, data in staged if data is not None)
        folders = self._overlay.removed_folders & _folders_above(files) - kept
        single = [path for path in files if folders.isdisjoint(path.parents)]
        steps = [
            _Step(rank=-self._rank(path), target=path, staged=self._slot(path), removes=True)
            for path in (*single, *folders)
        ]
        return sorted(steps, key=lambda step: step.rank)

    def clear(self) -> None:
        for stage in self._open:
            with suppress(OSError):
                _remove_tree(stage)

    def _new_folder(self, path: Path) -> Path | None:
        """The folder that ``path`` is to appear with, where that is not there yet."""
        layout = self._layout
        if path.is_relative_to(layout.folder) and _is_vacant(layout.folder):
            return layout.folder
        if not path.is_relative_to(layout.accounts):
            return None
        folder = layout.account(path.relative_to(layout.accounts).parts[0])
        return folder if _is_vacant(folder) else None

    def _slot(self, target: Path) -> Path:
        """A free place in the staging folder on the target's own file system."""
        layout = self._layout
        in_store = target.is_relative_to(layout.folder)
        stage = self._stage if in_store else layout.key_stage
        if stage not in self._open:
            with writing(stage.parent):
                if stage.exists():  # a commit that was killed left it
                    _remove_tree(stage)
                make_folder(stage)
            self._open.add(stage)
        place = _nearest_folder(target.parent)
        if not os.access(place, os.W_OK | os.X_OK):
            raise write_fault(place, PermissionError(errno.EACCES, ""))
        if place.stat().st_dev != stage.stat().st_dev:
            raise StoreError(
                f"{place} is on another file system than {stage}",
                hint="nothing was changed; keep a store, and a keystore, on one file system",
            )
        self._count += 1
        # A seed that a killed commit leaves must not end in a working copy, and not be
        # taken for a key: git leaves out what ends like this, and nsc looks for .nk.
        return stage / f"{self._count}{'' if in_store else '.creds'}"

    def _rank(self, path: Path) -> int:
        layout = self._layout
        if path in (layout.operator_jwt, layout.folder):
            return _OPERATOR
        if path.is_relative_to(layout.accounts):
            depth = len(path.relative_to(layout.accounts).parts)
            return _ACCOUNT if depth < 3 else _USER
        if path.is_relative_to(layout.own):
            return _LEDGER
        return _CREDS if path.is_relative_to(layout.creds_folder) else _KEY


def _check_unchanged(overlay: Overlay) -> None:
    disk = Disk()
    for path, known in overlay.seen.items():
        if disk.read(path) != known:
            raise StoreChanged(
                f"{path} was changed by another program meanwhile",
                hint="nothing was written; run it again",
            )


def _apply(steps: list[_Step]) -> None:
    done: list[_Step] = []
    try:
        for _, rank in groupby(steps, key=lambda step: (step.removes, step.rank)):
            together = list(rank)
            for step in together:
                done.append(step)
                with writing(step.target):
                    step.do()
            for folder in {step.target.parent for step in together}:
                with writing(folder):
                    sync_folder(folder)
    except BaseException:
        _undo(done)
        raise


def _undo(done: Iterable[_Step]) -> None:
    """Take the steps back, the last of which may not have been made."""
    failed: StoreError | None = None
    for step in reversed(list(done)):
        try:
            step.undo()
        except OSError as error:
            failed = write_fault(step.target, error)
    if failed:
        raise StoreError(
            f"the change is half written, and could not be taken back: {failed}",
            hint="run it again when the cause is mended; every file is whole",
        )


def _is_vacant(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is None
    except FileNotFoundError:
        return True


def _remove_tree(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()  # all that was staged is in its place now, as a rule
        return
    from shutil import rmtree  # brings compression libraries, which take long to load

    rmtree(folder)


def _folders_above(files: Iterable[Path]) -> set[Path]:
    return {folder for path in files for folder in path.parents}


def _nearest_folder(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
