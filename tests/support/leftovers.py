"""No test leaves a process behind: neither a nats-server nor anything else."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest

from support.processes import arguments, descendants, started_with

MARK: Final = "TEST_RUN"  # in the environment of all that the tests start, orphans too
GRACE_S: Final = 3.0  # for a process that is on its way out


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """At the end of the session, end what is still there, and fail."""
    run = uuid.uuid4().hex
    os.environ[MARK] = run
    yield
    del os.environ[MARK]
    deadline = time.monotonic() + GRACE_S
    while left := leftovers(run):
        if time.monotonic() > deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            lines = "".join(f"\n  {pid}: {command}" for pid, command in left.items())
            pytest.fail(f"tests left processes behind (in whichever file they ran):{lines}")
        time.sleep(0.02)


def leftovers(run: str) -> dict[int, str]:
    """Process ids and command lines of what this process, or its children, left running."""
    pids = {*descendants(os.getpid()), *started_with(MARK, run)} - {os.getpid()}
    lines = {pid: " ".join(arguments(pid)) for pid in pids}
    # multiprocessing keeps its tracker until the interpreter ends.
    return {pid: line for pid, line in lines.items() if line and "resource_tracker" not in line}
