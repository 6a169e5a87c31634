"""The nats face at work: in this process, or as a process of its own; and accounts for it."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jetshare.cli.nats.main import run
from jetshare.identity.claims import Account, Export, Import, Permission, User
from jetshare.identity.creds import format_creds
from jetshare.sharing.kinds import PullConsumer, Role
from support.cli import Finished, environment
from support.seed_guard import SeedGuard
from support.servers import JETSTREAM, Member, Realm, serving

SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")
SUBJECT = "retail.v1.restock.requested"
PREFIX = "ACCTC.API"
DOMAIN = "ngstest"


@dataclass(frozen=True, slots=True)
class Nats:
    """``nats("pub", "x", …)`` runs one command line of the face in this process.

    ``always`` are words that stand before those of each call.
    """

    guard: SeedGuard
    always: tuple[str, ...] = ()

    def __call__(
        self, *words: str | Path, env: Mapping[str, str] | None = None, stdin: bytes = b""
    ) -> Finished:
        stdout, stderr = _Captured(), _Captured()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            with redirect_stdout(stdout), redirect_stderr(stderr):
                code = run([*self.always, *map(str, words)])
        done = Finished(exit=code, stdout=stdout.text(), stderr=stderr.text())
        self.guard.watch_output("the stdout of nats", done.stdout)
        self.guard.watch_output("the stderr of nats", done.stderr)
        return done

    def ok(self, *words: str | Path, **how: Any) -> Finished:
        """The same, for a command that is there to prepare something."""
        done = self(*words, **how)
        assert done.exit == 0, done
        return done

    @contextmanager
    def running(self, *words: str, until: str) -> Iterator[Running]:
        """The command as a process of its own, which has said ``until`` on stderr."""
        command = [sys.executable, "-m", "jetshare", "nats", *self.always, *words]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment({}),
            text=True,
        )
        running = Running(process)
        try:
            running.heard(until)
            yield running
        finally:
            process.kill()
            process.wait()
            running.close()
            self.guard.watch_output("the output of nats", running.stdout, running.stderr)


@dataclass
class Running:
    """A command that goes on; what it printed so far is collected all the time."""

    process: subprocess.Popen[str]
    lines: dict[str, list[str]] = field(default_factory=lambda: {"stdout": [], "stderr": []})

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read, args=(name,)) for name in ("stdout", "stderr")
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, name: str) -> None:
        for line in getattr(self.process, name):
            with self._changed:
                self.lines[name].append(line)
                self._changed.notify_all()

    @property
    def stdout(self) -> str:
        return "".join(self.lines["stdout"])

    @property
    def stderr(self) -> str:
        return "".join(self.lines["stderr"])

    def heard(self, text: str, within_s: float = 20.0) -> None:
        """Wait until ``text`` was printed on either stream."""
        with self._changed:
            seen = self._changed.wait_for(lambda: text in self.stdout + self.stderr, within_s)
        assert seen, f"{text!r} is not in {self.stdout!r} and {self.stderr!r}"

    def finished(self, within_s: float = 20.0) -> Finished:
        """Wait until it ends by itself."""
        code = self.process.wait(within_s)
        self.close()
        return Finished(exit=code, stdout=self.stdout, stderr=self.stderr)

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class _Captured(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def text(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


@dataclass(frozen=True, kw_only=True)
class House:
    """A server with JetStream in domain ngstest, and creds files of its accounts by name.

    ACCTC has the stream's side; ACCTB imports the share of RESTOCKEVENTS/RESTOCKEVENTS-C1
    under ACCTC.API, and deliver.>; NOACK does so without the ACK subjects; BARE has no
    JetStream and imports nothing. LIMITED is a user of ACCTC that may use allowed.> only.
    """

    url: str
    creds: Mapping[str, Path]

    def words(self, account: str = "ACCTC") -> tuple[str, ...]:
        return ("--server", self.url, "--creds", str(self.creds[account]))


@contextmanager
def house(folder: Path) -> Iterator[House]:
    realm = Realm()
    provider = realm.account("ACCTC", Account(exports=_exports(), limits=JETSTREAM))
    acks = frozenset({Role.ACK, Role.ACK_V2})
    members = [
        provider,
        realm.account("ACCTB", Account(imports=_imports(provider))),
        realm.account("NOACK", Account(imports=_imports(provider, without=acks))),
        realm.account("BARE", Account()),
    ]
    creds = {}
    for member in members:
        creds[member.name] = folder / f"{member.name}.creds"
        creds[member.name].write_text(format_creds(member.user("u")))
    creds["LIMITED"] = folder / "LIMITED.creds"
    creds["LIMITED"].write_text(format_creds(provider.user("limited", user=_LIMITED)))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        server = runner.run(
            stack.enter_async_context(serving(realm, folder / "node", members, domain=DOMAIN))
        )
        try:
            yield House(url=server.url, creds=creds)
        finally:
            runner.run(stack.aclose())


_LIMITED = User(
    pub=Permission(allow=("allowed.>",)), sub=Permission(allow=("_INBOX.>", "allowed.>"))
)


def _exports() -> tuple[Export, ...]:
    exports = tuple(
        Export(
            name=shared.role,
            subject=shared.subject,
            type="service",
            response_type=shared.response_type,
        )
        for shared in SHARE.subjects("")
        if shared.role is not Role.ACK_V2
    )
    return (*exports, Export(name="deliver", subject="deliver.>", type="stream"))


def _imports(provider: Member, *, without: frozenset[Role] = frozenset()) -> tuple[Import, ...]:
    imports = tuple(
        Import(
            name=shared.role,
            subject=shared.subject,
            account=provider.public,
            local_subject=shared.local(PREFIX),
            type="service",
        )
        for shared in SHARE.subjects(provider.public)
        if shared.role not in without | {Role.ACK_V2}
    )
    delivered = Import(name="deliver", subject="deliver.>", account=provider.public, type="stream")
    return (*imports, delivered)
