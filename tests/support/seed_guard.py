"""The seed guard: over the whole suite no secret may show where it does not belong.

It looks into what each test printed and logged, what the commands that tests ran printed,
the arguments of every process that tests started (as they start, and in the kernel's
process list while they run), and, at the end of the session, every file that tests wrote,
but for key files and creds. A find fails the test, or the last one of the session.

A test whose subject is a secret that is shown says so:

    @pytest.mark.shows_seed("output", reason="a new key pair is printed on demand")
    def test_…(): …

    def test_…(tmp_path, seed_guard):
        seed_guard.may_hold_seed(tmp_path / "exported.txt")
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from support.processes import arguments, descendants
from support.seeds import MARKER_SEED, find_secrets

KEY_FILES: Final = frozenset({".nk", ".creds"})
OUTPUT: Final = "output"
ARGUMENTS: Final = "arguments"
_SAMPLE_EVERY_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret that shows: ``kind`` of place (output or arguments), where, and which one."""

    kind: str
    where: str
    secret: str

    def __str__(self) -> str:
        return f"{self.where} shows {self.secret}"


@dataclass(slots=True)
class SeedGuard:
    """Collects leaks until they are taken."""

    leaks: list[Leak] = field(default_factory=list)
    _exempt: list[Path] = field(default_factory=list)

    def watch_output(self, where: str, *texts: str | bytes) -> None:
        """Look into what a command printed, or what a test read off a wire."""
        self._watch(OUTPUT, where, texts)

    def watch_arguments(self, where: str, words: Iterable[str | bytes]) -> None:
        self._watch(ARGUMENTS, where, words)

    def _watch(self, kind: str, where: str, texts: Iterable[str | bytes]) -> None:
        for text in texts:
            data = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
            for secret in find_secrets(data):
                self.leaks.append(Leak(kind=kind, where=where, secret=secret.name))

    def take(self, *, shown: frozenset[str] = frozenset()) -> list[Leak]:
        """The leaks since the last call, but for those of the kinds in ``shown``."""
        taken, self.leaks = self.leaks, []
        return [leak for leak in dict.fromkeys(taken) if leak.kind not in shown]

    def may_hold_seed(self, path: Path) -> None:
        """Leave out this file, or all below this folder, when files are looked into."""
        self._exempt.append(path.resolve())

    def leaks_in_files(self, folder: Path) -> list[str]:
        """Every file below ``folder`` that holds a secret, but for those that are meant to."""
        found = []
        for path in sorted(folder.rglob("*")):
            if path.suffix in KEY_FILES or path.is_symlink() or not path.is_file():
                continue
            if any(path.resolve().is_relative_to(exempt) for exempt in self._exempt):
                continue
            with suppress(FileNotFoundError):
                names = {secret.name for secret in find_secrets(path.read_bytes())}
                found += [f"{path} holds {name}" for name in sorted(names)]
        return found


_GUARD: Final = pytest.StashKey[SeedGuard]()


def pytest_configure(config: pytest.Config) -> None:
    guard = SeedGuard()
    config.stash[_GUARD] = guard

    def see(event: str, values: tuple[Any, ...]) -> None:
        # Every way to start a program raises one of these, asyncio's too.
        if event in {"subprocess.Popen", "os.exec", "os.posix_spawn"}:
            words = [os.fsencode(word) for word in values[1]]
            program = os.fsdecode(words[0]) if words else str(values[0])
            guard.watch_arguments(f"the command line of {program}", words)

    sys.addaudithook(see)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Once a test is torn down, all that it printed is known: look into it."""
    report = yield
    if report.when == "teardown":
        guard = item.config.stash[_GUARD]
        for title, text in report.sections:
            guard.watch_output(title.lower(), text)
        shown = frozenset(where for mark in item.iter_markers("shows_seed") for where in mark.args)
        if leaks := guard.take(shown=shown):
            before = f"\n\n{report.longreprtext}" if report.failed else ""
            report.outcome = "failed"
            report.longrepr = "\n".join(("a secret shows:", *map(str, leaks))) + before
    return report


@pytest.fixture(scope="session")
def seed_guard(pytestconfig: pytest.Config) -> SeedGuard:
    return pytestconfig.stash[_GUARD]


@pytest.fixture(scope="session")
def marker_seed() -> str:
    """A valid account seed to plant as the key of a provider: it must come out nowhere."""
    return MARKER_SEED


@pytest.fixture(scope="session", autouse=True)
def _watch_session(
    seed_guard: SeedGuard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    over = threading.Event()
    sampler = threading.Thread(target=_sample_processes, args=(seed_guard, over))
    sampler.start()
    yield
    over.set()
    sampler.join()
    if leaks := seed_guard.leaks_in_files(tmp_path_factory.getbasetemp()):
        pytest.fail("\n".join(("a secret lies in a file that some test wrote:", *leaks)))


def _sample_processes(guard: SeedGuard, over: threading.Event) -> None:
    """Look at the process list again and again: what our children start is seen only there."""
    known: set[tuple[int, int]] = set()
    while not over.wait(_SAMPLE_EVERY_S):
        for pid in descendants(os.getpid()):
            words = arguments(pid)
            # A process shows its parent's command line until its own program has begun.
            if words and (seen := (pid, hash(tuple(words)))) not in known:
                known.add(seen)
                guard.watch_arguments(f"the process list, at {words[0]}", words)
