"""nsc push: account documents to the servers, or to an account server."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, number, switch, text
from jetshare.cli.nsc.imports import account_key
from jetshare.cli.nsc.output import Progress
from jetshare.cli.nsc.report import Line, error, ok, server, warning
from jetshare.cli.nsc.servers import SERVER_FLAGS, read_reach
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, InvalidDocument, Unreachable
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.identity.validate import validate
from jetshare.net.resolver import Answer
from jetshare.workflows import exchange, prune
from jetshare.workflows.push import push as push_to_servers
from jetshare.workflows.reach import Reach


def run(world: World, words: Words) -> list[Line]:
    store = world.store()
    if words.on("all") and words.has("account"):
        raise InputError("specify only one of --account or --all-accounts")
    ways = [flag for flag in ("prune", "diff", "account-removal") if words.has(flag)]
    if len(ways) > 1:
        raise InputError(f"--{' and --'.join(ways)} are mutually exclusive")
    url = words.text("account-jwt-server-url") or store.operator().claims.nats.account_server_url
    if not url:
        raise InputError(
            "no account server url or nats-server url was provided by the operator jwt",
            hint="name one with -u, or set it: nsc edit operator --account-jwt-server-url URL",
        )
    documents = _selected(world, words, only_if_named=bool(ways))
    if not words.on("force"):
        for document in documents:
            _check(world, document)
    if exchange.account_server_url(store, url):
        if ways:
            raise InputError("prune only works for nats based account resolver")
        return _to_account_server(documents, url)
    reach = read_reach(world, words, url)
    lines = _to_servers(world, documents, reach, url) if documents else []
    return [*lines, *(_pruned(world, words, reach) if ways else [])]


def _selected(world: World, words: Words, *, only_if_named: bool) -> list[Document[Account]]:
    store = world.store()
    if words.on("all"):
        names = store.accounts()
        if not names:
            raise InputError(f'operator "{store.name}" has no accounts')
        return [store.account(name) for name in names]
    if only_if_named and not words.has("account"):
        return []
    return [world.account(words.text("account"))]


def _check(world: World, document: Document[Account]) -> None:
    """Servers take what they then cannot use, so it is looked at before."""
    claims, store = document.claims, world.store()
    for found in validate(claims, world.now):
        if found.severity != "warning":
            raise InvalidDocument(
                f'unable to push account "{claims.name}" as it has validation issues: {found.text}',
                hint="mend it, or push it all the same with --force",
            )
    operator = store.operator().claims
    if not store.managed and claims.iss not in (operator.sub, *operator.nats.signing_keys):
        raise InvalidDocument(
            f'unable to push account "{claims.name}" as it is not signed by the operator'
            f' "{store.name}"',
            hint=f"sign it anew: nsc edit account {claims.name} -K KEY",
        )


def _to_servers(
    world: World, documents: list[Document[Account]], reach: Reach, url: str
) -> list[Line]:
    done = asyncio.run(
        push_to_servers(world.store(), documents, reach, world.now, progress=Progress(what="push"))
    )
    if done.problem:
        raise Unreachable(f"failed to push: {done.problem}", hint=done.hint)
    by_account: dict[str, list[Answer]] = defaultdict(list)
    for answer in done.answers:
        by_account[answer.account].append(answer)
    each = [_account_line(document, by_account[document.claims.sub]) for document in documents]
    return [ok(f'push to nats-server "{url}"', *each)]


def _account_line(document: Document[Account], answers: list[Answer]) -> Line:
    name = document.claims.name
    lines = [_answer_line(name, answer) for answer in answers]
    taken = sum(answer.ok for answer in answers)
    if taken == len(answers) and taken:
        lines.append(ok(f"pushed to a total of {taken} nats-server"))
    else:
        lines.append(error(f"pushed to {taken} of {len(answers)} nats-server"))
    return ok(f"push {name} to nats-server with nats account resolver", *lines)


def _answer_line(name: str, answer: Answer) -> Line:
    if answer.ok:
        return ok(f'pushed "{name}" to nats-server {answer.server}: {answer.message}')
    where = f"server {answer.server}" if answer.server else "a server"
    return error(f"{where} responded with error: {answer.message} ({answer.code})")


def _to_account_server(documents: list[Document[Account]], url: str) -> list[Line]:
    answers = asyncio.run(exchange.push_all(documents, url, progress=Progress(what="push")))
    lines = []
    for answer in answers:
        said = [server(answer.reply.said)] if answer.reply and answer.reply.said else []
        if answer.problem:
            problem = f'failed to push account "{answer.name}": {answer.problem}'
            lines.append(error(problem))
        elif answer.reply and answer.reply.pending:
            lines.append(warning(f"push {answer.name} to account server: accepted", *said))
        else:
            lines.append(ok(f'pushed "{answer.name}" to account server', *said))
    return lines


def _pruned(world: World, words: Words, reach: Reach) -> list[Line]:
    store, now = world.store(), world.now
    if words.has("account-removal"):
        gone = [account_key(world, words.text("account-removal"))]
        return [_deleted(asyncio.run(prune.delete_accounts(store, gone, reach, now, world.key)))]
    found = asyncio.run(prune.compare(store, reach, now))
    verb = "diff" if words.on("diff") else "prune"
    lines = [
        ok(
            f"list {len(publics)} accounts from nats-server {name}",
            *(_listed(public, found.names) for public in sorted(publics)),
        )
        for name, publics in found.by_server.items()
    ]
    if words.on("prune") and not found.unknown:
        lines.append(ok("nothing to prune"))
    elif words.on("prune"):
        unknown = sorted(found.unknown)
        answers = asyncio.run(prune.delete_accounts(store, unknown, reach, now, world.key))
        lines.append(_deleted(answers))
    return [ok(f"{verb} nats-server with nats account resolver", *lines)]


def _listed(public: str, names: dict[str, str]) -> Line:
    if public in names:
        return ok(f"account {public} named {names[public]} exists")
    return ok(f"account {public} only exists in server")


def _deleted(answers: tuple[Answer, ...]) -> Line:
    lines = [
        ok(f"pruned nats-server {answer.server}: {answer.message}")
        if answer.ok
        else error(f"server {answer.server} responded with error: {answer.message}")
        for answer in answers
    ]
    return ok("prune nats-server with nats account resolver", *lines)


PUSH = Command(
    run=run,
    flags=(
        switch("all", "A", "All accounts of the operator."),
        switch("force", "F", "Also what validation finds wrong."),
        text("account-jwt-server-url", "u", "Where to push. [the operator's]", "URL"),
        switch("diff", "D", "Compare the accounts of the servers with those here."),
        switch("prune", "P", "Delete accounts from the servers that are not here."),
        text("account-removal", "R", "Delete one account from the servers.", "ACCOUNT"),
        number("timeout", "", "Seconds to wait for a server. [5]"),
        *SERVER_FLAGS,
        ACCOUNT,
    ),
    example="nsc push --all",
)
