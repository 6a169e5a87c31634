"""Several processes on one store, and processes that are killed in the middle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import FolderStore, open_store
from store.house import House, folder_store, location_in

TESTS = Path(__file__).parents[1]

ADDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from jetshare.store.folder import open_store
from store.house import location_in, with_export
store = open_store(location_in(Path(sys.argv[2])))
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    with store.edit() as edit:
        operator = edit.key(edit.operator().claims.sub)
        edit.put_account(with_export(edit.account("A"), f"{sys.argv[3]}.{number}", operator))
"""


def test_two_processes_that_each_add_fifty_exports_end_with_a_hundred(tmp_path: Path) -> None:
    house = House()
    store = folder_store(location_in(tmp_path), house)
    with store.edit() as edit:
        edit.put_key(house.key)
        edit.put_account(house.account("A"))
    adders = [
        subprocess.Popen(
            [sys.executable, "-c", ADDER, str(TESTS), str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for adder in adders:
        assert adder.stdout is not None
        assert adder.stdout.readline() == "ready\n"
    for adder in adders:
        assert adder.stdin is not None
        adder.stdin.write("go\n")
        adder.stdin.flush()
    for adder in adders:
        adder.communicate()
        assert adder.returncode == 0
    subjects = {export.subject for export in store.account("A").claims.nats.exports}
    assert subjects == {f"{name}.{number}" for name in ("one", "two") for number in range(50)}


# Forks a worker for each line that it reads, and says its process id. The worker commits
# round after round and writes the number of each that is done to a pipe. What a dead
# worker wrote is read here, so nothing that it reported is lost with it.
NURSERY = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from jetshare.identity.claims import Account
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import open_store
from store.house import House, creds, granted, location_in, user

root = Path(sys.argv[2])
operator = open_store(location_in(root))
house = House(key=operator.key(operator.operator().claims.sub))

def work(first, out):
    store = open_store(location_in(root))
    key = store.key(store.account("A").claims.sub)
    number = first
    while True:
        with store.edit() as edit:
            edit.put_account(house.account("A", key, Account(description=str(number))))
            edit.append_ledger("A", [granted(key.public, key, at=number)])
            name = f"N{number}"
            fresh = KeyPair.generate(Kind.ACCOUNT)
            edit.put_key(fresh)
            edit.put_account(house.account(name, fresh))
            edit.put_user(name, user("u", fresh))
            edit.put_creds(name, "u", creds("u", fresh))
            if number > first + 1:
                edit.delete_account(f"N{number - 2}")
        os.write(out, b"%d\\n" % number)
        number += 1

# An interrupt that falls into the fork itself would get lost there.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
for line in sys.stdin:
    into, out = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(into)
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            work(int(line), out)
        finally:
            os._exit(0)
    os.close(out)
    print(pid, flush=True)
    with os.fdopen(into) as reports:
        for report in reports:
            print(report, end="", flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""


@dataclass
class Nursery:
    """``reported`` is the last round that any worker reported as done."""

    process: subprocess.Popen[str]
    reported: int = 0

    def run(self, first: int, how: signal.Signals, chance: random.Random) -> None:
        """Let a worker begin with round ``first``, and stop it in one of its first rounds."""
        pid = int(self._say(str(first)))
        for _ in range(chance.randrange(3)):
            self.reported = int(self._say(""))
        stopper = threading.Timer(chance.uniform(0, 0.015), os.kill, (pid, how))
        stopper.start()
        while (report := self._say("")) != "gone":
            self.reported = int(report)
        stopper.join()

    def _say(self, line: str) -> str:
        """Send a line, if there is one, and read the next."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if line:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    house, key = House(), KeyPair.generate(Kind.ACCOUNT)
    made = folder_store(location_in(tmp_path), house)
    with made.edit() as edit:
        edit.put_key(house.key)
        edit.put_key(key)
        edit.put_account(house.account("A", key))
    return made


@pytest.fixture
def nursery(store: FolderStore) -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(TESTS), str(store.folder.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)


def rounds(store: FolderStore, reported: int) -> tuple[int, int]:
    """The last round that the account shows, and the last that its ledger shows.

    The store opens, and has everything that was reported.
    """
    opened = open_store(location_in(store.folder.parent))
    accounts = {name: opened.account(name).claims for name in opened.accounts()}
    for name in accounts.keys() - {"A"}:
        assert opened.key(accounts[name].sub) is not None
        assert opened.user(name, "u").claims.iss == accounts[name].sub
    if reported:
        assert f"N{reported}" in accounts
        assert opened.creds(f"N{reported}", "u") is not None
    entries = opened.ledger("A")
    by_ledger = entries[-1].at if entries else 0
    by_account = int(accounts["A"].nats.description or 0)
    assert reported <= by_ledger <= by_account
    return by_account, by_ledger


def test_what_was_reported_is_there_after_any_kill(store: FolderStore, nursery: Nursery) -> None:
    chance = random.Random(1)
    kills = last = unreported = 0
    while kills < 60 or unreported < 3:
        nursery.run(last + 1, signal.SIGKILL, chance)
        kills += 1
        last, _ = rounds(store, nursery.reported)
        unreported += last > nursery.reported
    assert nursery.reported > kills / 2


def test_an_interrupt_leaves_a_round_whole_or_not_there(
    store: FolderStore, nursery: Nursery
) -> None:
    chance = random.Random(2)
    last = 0
    for _ in range(40):
        nursery.run(last + 1, signal.SIGINT, chance)
        last, in_ledger = rounds(store, nursery.reported)
        assert last == in_ledger
    assert nursery.reported > 20
