"""A disk that is full, and a reader that has gone: told in one line, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from jetshare.cli.main import VERBS
from support.cli import environment
from support.offline import SHARE, folder_store

NAME = str(SHARE)

STORE = ("-H", "../store")

# By verb: its words, and its exit code where all that it has to print is its error.
WORDS: dict[str, tuple[tuple[str, ...], int]] = {
    "up": (("--account", "X", "--json", *STORE), 2),
    "grant": ((NAME, "--from", "ACCTC", "--to", "ACCTB", "--no-push", "--json", *STORE), 1),
    "accept": (("missing.share", "--account", "ACCTB", "--json", *STORE), 2),
    "verify": ((NAME, "--json", *STORE), 2),
    "revoke": ((NAME, "--from", "ACCTC", "--to", "NOBODY", "--json", *STORE), 2),
    "drop": ((NAME, "--json", *STORE), 2),
    "ls": (("--json", *STORE), 1),
    "inspect": (("missing.share", "--json"), 2),
    "next": ((NAME, "--json", *STORE), 2),
    "doctor": (("--offline", "--json", *STORE), 1),
    "explain": (("JS101", "--json"), 1),
    "shims": (("bin", "--json"), 1),
    "consume": ((NAME, "--json", *STORE), 2),
    "demo": (("--no-such-word", "--json"), 2),
    "nsc": (("list", "accounts", *STORE), 1),
    "nats": (("--help",), 1),
}


@pytest.fixture
def work(tmp_path: Path, fresh_home: Path) -> Path:
    folder_store(tmp_path / "store")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def run(work: Path, stdout: int) -> dict[str, tuple[int, str]]:
    """Every verb with its results into ``stdout``: the exit code and what it says besides."""
    assert set(WORDS) == set(VERBS)

    def run_one(verb: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "jetshare", verb, *WORDS[verb][0]],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=work,
            env=environment({}),
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    with ThreadPoolExecutor(max_workers=2) as workers:
        return dict(zip(WORDS, workers.map(run_one, WORDS), strict=True))


@contextmanager
def full() -> Iterator[int]:
    """An output that takes nothing."""
    handle = os.open("/dev/full", os.O_WRONLY)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def unread() -> Iterator[int]:
    """A pipe whose reader has gone."""
    read, write = os.pipe()
    os.close(read)
    try:
        yield write
    finally:
        os.close(write)


def test_an_output_that_is_full_is_told_in_one_line(work: Path) -> None:
    with full() as stdout:
        ran = run(work, stdout)
    for verb, (code, said) in ran.items():
        assert code == WORDS[verb][1], (verb, said)
        assert "Traceback" not in said, verb
        assert "Exception ignored" not in said, verb
        assert said.count("error: ") == 1, (verb, said)
        if code == 1:
            assert "error: the output: No space left on device" in said, verb


def test_a_reader_that_has_gone_is_told_nothing(work: Path) -> None:
    with unread() as stdout:
        ran = run(work, stdout)
    for verb, (code, said) in ran.items():
        expected = WORDS[verb][1]
        assert code == (0 if expected == 1 else expected), (verb, said)
        assert "Traceback" not in said, verb
        assert "Exception ignored" not in said, verb
        assert ("error: " in said) == (code == 2), (verb, said)
