"""A server's configuration file whose accounts share a consumer, to be spoilt and cured."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nats
from nats.aio.client import Client

from jetshare.server.config import ANY_PORT
from jetshare.server.files import ServerFiles
from jetshare.server.run import Server
from jetshare.sharing.kinds import PullConsumer, Role
from support.waiting import until
from support.ward import PREFIX

SHARE = PullConsumer("ORDERS", "ORDERS-C1")
PASSWORD = "s3cret-of-all-users"
PROVIDER, IMPORTER, OTHER = "ACCTC", "ACCTB", "ACCTD"

_CURE = re.compile(r"(add to|take out of) accounts\.(\w+)\.(exports|imports): (\{.*\})")
_CHANGE = re.compile(
    r"change in accounts\.(\w+)\.(exports|imports), (\{.*?\}):"
    r" (?:set (.*?))?(?:; )?(?:leave out (\w+))?"
)
_VALUE = r'(?:"[^"]*"|\[[^]]*\]|\{[^}]*\}|\w+)'
_SETTING = re.compile(rf"(\w+): ({_VALUE})")
_HEAD = re.compile(r'\{(\w+: (?:"[^"]*"|\{[^}]*\}))')


@dataclass(kw_only=True)
class ConfigFile(ServerFiles):
    """``exports`` and ``imports`` are the entries of each account, as they are written;
    ``more`` is what else an account has, and ``top`` what else the file has."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = ANY_PORT
    exports: dict[str, list[str]] = field(default_factory=dict)
    imports: dict[str, list[str]] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    top: str = ""

    @property
    def config_path(self) -> Path:
        return self.folder / "prod.conf"

    def text(self) -> str:
        accounts = "".join(
            f"  {name} {{\n"
            f'    users: [{{user: {name.lower()}, password: "{PASSWORD}"}}]\n'
            f"    {self.more.get(name, '')}\n"
            f"    exports: [\n      {_joined(self.exports.get(name))}\n    ]\n"
            f"    imports: [\n      {_joined(self.imports.get(name))}\n    ]\n"
            "  }\n"
            for name in (PROVIDER, IMPORTER, OTHER)
        )
        return (
            f'listen: "{self.host}:{self.port}"\nports_file_dir: "{self.ports_folder}"\n'
            f'jetstream {{ store_dir: "{self.folder}/streams" }}\naccounts {{\n{accounts}}}\n'
            f"{self.top}\n"
        )

    def write(self) -> Path:
        self.config_path.write_text(self.text(), encoding="utf-8")
        return self.config_path

    def change(self, list_: str, account: str, head: str, entry: str | None) -> None:
        """Put ``entry`` in place of what holds ``head``, or nothing where it is None."""
        held: dict[str, list[str]] = getattr(self, list_)
        found = [index for index, each in enumerate(held[account]) if head in each]
        assert found, (head, held[account])
        held[account][found[0] : found[0] + 1] = [entry] if entry else []

    def apply(self, cure: str) -> None:
        """Do what a printed line of a cure says."""
        if change := _CHANGE.fullmatch(cure):
            self._set(*change.groups())
            return
        line = _CURE.fullmatch(cure)
        assert line, cure
        how, account, list_, entry = line.groups()
        if how == "add to":
            getattr(self, list_).setdefault(account, []).append(entry)
        else:
            head = _HEAD.match(entry)
            assert head
            self.change(list_, account, head[1], None)

    def _set(self, account: str, list_: str, known: str, set_: str, left_out: str) -> None:
        """Change what is named of an entry, and nothing else."""
        head = _HEAD.match(known)
        assert head
        held: dict[str, list[str]] = getattr(self, list_)
        entry = next(each for each in held[account] if head[1] in each)
        for name, value in [*_SETTING.findall(set_ or ""), (left_out, "")]:
            if name:
                entry = re.sub(rf",? {name}: {_VALUE}", "", entry)
                entry = f"{entry[:-1]}, {name}: {value}}}" if value else entry
        self.change(list_, account, head[1], entry)


Spoil = Callable[[ConfigFile], None]


def guide(folder: Path) -> ConfigFile:
    """The guide's share of a consumer, between accounts of a configuration file."""
    made = ConfigFile(folder=folder, more={PROVIDER: "jetstream: enabled"})
    made.exports[PROVIDER] = []
    made.imports[IMPORTER] = []
    for shared in SHARE.subjects(PROVIDER):
        response = ", response_type: stream" if shared.role is Role.NEXT else ""
        made.exports[PROVIDER].append(
            f'{{service: "{shared.subject}"{response}, accounts: [{IMPORTER}]}}'
        )
        made.imports[IMPORTER].append(imported(shared.subject, shared.local(PREFIX)))
    return made


def imported(subject: str, local: str, account: str = PROVIDER) -> str:
    return f'{{service: {{account: "{account}", subject: "{subject}"}}, to: "{local}"}}'


async def reload(server: Server, file: ConfigFile) -> None:
    """Have a server read the file again, as it is now."""
    file.write()
    before = _reloads(file)
    server.reload()

    async def done() -> bool:
        return _reloads(file) > before

    await until(done)


def _reloads(file: ConfigFile) -> int:
    return file.log_path.read_text(encoding="utf-8").count("Reloaded server configuration")


@asynccontextmanager
async def user_of(server: Server, account: str) -> AsyncIterator[Client]:
    client = await nats.connect(server.url, user=account.lower(), password=PASSWORD)
    try:
        yield client
    finally:
        await client.close()


def _joined(entries: list[str] | None) -> str:
    return "\n      ".join(entries or ())
