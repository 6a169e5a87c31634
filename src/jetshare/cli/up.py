"""``jetshare up``"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import click

from jetshare.cli.options import World, serving_verb
from jetshare.cli.output import emit_json, note, say
from jetshare.errors import InputError
from jetshare.server.binary import find_binary
from jetshare.server.port import free_port
from jetshare.server.run import Server
from jetshare.store.contexts import ContextFolder
from jetshare.store.folder import FolderStore, open_store
from jetshare.workflows.founding import (
    ACCOUNTS,
    OPERATOR,
    FoundRequest,
    add_contexts,
    found_operator,
)
from jetshare.workflows.in_step import Event, Step
from jetshare.workflows.up import Listener, UpRequest, serve

EPILOG = """\b
Example:
  jetshare up --port 4222 --domain ngstest
"""
_PORT = 4222
_DOMAIN = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


@click.command("up", epilog=EPILOG)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The server's own data. [in the user's data folder]",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where to listen; 0 for any free port. [4222]"
)
@click.option("--domain", default="", help="The JetStream domain.")
@click.option(
    "--account",
    multiple=True,
    metavar="NAME",
    help="Accounts of a new operator. [ACCTA ACCTB ACCTC]",
)
@serving_verb
def command(
    world: World, folder: Path | None, port: int | None, domain: str, account: tuple[str, ...]
) -> int:
    """Serve the operator of the store on an embedded nats-server until stopped.

    Where there is no operator yet it makes one, with a system account and accounts that
    can begin at once. While it runs, an account that changes in the folder, whoever
    wrote it, is on the server within a second, and an import whose activation expires
    ends then.
    """
    binary = find_binary(os.environ)
    if not _DOMAIN.fullmatch(domain):
        raise InputError(
            f'the domain "{domain}" is not one word', hint="use letters, digits, - and _"
        )
    store, port = _store(world, port, account)
    request = UpRequest(
        folder=(folder or _data_folder(store)).resolve(),
        port=port,
        domain=domain,
        timeout_s=world.timeout_s,
    )
    told = _Told(world, store)
    asyncio.run(
        _until_stopped(store, request, binary, Listener(serving=told.serving, event=told.event))
    )
    note("stopped")
    return 0


def _store(world: World, port: int | None, accounts: tuple[str, ...]) -> tuple[FolderStore, int]:
    """The store that is there, or a new one, and the port to serve it on."""
    if world.location.operators():
        if accounts:
            raise InputError(
                "--account names the accounts of a new operator, and one is here already",
                hint="add an account with: jetshare nsc add account NAME",
            )
        store = open_store(world.location, world.operator)
        return store, (_named_port(store) if port is None else port) or free_port()
    # The port goes into the operator's document, so it is looked at before one is made.
    port = free_port(_PORT if port is None else port)
    request = FoundRequest(
        operator=world.operator or OPERATOR,
        accounts=accounts or ACCOUNTS,
        url=f"nats://127.0.0.1:{port}",
    )
    store = found_operator(world.location, request, world.now)
    contexts = ContextFolder.of(os.environ, Path.home())
    added = add_contexts(store, world.location, contexts, request.accounts, request.url)
    note(f"made operator {store.name} with {', '.join(store.accounts())} in {store.folder}")
    if added:
        note(f"made nats contexts {', '.join(added)}")
    return store, port


def _named_port(store: FolderStore) -> int:
    """The port of this machine that the operator's document names."""
    operator = store.operator().claims.nats
    for url in (*operator.operator_service_urls, operator.account_server_url):
        parts = urlsplit(url)
        with suppress(ValueError):
            if parts.hostname in ("127.0.0.1", "localhost", "::1") and parts.port:
                return parts.port
    return _PORT


def _data_folder(store: FolderStore) -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    # By key: operators of one name are common, and a server's data is of one of them.
    key = store.operator().claims.sub
    return Path(base) / "jetshare" / "servers" / f"{store.name}-{key[:12]}"


async def _until_stopped(
    store: FolderStore, request: UpRequest, binary: Path, listener: Listener
) -> None:
    """Serve until Ctrl-C or SIGTERM, which end the server in good order."""
    task = asyncio.ensure_future(serve(store, request, binary, listener))
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


class _Told:
    """Says what happens: one line, or with --json one object a line."""

    def __init__(self, world: World, store: FolderStore) -> None:
        self._as_json, self._store = world.as_json, store

    def serving(self, server: Server, again: bool) -> None:
        if self._as_json:
            emit_json(
                {
                    "event": "serving",
                    "url": server.url,
                    "again": again,
                    "log": str(server.log_path),
                },
                lines=True,
            )
            return
        word = "serving again with the new" if again else "serving"
        say(f"{word} operator {self._store.name} on {server.url} (nats-server {server.version})")
        say(f"log: {server.log_path}")
        if server.port != _named_port(self._store):
            note(
                f"the operator's document names another port, {_named_port(self._store)}:"
                f" tell the other verbs with --server {server.url}, or NATS_URL={server.url}"
            )
        if not again:
            say("stop with Ctrl-C")

    def event(self, event: Event) -> None:
        if self._as_json:
            emit_json(
                {"event": str(event.step), "account": event.account, "reason": event.reason},
                lines=True,
            )
        elif event.step is Step.REFUSED:
            note(f"REFUSED account {event.account}: {event.reason}")
        elif event.step is Step.STILL_OPEN:
            note(f"STILL OPEN, account {event.account}: {event.reason}")
        elif event.reason:
            note(f"account {event.account}: {event.reason}")
        else:
            note(f"{event.step} account {event.account}")
