from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from jetshare.errors import StoreLocked
from jetshare.store.lock import locked

HOLDER = """
import sys
from pathlib import Path
from jetshare.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until it is told to go, or killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_the_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "OP" / ".jetshare" / "lock"
    with hold(path) as child:
        with (
            pytest.raises(StoreLocked, match=rf"OP is locked by process {child.pid}\b"),
            locked(path, wait_s=0.05),
        ):
            pass
        child.communicate("go\n")


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path) as child:
        child.kill()
    with locked(path, wait_s=0):
        pass


def test_waiting_ends_when_the_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    order = []
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        with locked(path):
            order.append("waiter")

    waiter = threading.Thread(target=wait)
    with locked(path):
        waiter.start()
        waiting.wait()
        order.append("holder")
    waiter.join()
    assert order == ["holder", "waiter"]


def test_an_edit_does_not_wait_for_itself_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path),
        pytest.raises(StoreLocked, match=f"process {os.getpid()}"),
        locked(path, wait_s=0.01),
    ):
        pass


def handles_on(path: Path) -> int:
    """How often this process has ``path`` open."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += entry.readlink() == path
    return found


def test_a_lock_whose_folder_was_cleared_is_taken_anew(tmp_path: Path) -> None:
    path = tmp_path / "own" / "lock"
    refused = []

    def wait() -> None:
        with locked(path):
            try:
                with locked(path, wait_s=0):
                    pass
            except StoreLocked:
                refused.append(path.exists())

    waiter = threading.Thread(target=wait)
    with locked(path):
        waiter.start()
        deadline = time.monotonic() + 10
        while handles_on(path) < 2:
            assert time.monotonic() < deadline
        shutil.rmtree(path.parent)
    waiter.join()
    assert refused == [True]


def test_the_lock_goes_with_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError), locked(path):
        raise RuntimeError
    with locked(path, wait_s=0):
        pass
