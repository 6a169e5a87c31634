"""Up: serve the operator of a store on an embedded server, in step with its folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from jetshare.errors import StoreError
from jetshare.identity.claims import Claims, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.net.connect import connect
from jetshare.net.resolver import Resolver
from jetshare.server.config import ServerConfig
from jetshare.server.run import Server, running
from jetshare.store.folder import FolderStore
from jetshare.workflows.in_step import POLL_S, Event, Follower
from jetshare.workflows.lapsed import sign_anew
from jetshare.workflows.reach import Reach, system_creds


@dataclass(frozen=True, slots=True, kw_only=True)
class UpRequest:
    """``folder`` is the server's own; ``port`` may be ANY_PORT; times are in seconds."""

    folder: Path
    port: int = 4222
    domain: str = ""
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Whom to tell: that a server serves (again), and what became of each document."""

    serving: Callable[[Server, bool], None]
    event: Callable[[Event], None]


async def serve(store: FolderStore, request: UpRequest, binary: Path, listener: Listener) -> None:
    """Serve until cancelled. Raises PortTaken and ServerDied, also when it dies later;
    StoreLocked where another process serves the store, NotFound and KeyNotHeld where nobody
    can log in to the system account.

    A server reads its operator's document only when it starts, so a change of that
    document starts it again, on the same port and with the same data.
    """
    again = False
    with store.served():
        while True:
            system_creds(store, Reach(), _now())  # or it says so, before anything is started
            async with running(_config(store, request), binary) as server:
                request = replace(request, port=server.port)
                operator = store.operator()
                await _first(
                    _keep_in_step(store, server, operator, request, listener, again=again),
                    _raise_when_it_dies(server),
                    _operator_changes(store, operator),
                )
            again = True


async def _keep_in_step(
    store: FolderStore,
    server: Server,
    operator: Document[Operator],
    request: UpRequest,
    listener: Listener,
    *,
    again: bool,
) -> None:
    """Follow the folder, and log in anew where the server has shown us the door: a user
    lasts for its time, and the server for longer."""
    reach = Reach(servers=(server.url,), timeout_s=request.timeout_s)
    follower = None
    while True:
        login = reach.login(store, system_creds(store, reach, _now()))
        async with connect(replace(login, reconnect=True)) as client:
            resolver = Resolver(client, timeout_s=request.timeout_s)
            if follower is None:
                follower = Follower.of(
                    accounts=store.folder / "accounts",
                    operator=operator.claims,
                    resolver=resolver,
                    signer=_signer(store, operator.claims),
                    sign_anew=lambda name: sign_anew(store, name, _now()),
                    tell=listener.event,
                    now=_now,
                )
                await follower.begin()
                listener.serving(server, again)
            follower.resolver = resolver
            await follower.while_connected()


async def _first(*jobs: Coroutine[None, None, None]) -> None:
    """Run them at once until one ends; its error is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _raise_when_it_dies(server: Server) -> None:
    raise await server.died()


async def _operator_changes(store: FolderStore, served: Document[Operator]) -> None:
    """Return when the folder has another document of the operator, and a whole one."""
    while True:
        await asyncio.sleep(POLL_S)
        with suppress(StoreError):
            if store.operator().token != served.token:
                return


def _config(store: FolderStore, request: UpRequest) -> ServerConfig:
    operator = store.operator()
    system = operator.claims.nats.system_account
    return ServerConfig(
        operator=operator.token,
        system_account=system,
        preload={system: store.account(system).token},
        folder=request.folder,
        port=request.port,
        domain=request.domain,
    )


def _signer(store: FolderStore, operator: Claims[Operator]) -> KeyPair | None:
    """A key that servers let delete accounts; a strict operator's identity is none."""
    keys = (store.key(public) for public in (*operator.nats.signing_keys, operator.sub))
    return next((key for key in keys if key is not None), None)


def _now() -> int:
    return int(time.time())
