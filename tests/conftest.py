"""What every test stands on: an environment of its own, and three watchmen.

The watchmen are the seed guard (no secret shows), the check for leftover processes, and
the rule that Go is there in CI.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.go_tools import NATS, built

pytest_plugins = ["support.seed_guard", "support.leftovers", "support.cli"]

# Where jetshare, nsc and nats look for a user's own stores, keys, contexts and servers.
_PERSONAL = re.compile(r"(NATS|NSC|NKEYS|XDG|JETSHARE)_.*")
_GO_BUILD_S = 600


def pytest_configure(config: pytest.Config) -> None:
    if "CI" in os.environ and not shutil.which("go"):
        raise pytest.UsageError("go is not on PATH: in CI the tests that need it must run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    with_go = [item for item in items if item.get_closest_marker("go")]
    for item in with_go:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_GO_BUILD_S))  # the first one builds
    if with_go and not shutil.which("go"):
        config.hook.pytest_deselected(items=with_go)
        items[:] = [item for item in items if item not in with_go]


def pytest_report_header() -> str | None:
    return None if shutil.which("go") else "go is not on PATH: the tests that need it are left out"


@pytest.fixture(scope="session", autouse=True)
def _nobodys_environment() -> Iterator[None]:
    """No test sees, or touches, what belongs to the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if _PERSONAL.fullmatch(name):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell starts what runs in its background with SIGINT ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder. Stores, keys and contexts that nobody places land below it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture(scope="session")
def real_nats() -> Path:
    """The ``nats`` of natscli, for tests marked ``go``."""
    return built(NATS)
