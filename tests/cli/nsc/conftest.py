from __future__ import annotations

from pathlib import Path

import pytest

from support.nsc import Nsc, make_nsc


@pytest.fixture
def nsc(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Nsc:
    """The nsc face, with nothing there yet."""
    return make_nsc(fresh_home, monkeypatch, capsys)


@pytest.fixture
def house(nsc: Nsc) -> Nsc:
    """An operator with SYS and the accounts A and B, of which B is the current one."""
    nsc("add operator OP --sys")
    nsc("add account A")
    nsc("add account B")
    return nsc
