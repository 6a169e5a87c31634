"""Ctrl-C at any moment of a command's start: exit code 130, and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from support.cli import environment

# In the order in which they are loaded; with the last one the verb begins.
LOADED = (
    "click._compat",
    "click.exceptions",
    "click.core",
    "click",
    "jetshare.cli.main",
    "jetshare.identity.claims",
    "jetshare.identity.jwt",
    "jetshare.store.folder",
    "jetshare.sharing.bundle",
    "jetshare.cli.options",
    "jetshare.cli.spans",
)


def loading(module: str, *, ignore: bool = False) -> subprocess.Popen[str]:
    """A command that has just loaded ``module``. It waits for its standard input, so that it
    cannot end before a signal comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jetshare", "inspect", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONPROFILEIMPORTTIME": "1"}),
        preexec_fn=_ignore if ignore else None,
    )
    assert process.stderr is not None
    for line in iter(process.stderr.readline, ""):
        if line.rpartition("|")[2].strip() == module:
            return process
        if line.rpartition("|")[2].strip() == LOADED[-1]:
            break
    process.kill()
    process.communicate()
    raise AssertionError(f"{module} was not loaded")


@pytest.mark.parametrize("module", LOADED)
def test_a_command_that_is_interrupted_while_it_loads(module: str) -> None:
    process = loading(module)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Traceback" not in said


def test_where_it_is_ignored_it_stays_so() -> None:
    """As for a job that a shell has put into the background."""
    process = loading(LOADED[-1], ignore=True)
    process.send_signal(signal.SIGINT)
    process.communicate("no token", timeout=30)
    assert process.returncode == 2


def _ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
