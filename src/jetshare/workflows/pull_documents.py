"""Documents from the servers into the store.

Nothing is stored that a key of the operator did not sign, and nothing that is older
than what is here, unless that is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence

from jetshare.errors import JetshareError, NotFound, StoreChanged, WrongIssuer
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Operator
from jetshare.identity.creds import parse_token_file
from jetshare.identity.jwt import Document
from jetshare.identity.record import record
from jetshare.net.account_server import AccountServer
from jetshare.store.contract import Edit, Store
from jetshare.workflows.exchange import read_operator
from jetshare.workflows.reach import Reach, system_creds


@record
class Pulled:
    """One document: stored, the same as here, or why not."""

    name: str
    kind: str = "account"
    stored: bool = False
    problem: str = ""


async def pull_from_servers(
    store: Store, reach: Reach, now: int, *, overwrite: bool = False
) -> list[Pulled]:
    """The documents of all accounts that a server has."""
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    async with connect(reach.login(store, system_creds(store, reach, now))) as client:
        found = await Resolver(client, timeout_s=reach.timeout_s).pack()
    with store.edit() as editing:
        return [_take(editing, public, token, overwrite) for public, token in sorted(found.items())]


async def pull_from_account_server(
    store: Store, url: str, names: Sequence[str] | None, *, overwrite: bool = False
) -> list[Pulled]:
    """The documents of ``names``, or with None of the operator and all its accounts."""
    server = AccountServer(url)
    publics = {
        name: store.account(name).claims.sub
        for name in (store.accounts() if names is None else names)
    }
    asked: list[Awaitable[str]] = [server.account(public) for public in publics.values()]
    if names is None:
        asked.insert(0, server.operator())
    texts = await asyncio.gather(*asked, return_exceptions=True)
    pulled = []
    with store.edit() as editing:
        if names is None:
            pulled.append(_take_operator(editing, texts.pop(0), overwrite))
        for (name, public), text in zip(publics.items(), texts, strict=True):
            pulled.append(_take_text(editing, name, public, text, overwrite))
    return pulled


def _take_operator(editing: Edit, text: str | BaseException, overwrite: bool) -> Pulled:
    held = editing.operator()
    name = editing.name
    try:
        theirs = read_operator(_text(text))
        if theirs.claims.sub != held.claims.sub:
            raise WrongIssuer(f"the account server is that of operator {theirs.claims.sub}")
        _check_age(held, theirs, overwrite)
    except JetshareError as error:
        return Pulled(name=name, kind="operator", problem=str(error))
    if theirs.token != held.token:
        editing.put_operator(theirs)
    return Pulled(name=name, kind="operator", stored=theirs.token != held.token)


def _take_text(
    editing: Edit, name: str, public: str, text: str | BaseException, overwrite: bool
) -> Pulled:
    try:
        token = parse_token_file(_text(text))
    except JetshareError as error:
        return Pulled(name=name, problem=str(error))
    return _take(editing, public, token, overwrite)


def _take(editing: Edit, public: str, token: str, overwrite: bool) -> Pulled:
    name = public
    try:
        theirs = jwt.decode(token, Account)
        name = theirs.claims.name or public
        _check_signer(editing, public, theirs)
        held = _held(editing, public)
        if held:
            _check_age(held, theirs, overwrite)
        if held is None or held.token != theirs.token:
            editing.put_account(theirs)
    except JetshareError as error:
        return Pulled(name=name, problem=str(error))
    return Pulled(name=name, stored=held is None or held.token != theirs.token)


def _check_signer(editing: Edit, public: str, theirs: Document[Account]) -> None:
    operator = editing.operator().claims
    if theirs.claims.sub != public:
        raise WrongIssuer(f"the document is that of {theirs.claims.sub}")
    if theirs.claims.iss not in _signers(operator.sub, operator.nats.signing_keys):
        raise WrongIssuer(f"it was signed by {theirs.claims.iss}, no key of the operator")


def _signers(identity: str, keys: Iterable[str]) -> set[str]:
    return {identity, *keys}


def _held(editing: Edit, public: str) -> Document[Account] | None:
    try:
        return editing.account(public)
    except NotFound:
        return None


def _check_age(
    held: Document[Account] | Document[Operator],
    theirs: Document[Account] | Document[Operator],
    overwrite: bool,
) -> None:
    if held.claims.iat > theirs.claims.iat and not overwrite:
        raise StoreChanged(
            f'local jwt for "{held.claims.name}" is newer than remote version'
            " - specify --overwrite-newer to overwrite"
        )


def _text(found: str | BaseException) -> str:
    if isinstance(found, BaseException):
        raise found
    return found
