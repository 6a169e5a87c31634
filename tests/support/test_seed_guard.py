"""The guards are watched too: a suite that shows a secret must fail, and say where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.seed_guard import SeedGuard
from support.seeds import MARKER_SEED

TESTS = Path(__file__).parents[1]

# The seed is put together where it is used, so that it stands in no source file.
PREAMBLE = f"""
import logging, os, subprocess, sys, time
import pytest

SEED = {MARKER_SEED[:30]!r} + {MARKER_SEED[30:]!r}
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', input()])"
"""

LEAKY = """
def test_printed():
    print("the key is", SEED)

def test_logged():
    logging.getLogger("store").debug("using %s", SEED)

@pytest.fixture
def key():
    yield
    print(SEED, file=sys.stderr)

def test_fixture(key):
    pass

def test_argument():
    subprocess.run([sys.executable, "-c", "", SEED], check=True)

def test_grandchild(seed_guard):
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    child.stdin.write(SEED.encode() + b"\\n")
    child.stdin.flush()
    deadline = time.monotonic() + 20
    while not seed_guard.leaks and time.monotonic() < deadline:
        time.sleep(0.01)
    child.communicate(b"\\n")

def test_file(tmp_path):
    (tmp_path / "notes.txt").write_text(SEED)
"""

DECLARED = """
def test_the_environment_is_nobodys():
    assert "NATS_URL" not in os.environ and "XDG_DATA_HOME" not in os.environ

@pytest.mark.shows_seed("output", reason="the answer is a new key")
def test_output():
    print(SEED)

@pytest.mark.shows_seed("arguments", reason="the user named the key so")
def test_arguments():
    subprocess.run([sys.executable, "-c", "", SEED], check=True)

def test_files(tmp_path, seed_guard):
    (tmp_path / "a.nk").write_text(SEED)
    (tmp_path / "a.creds").write_text(SEED)
    (tmp_path / "exported.txt").write_text(SEED)
    seed_guard.may_hold_seed(tmp_path / "exported.txt")
"""

CARELESS = """
def test_it():
    # In a session of its own, and the parent ends at once: nobody's child any more.
    orphan = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {!r}])"
    subprocess.run(
        [sys.executable, "-c", orphan.format("import time; time.sleep(60)")],
        check=True, start_new_session=True,
    )
"""


def run_suite(folder: Path, body: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a suite of one file with the project's conftest, in a process of its own."""
    (folder / "test_inner.py").write_text(PREAMBLE + body)
    (folder / "conftest.py").write_bytes((TESTS / "conftest.py").read_bytes())
    (folder / "pytest.ini").write_text(
        f'[pytest]\npythonpath = "{TESTS}"\nlog_level = DEBUG\nmarkers =\n    shows_seed\n'
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--basetemp", folder / "tmp", *words, folder],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "NATS_URL": "nats://elsewhere", "XDG_DATA_HOME": "/elsewhere"},
        timeout=60,
        check=False,
    )


@pytest.mark.shows_seed("arguments", reason="the inner suite shows it so")
def test_a_suite_that_shows_a_secret_fails(tmp_path: Path, seed_guard: SeedGuard) -> None:
    seed_guard.may_hold_seed(tmp_path)
    ended = run_suite(tmp_path, LEAKY, "-n", "1")  # in a worker, as the whole suite runs
    assert ended.returncode == 1, ended.stdout
    errors = {
        block.partition(" ")[0]: block
        for block in ended.stdout.partition("short test summary")[0].split("at teardown of ")[1:]
    }
    complaints = {
        "test_printed": "captured stdout call shows seed",
        "test_logged": "captured log call shows seed",
        "test_fixture": "captured stderr teardown shows seed",
        "test_argument": "the command line of",
        "test_grandchild": "the process list, at",
        "test_file": "notes.txt holds seed",
    }
    assert errors.keys() == complaints.keys()
    for test, complaint in complaints.items():
        assert complaint in errors[test]


@pytest.mark.shows_seed("arguments", reason="the inner suite shows it so")
def test_what_is_declared_is_let_through(tmp_path: Path, seed_guard: SeedGuard) -> None:
    seed_guard.may_hold_seed(tmp_path)
    ended = run_suite(tmp_path, DECLARED)
    assert ended.returncode == 0, ended.stdout


def test_a_suite_that_leaves_a_process_behind_fails(tmp_path: Path, seed_guard: SeedGuard) -> None:
    seed_guard.may_hold_seed(tmp_path)
    ended = run_suite(tmp_path, CARELESS)
    assert ended.returncode == 1, ended.stdout
    assert "tests left processes behind" in ended.stdout
    assert "time.sleep(60)" in ended.stdout


def test_output_of_a_command_is_watched(seed_guard: SeedGuard) -> None:
    seed_guard.watch_output("the stdout of a command", f"key {MARKER_SEED}\n")
    (leak,) = seed_guard.take()
    assert str(leak) == f"the stdout of a command shows seed {MARKER_SEED[:6]}…"
