"""docs/python.md as it stands: each of its programs, in its order, on a server of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.newcomer import Newcomer, blocks
from support.seed_guard import SeedGuard

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "python.md").read_text()
SHARE = "RESTOCKEVENTS/RESTOCKEVENTS-C1"
OVERFLOW = "RESTOCKEVENTS/OVERFLOW"
CONTEXT = ["jetshare", "nats", "--context", "ACCTC"]


@pytest.fixture
def reader(fresh_home: Path, seed_guard: SeedGuard) -> Iterator[Newcomer]:
    """A reader of the page, to whom two consumers are granted, in ``ACCTB``."""
    reader = Newcomer(fresh_home, seed_guard)
    with reader.served(["jetshare", "up", "--domain", "ngstest"]) as url:
        stream, consumer = SHARE.split("/")
        reader.run([*CONTEXT, "stream", "add", stream, "--subjects", "retail.>", "--defaults"])
        add = [*CONTEXT, "consumer", "add", stream, "--pull", "--defaults"]
        reader.run([*add, consumer])
        reader.run([*add, "OVERFLOW", "--overflow-groups", "jobs"])
        grant = ["jetshare", "grant", "--from", "ACCTC", "--to", "ACCTB", "-o"]
        for share, bundle in ((SHARE, "share"), (OVERFLOW, "overflow")):
            reader.run([*grant, bundle, share])
            reader.run(["jetshare", "accept", bundle, "--account", "ACCTB", "--yes"])
        for number, block in enumerate(blocks(PAGE, "python")):
            program = block.replace("nats://127.0.0.1:4222", url)
            (reader.folder / f"{number}.py").write_text(program)
        yield reader


def publish(reader: Newcomer, data: str) -> None:
    reader.run([*CONTEXT, "request", "retail.v1.restock.requested", data])


def test_its_programs_do_what_it_says(reader: Newcomer) -> None:
    publish(reader, "first")
    with reader.start(["python", "-u", "0.py"]) as handling:
        assert handling.stdout is not None
        assert handling.stdout.readline() == "retail.v1.restock.requested first 1\n"
        handling.terminate()
        assert handling.stdout.read() == "1 acknowledged, 0 failed\n"

    publish(reader, "second")
    assert reader.run(["python", "1.py"]) == "second {}\nno more\n"

    for data in ("third", '{"sku": 7}'):
        publish(reader, data)
    assert reader.run(["python", "2.py"]) == "{'sku': 7}\n"

    publish(reader, "fifth")
    assert reader.run(["python", "3.py"]) == "fifth\n1 acknowledged\n"

    assert reader.run(["python", "4.py"]) == "1 of 5 waiting\n"

    assert reader.run(["python", "5.py"]).splitlines() == [
        "ACCTA pulls under ACCTC.API",
        "ACCTA works",
        "ACCTB works",
        "out, and proven",
    ]

    told = reader.run(["python", "6.py"]).splitlines()
    assert told[0].startswith(f"{SHARE} to ACCTA revoked on 20")
    assert told[1].startswith("  JS310 ACCTC ended it (revoked on 20")
    # What is said of a consumer with priority groups is another page's.
    assert told[-2:] == [f"{SHARE} to ACCTB works", "mended: ACCTA"]
