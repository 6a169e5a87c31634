"""nsc pull: documents from the servers, or from an account server."""

from __future__ import annotations

import asyncio

from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, switch
from jetshare.cli.nsc.report import Line, error, ok
from jetshare.cli.nsc.servers import SERVER_FLAGS, read_reach
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.workflows.exchange import account_server_url
from jetshare.workflows.pull_documents import Pulled, pull_from_account_server, pull_from_servers


def run(world: World, words: Words) -> list[Line]:
    store = world.store()
    if not words.on("all") and not words.has("account") and not world.location.account:
        raise InputError("specify --all or --account")
    url = store.operator().claims.nats.account_server_url
    if not url:
        raise InputError(
            f'operator "{store.name}" doesn\'t set account server url - unable to pull',
            hint="set it: nsc edit operator --account-jwt-server-url URL",
        )
    overwrite = words.on("overwrite-newer")
    if account_server_url(store):
        names = None if words.on("all") else [world.account(words.text("account")).claims.name]
        found = asyncio.run(pull_from_account_server(store, url, names, overwrite=overwrite))
    else:
        if not words.on("all"):
            raise InputError(
                f'operator "{store.name}" can only pull all jwt - unable to pull by account',
                hint="nsc pull --all",
            )
        reach = read_reach(world, words, url)
        found = asyncio.run(pull_from_servers(store, reach, world.now, overwrite=overwrite))
    return [_line(each) for each in found] or [ok("nothing to pull")]


def _line(pulled: Pulled) -> Line:
    if pulled.problem:
        return error(f'pull "{pulled.name}": {pulled.problem}')
    if not pulled.stored:
        return ok(f'"{pulled.name}" is the same here and there')
    return ok(f'stored {pulled.kind} "{pulled.name}"')


PULL = Command(
    run=run,
    flags=(
        switch("all", "A", "The operator and all its accounts."),
        switch("overwrite-newer", "F", "Also where the document here is newer."),
        *SERVER_FLAGS,
        ACCOUNT,
    ),
    example="nsc pull --all",
)
