"""A person who is asked before a change is made, at a terminal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import environment
from support.offline import folder_store, granted


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_a_no_is_an_answer(tmp_path: Path, answer: str, code: int) -> None:
    store = folder_store(tmp_path / "store")
    (made,) = asyncio.run(granted(store, "ACCTB", now=1_700_000_000)).grants
    (tmp_path / "b.share").write_text(made.bundle)
    before = store.account("ACCTB").token
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    words = ("accept", "b.share", "--account", "ACCTB", "--no-push", "--json", "-H", "store")
    done = subprocess.run(
        [sys.executable, "-m", "jetshare", *words],
        stdin=theirs,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment({"HOME": str(tmp_path)}),
        timeout=60,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == code, done.stderr
    assert ("jetshare: error: you said no: nothing was changed" in done.stderr) == (code == 1)
    assert ('"kind": "Declined"' in done.stdout) == (code == 1)
    assert (store.account("ACCTB").token == before) == (code == 1)
