"""Ctrl-C at any moment of a command's start: exit code 130, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import environment

# In the order in which they are loaded; with the last one the command begins.
JETSHARE = (
    "click._compat",
    "click.exceptions",
    "click.core",
    "click",
    "jetshare.cli.hiding",
    "jetshare.identity.claims",
    "jetshare.identity.jwt",
    "jetshare.store.folder",
    "jetshare.sharing.bundle",
    "jetshare.cli.options",
    "jetshare.sharing.times",
)
NSC = (
    "jetshare.cli.nsc.flags",
    "jetshare.cli.nsc.output",
    "jetshare.identity.claims",
    "jetshare.store.folder",
    "jetshare.cli.nsc.table",
)


def loading(words: tuple[str, ...], module: str, *, ignore: bool = False) -> subprocess.Popen[str]:
    """A command that has just loaded ``module``. It waits for something to read, so that it
    cannot end before a signal comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONPROFILEIMPORTTIME": "1"}),
        preexec_fn=_ignore if ignore else None,
    )
    assert process.stderr is not None
    for line in iter(process.stderr.readline, ""):
        loaded = line.rpartition("|")[2].strip()
        if loaded == module:
            return process
        if loaded in (JETSHARE[-1], NSC[-1]):
            break
    process.kill()
    process.communicate()
    raise AssertionError(f"{module} was not loaded")


def interrupted(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    # To a shell both are 130: Python ends by the signal itself where that came within an exec,
    # as of a dataclass that is being made, whatever is made of the exception later.
    assert process.returncode in (130, -signal.SIGINT), said
    assert "Traceback" not in said


@pytest.mark.parametrize("module", JETSHARE)
def test_a_command_that_is_interrupted_while_it_loads(module: str) -> None:
    interrupted(loading(("jetshare", "inspect", "-"), module))


@pytest.mark.parametrize("module", NSC)
def test_the_launcher_of_nsc_too(module: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "nsc.json")  # which nobody writes to
    words = ("jetshare.cli.nsc", "list", "accounts", "--config-dir", str(tmp_path))
    interrupted(loading(words, module))


def test_where_it_is_ignored_it_stays_so() -> None:
    """As for a job that a shell has put into the background."""
    process = loading(("jetshare", "inspect", "-"), JETSHARE[-1], ignore=True)
    process.send_signal(signal.SIGINT)
    process.communicate("no token", timeout=30)
    assert process.returncode == 2


def _ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
