"""Documents to and from the account server of an operator that others manage.

The account signs its own document, the server gives it back signed by the operator.
What is stored here stays stored, whatever the server says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from jetshare.errors import InputError, JetshareError, WrongIssuer
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Operator
from jetshare.identity.creds import parse_token_file
from jetshare.identity.jwt import Document
from jetshare.identity.record import record
from jetshare.net.account_server import AccountServer, Reply, fetch
from jetshare.store.contract import Store


@record
class Exchange:
    """One account's document at the server: its reply, and what came back.

    ``taken`` is the document signed by the operator, where that is stored now.
    ``problem`` says why anything is missing.
    """

    name: str
    reply: Reply | None = None
    taken: Document[Account] | None = None
    problem: str = ""
    hint: str = ""


def fetch_document(url: str, *, timeout_s: float = 5.0) -> str:
    """The text behind a URL."""
    return asyncio.run(fetch(url, timeout_s=timeout_s))


def account_server_url(store: Store, url: str = "") -> str:
    """The operator's account server, where that speaks HTTP; empty elsewhere."""
    named = url or store.operator().claims.nats.account_server_url
    return named if named.lower().startswith(("http://", "https://")) else ""


async def exchange(
    store: Store, document: Document[Account], url: str, *, timeout_s: float = 5.0
) -> Exchange:
    """Push a document, and store what the operator made of it."""
    pushed = await push_account(document, url, timeout_s=timeout_s)
    if pushed.reply is None or not pushed.reply.accepted:
        return pushed
    try:
        taken = await _pull(store, document, AccountServer(url, timeout_s=timeout_s))
    except JetshareError as error:
        return replace(pushed, problem=str(error), hint=error.hint)
    return replace(pushed, taken=taken)


async def push_account(
    document: Document[Account], url: str, *, timeout_s: float = 5.0
) -> Exchange:
    """Push a document, and leave it at that."""
    claims = document.claims
    try:
        server = AccountServer(url, timeout_s=timeout_s)
        reply = await server.push_account(claims.sub, document.token)
    except JetshareError as error:
        return Exchange(name=claims.name, problem=str(error), hint=error.hint)
    if reply.accepted or reply.pending:
        return Exchange(name=claims.name, reply=reply)
    problem = f"the account server refuses it ({reply.code}): {reply.said}"
    return Exchange(name=claims.name, reply=reply, problem=problem)


async def push_all(
    documents: Sequence[Document[Account]],
    url: str,
    *,
    timeout_s: float = 5.0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Exchange]:
    """Push documents side by side; the answers come in their order."""
    done = 0

    async def one(document: Document[Account]) -> Exchange:
        nonlocal done
        answer = await push_account(document, url, timeout_s=timeout_s)
        done += 1
        if progress:
            progress(done, len(documents))
        return answer

    return list(await asyncio.gather(*map(one, documents)))


async def push_activation(
    token: Document[Activation], url: str, *, timeout_s: float = 5.0
) -> Reply:
    return await AccountServer(url, timeout_s=timeout_s).push_activation(token.token)


async def _pull(store: Store, ours: Document[Account], server: AccountServer) -> Document[Account]:
    theirs = read_account(store, await server.account(ours.claims.sub), ours)
    with store.edit() as editing:
        # Somebody may have edited the account meanwhile: then theirs is the older one.
        if editing.account(ours.claims.sub).token == ours.token:
            editing.put_account(theirs)
    return theirs


def read_account(store: Store, text: str, ours: Document[Account]) -> Document[Account]:
    """A document from outside as that of the same account, signed by the operator.

    Raises TokenError where it is not: such a one is never stored.
    """
    theirs = jwt.decode(parse_token_file(text), Account)
    operator = store.operator().claims
    if (theirs.claims.sub, theirs.claims.name) != (ours.claims.sub, ours.claims.name):
        raise WrongIssuer(
            f"the account server gave back the document of {theirs.claims.name}"
            f" ({theirs.claims.sub})",
            hint="ask the operator of the account server",
        )
    if theirs.claims.iss not in (operator.sub, *operator.nats.signing_keys):
        raise WrongIssuer(
            f"the account server gave back a document that {theirs.claims.iss} signed,"
            f" which is no key of operator {operator.name}",
            hint="pull the operator's document first: nsc pull --all",
        )
    return theirs


def read_operator(text: str) -> Document[Operator]:
    """An operator's document from outside, as its identity or a signing key signed it."""
    document = jwt.decode(parse_token_file(text), Operator)
    claims = document.claims
    if claims.iss not in (claims.sub, *claims.nats.signing_keys):
        raise WrongIssuer(f"operator {claims.name} was signed by {claims.iss}, no key of its own")
    if not claims.name:
        raise InputError("the operator's document has no name")
    return document
