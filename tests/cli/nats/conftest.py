"""What the tests of the nats face stand on: one server, and names of their own on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.nats_face import House, Nats, house
from support.seed_guard import SeedGuard

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture
def offline(seed_guard: SeedGuard, fresh_home: Path) -> Nats:
    """The face without a server, on an empty home."""
    return Nats(seed_guard)


@pytest.fixture
def nats(offline: Nats, at_home: House) -> Nats:
    """The face as a user of ACCTC, whose JetStream is on."""
    return Nats(offline.guard, at_home.words())


@pytest.fixture
def stream(nats: Nats) -> str:
    """The name of a stream, new for each test; it takes the subjects below its own name."""
    name = f"S{next(_NUMBERS)}"
    nats.ok("stream", "add", name, "--subjects", f"{name}.>", "--defaults")
    return name
