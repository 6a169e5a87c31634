"""The words that every verb understands, and what they mean for store and servers.

This is the only place that reads the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine
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

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        words: dict[str, Any] = {name: kwargs.pop(name) for name in _NAMES}
        kwargs["world"] = _world(words)
        return command(*args, **kwargs)

    decorated: Any = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    done: Callable[P, R] = decorated
    return done


def run(work: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(work)


def _options() -> tuple[tuple[str, ...], tuple[Callable[[Any], Any], ...]]:
    folder = click.Path(path_type=Path)
    described: list[tuple[str, dict[str, Any]]] = [
        ("--server", {"metavar": "URL", "help": "Server URLs, comma separated. [NATS_URL]"}),
        ("--context", {"metavar": "NAME", "help": "Use a nats context's URL and creds."}),
        ("--creds", {"metavar": "FILE", "help": "A user of the acting account. [NATS_CREDS]"}),
        ("--system-creds", {"metavar": "FILE", "help": "A user of the system account."}),
        ("--timeout", {"type": float, "metavar": "SECONDS", "help": "Longest wait. [5]"}),
        ("--operator", {"metavar": "NAME", "help": "The operator, where the store has several."}),
        (
            "--all-dirs",
            {"type": folder, "metavar": "DIR", "help": "Store, keys and configuration."},
        ),
        ("--config-dir", {"type": folder, "metavar": "DIR", "help": "Folder of nsc.json."}),
        ("--data-dir", {"type": folder, "metavar": "DIR", "help": "Folder of the stores."}),
        ("--keystore-dir", {"type": folder, "metavar": "DIR", "help": "Folder of the keys."}),
    ]
    made = []
    for flag, settings in described:
        flags = ("-H", flag) if flag == "--all-dirs" else (flag,)
        made.append(click.option(*flags, **settings))
    made.append(click.option("--json", "as_json", is_flag=True, help="Print one JSON object."))
    names = tuple(flag.removeprefix("--").replace("-", "_") for flag, _ in described)
    return (*names, "as_json"), tuple(made)


_NAMES, _OPTIONS = _options()


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
    timeout_s = 5.0 if words["timeout"] is None else words["timeout"]
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
