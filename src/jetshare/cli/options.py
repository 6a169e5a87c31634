"""The words that every verb understands, and what they mean for store and servers.

This is the only place that reads the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from jetshare.errors import InputError
from jetshare.identity.creds import Creds, parse_creds
from jetshare.identity.jwt import SIZE_LIMIT
from jetshare.sharing.kinds import PullConsumer
from jetshare.store.access import Access, resolve
from jetshare.store.contract import Store
from jetshare.store.folder import open_store
from jetshare.store.locate import Location, locate
from jetshare.workflows.inspect import read_text
from jetshare.workflows.reach import Reach

if TYPE_CHECKING:
    import ssl

P = ParamSpec("P")
R = TypeVar("R")


class ShareName(click.ParamType[PullConsumer]):
    name = "STREAM/CONSUMER"

    def convert(self, value: Any, param: Any, ctx: Any) -> PullConsumer:
        return value if isinstance(value, PullConsumer) else PullConsumer.parse(value)


SHARE = ShareName()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the words and the environment say about store, servers and clock."""

    location: Location
    operator: str
    timeout_s: float
    now: int
    as_json: bool
    _reach: Callable[[], Reach] = field(repr=False)

    def store(self) -> Store:
        return open_store(self.location, self.operator, lock_wait_s=self.timeout_s)

    @property
    def reach(self) -> Reach:
        """Looked up when a verb needs servers: `ls` works whatever a context holds."""
        return self._reach()


def verb(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options of store, servers and output; pass them on as one ``world``."""
    return _with_options(command, (*_SERVERS, *_WAITING, *_STORE))


def folder_verb(command: Callable[P, R]) -> Callable[P, R]:
    """The same for a verb that asks no server, and takes no option that it would not use."""
    return _with_options(command, _STORE)


def serving_verb(command: Callable[P, R]) -> Callable[P, R]:
    """The same for the verb that is the server itself."""
    return _with_options(command, (*_WAITING, *_STORE))


def _with_options(command: Callable[P, R], options: Sequence[Option]) -> Callable[P, R]:
    names = [option.name for option in options]

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        words: dict[str, Any] = {name: kwargs.pop(name) for name in (*names, "as_json")}
        kwargs["world"] = _world(words)
        return command(*args, **kwargs)

    decorated: Any = _JSON(run)
    for option in reversed(options):
        decorated = option.add(decorated)
    done: Callable[P, R] = decorated
    return done


def run(work: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(work)


@dataclass(frozen=True, slots=True)
class Option:
    """One option that several verbs have."""

    flag: str
    metavar: str
    help: str
    type: Any = None

    @property
    def name(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")

    def add(self, command: Any) -> Any:
        flags = ("-H", self.flag) if self.flag == "--all-dirs" else (self.flag,)
        return click.option(*flags, metavar=self.metavar, type=self.type, help=self.help)(command)


_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_FOLDER = click.Path(path_type=Path)
_SERVERS = (
    Option("--server", "URL", "Server URLs, comma separated. [NATS_URL]"),
    Option("--context", "NAME", "Use a nats context's URL and creds."),
    Option("--creds", "FILE", "A user of the acting account. [NATS_CREDS]"),
    Option("--system-creds", "FILE", "A user of the system account."),
)
_WAITING = (Option("--timeout", "SECONDS", "Longest wait. [5]", float),)
_STORE = (
    Option("--operator", "NAME", "The operator, where the store has several."),
    Option("--all-dirs", "DIR", "Store, keys and configuration.", _FOLDER),
    Option("--config-dir", "DIR", "Folder of nsc.json.", _FOLDER),
    Option("--data-dir", "DIR", "Folder of the stores.", _FOLDER),
    Option("--keystore-dir", "DIR", "Folder of the keys.", _FOLDER),
)


def _world(words: dict[str, Any]) -> World:
    environment = dict(os.environ)
    home = Path(environment.get("HOME") or Path.home())
    location = locate(
        environment,
        cwd=Path.cwd(),
        home=home,
        all_dirs=words["all_dirs"],
        config_dir=words["config_dir"],
        data_dir=words["data_dir"],
        keystore_dir=words["keystore_dir"],
    )
    timeout_s = 5.0 if words.get("timeout") is None else words["timeout"]
    if timeout_s <= 0:
        raise InputError("--timeout must be more than 0 seconds", hint="leave it out for 5 s")

    def reach() -> Reach:
        access = resolve(
            environment,
            home=home,
            location=location,
            context=words["context"],
            server=words["server"],
            creds=words["creds"],
        )
        system = words["system_creds"]
        return Reach(
            servers=access.servers,
            creds=access.creds,
            creds_named=bool(words["creds"] or words["context"]),
            system_creds=read_creds(system) if system else None,
            inbox_prefix=access.inbox_prefix,
            tls=_tls(access),
            tls_first=access.tls_first,
            timeout_s=timeout_s,
        )

    return World(
        location=location,
        operator=words["operator"] or "",
        timeout_s=timeout_s,
        now=int(time.time()),
        as_json=words["as_json"],
        _reach=reach,
    )


def _tls(access: Access) -> ssl.SSLContext | None:
    """The certificates of a context or the environment; None leaves it to the URL."""
    if not (access.ca or access.cert):
        return None
    import ssl

    try:
        made = ssl.create_default_context(cafile=str(access.ca) if access.ca else None)
        if access.cert:
            made.load_cert_chain(str(access.cert), str(access.key) if access.key else None)
    except OSError as error:  # ssl.SSLError is one
        raise InputError(
            f"the certificates cannot be used: {error.strerror or 'they are damaged'}",
            hint="check the files that --context or NATS_CA, NATS_CERT and NATS_KEY name",
        ) from None
    return made


def read_creds(path: str) -> Creds:
    return parse_creds(read_file(Path(path)).decode("utf-8", "replace"))


def read_token_file(name: str) -> str:
    """A bundle, token or creds file from outside, ``-`` for standard input.

    No more of it is read than a token may have: it may be anything, and endless.
    """
    if name == "-":
        return read_text(sys.stdin.buffer.read(SIZE_LIMIT + 1), "standard input")
    return read_text(read_file(Path(name), limit=SIZE_LIMIT + 1), name)


def read_file(path: Path, *, limit: int = -1) -> bytes:
    """A file that the user named, or InputError in place of an OSError.

    ``limit`` is how many bytes are read at most, -1 for all.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path"
        ) from None
