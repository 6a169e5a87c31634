from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.go_tools import NATS


@pytest.mark.go
def test_the_real_nats_is_of_the_version_that_was_asked_for(real_nats: Path) -> None:
    shown = subprocess.run([real_nats, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == NATS.version
