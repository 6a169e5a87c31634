"""What ``import jetshare`` offers is all there, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import jetshare


@pytest.mark.parametrize("name", jetshare.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(jetshare, name) is not None


def test_no_name_is_offered_that_has_no_home() -> None:
    assert sorted(jetshare._HOME_OF) == sorted(jetshare.__all__)
    with pytest.raises(AttributeError):
        _ = jetshare.nothing


def test_importing_jetshare_loads_nothing_of_it() -> None:
    heavy = ("jetshare.", "nacl", "nats", "click")
    code = f"import sys, jetshare; print([m for m in sys.modules if m.startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
