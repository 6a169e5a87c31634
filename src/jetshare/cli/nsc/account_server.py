"""What to say of documents that went to the account server of a managed operator."""

from __future__ import annotations

import asyncio

from jetshare.cli.nsc.report import Line, error, ok, server, warning
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Activation
from jetshare.identity.jwt import Document
from jetshare.net.account_server import Reply
from jetshare.workflows import exchange
from jetshare.workflows.exchange import Exchange

_BY_HAND = "perform push/pull again or exchange self-signed JWT manually"


def synchronize_lines(world: World, document: Document[Account]) -> list[Line]:
    """Push a document that was edited, and take back what the operator made of it."""
    store = world.store()
    url = exchange.account_server_url(store)
    if not url:
        return [
            warning(
                f'unable to push to "{store.name}" - operator doesn\'t set an account server'
                " url or manual exchange necessary"
            )
        ]
    done = asyncio.run(exchange.exchange(store, document, url))
    lines = _push_line(done)
    if done.taken:
        lines.append(ok("pull jwt from account server"))
    elif done.reply and done.reply.accepted:
        lines.append(error(f'error pulling account "{done.name}": {done.problem}'))
    return lines if done.taken else [*lines, warning(_BY_HAND)]


def push_lines(world: World, document: Document[Account]) -> list[Line]:
    """Push a document, and take nothing back: the account is no longer here."""
    url = exchange.account_server_url(world.store())
    return _push_line(asyncio.run(exchange.push_account(document, url))) if url else []


def _push_line(done: Exchange) -> list[Line]:
    said = [server(done.reply.said)] if done.reply and done.reply.said else []
    if done.reply and done.reply.accepted:
        return [ok("push jwt to account server", *said)]
    if done.reply and done.reply.pending:
        text = "push jwt to account server: pushed account jwt was accepted by the account server"
        return [warning(text, *said)]
    return [error(f'error pushing account "{done.name}": {done.problem}')]


def push_activation(world: World, token: Document[Activation]) -> list[Line]:
    from jetshare.cli.nsc.describe_tables import activation_hash

    url = exchange.account_server_url(world.store())
    if not url:
        raise InputError(
            "activation push is only supported for http base account server",
            hint="write the token to a file, and hand that over",
        )
    reply: Reply = asyncio.run(exchange.push_activation(token, url))
    if not reply.accepted and not reply.pending:
        return [error(f"the account server refuses it ({reply.code}): {reply.said}")]
    place = f"{url.rstrip('/')}/activations/{activation_hash(token.claims, token.claims.nats)}"
    return [ok("push jwt to account server"), ok(f'activation accessible at "{place}"')]
