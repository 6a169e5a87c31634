"""Operators that others manage: imported with ``add operator -u`` or ``init -u``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from jetshare.cli.nsc.account_edits import synchronize
from jetshare.cli.nsc.files import read_text
from jetshare.cli.nsc.flags import Words
from jetshare.cli.nsc.report import Line, ok, warning
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, NotFound, StoreError
from jetshare.identity.claims import Account, Claims, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import create_store, open_store
from jetshare.workflows.exchange import read_operator
from jetshare.workflows.identities import make_account, make_user

_KNOWN = {"synadia": "https://api.synadia.io/jwt/v1/operator"}


def import_operator(world: World, words: Words) -> list[Line]:
    if words.on("sys"):
        raise InputError("importing an operator is not compatible with system account generation")
    known = well_known(world.environment)
    where = words.text("url")
    if not world.path(where).exists():
        where = known.get(where.lower(), where)
    document = read_operator(read_text(world, where))
    name = words.name() or _name(document, where, known)
    lines = _put(world, name, document, force=words.on("force"))
    world.remember_made(operator=name)
    return [*lines, ok(f'imported operator "{name}"')]


def well_known(environment: Mapping[str, str]) -> dict[str, str]:
    """Names with URLs of operators: one that everybody knows, and ``NSC_<name>_OPERATOR``."""
    found = dict(_KNOWN)
    for variable, url in environment.items():
        upper = variable.upper()
        if upper.startswith("NSC_") and upper.endswith("_OPERATOR") and len(upper) > 13:
            found[variable[4:-9].lower()] = url
    return found


def _name(document: Document[Operator], where: str, known: Mapping[str, str]) -> str:
    """The name by which the server is known, else the operator's own."""
    host = urlsplit(where).hostname if "://" in where else None
    for name, url in known.items():
        if host and urlsplit(url).hostname == host:
            return name
    return document.claims.name


def _put(world: World, name: str, document: Document[Operator], *, force: bool) -> list[Line]:
    """Make a managed store, or with ``force`` give the one that is there a new document."""
    if name not in world.location.operators():
        with create_store(world.location, name, managed=True) as editing:
            editing.put_operator(document)
        return []
    if not force:
        raise StoreError(
            f"operator named {name} exists already", hint="inspect it, and use --force to overwrite"
        )
    store = open_store(world.location, name)
    before = store.operator().claims
    with store.edit() as editing:
        editing.put_operator(document)
    if before.sub == document.claims.sub:
        return []
    return [warning("existing and new operator represent different entities, forced to continue")]


def init_managed(world: World, words: Words, name: str) -> list[Line]:
    known = well_known(world.environment)
    where = words.text("url")
    if not where:
        asked = words.text("remote-operator")
        if asked.lower() not in known:
            raise NotFound(
                f'error operator "{asked}" was not found', hint=f"known: {', '.join(known)}"
            )
        where = known[asked.lower()]
    document = read_operator(read_text(world, where))
    operator = _name(document, where, known)
    if not document.claims.nats.account_server_url:
        raise InputError(
            f'error importing operator "{operator}" - it doesn\'t define an account server url'
        )
    if operator in world.location.operators():
        if open_store(world.location, operator).operator().claims.sub != document.claims.sub:
            raise StoreError(
                f'a different operator named "{operator}" already exists',
                hint="create it in another place: --dir DIR",
            )
        lines = _put(world, operator, document, force=True)
    else:
        lines = _put(world, operator, document, force=False)
    world.remember_made(stores=world.location.stores, operator=operator)
    world.location = replace(world.location, operator=operator)
    return [*lines, ok(f"add managed operator {operator}"), *_account_and_user(world, name)]


def _account_and_user(world: World, name: str) -> list[Line]:
    key = KeyPair.generate(Kind.ACCOUNT)
    with world.store().edit() as editing:
        claims = Claims(name=name, sub=key.public, nats=Account())
        account = make_account(editing, claims, now=world.now, key=key)
        make_user(editing, name, name, now=world.now)
    world.remember_made(account=name)
    return [
        *synchronize(world, account),
        ok(f"created account {name}"),
        ok(f'created user "{name}"'),
        ok(f"project jwt files created in {world.shown(world.location.stores)}"),
        ok(f"user creds file stored in {world.shown(world.creds_path(name, name))}"),
    ]
