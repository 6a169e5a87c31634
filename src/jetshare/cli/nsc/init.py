"""nsc init: an operator, its system account, an account and a user, ready to use."""

from __future__ import annotations

import secrets
from dataclasses import replace

from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, text
from jetshare.cli.nsc.report import Line, ok, server
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Claims, Operator
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import create_store
from jetshare.workflows.identities import (
    SYSTEM,
    SYSTEM_USER,
    make_account,
    make_operator,
    make_user,
)

_SERVICE_URL = "nats://localhost:4222"
_NEXT = """\
to run a local server using this configuration, enter:
  nsc generate config --mem-resolver --config-file <path/server.conf>
then start a nats-server using the generated config:
  nats-server -c <path/server.conf>"""


def init(world: World, words: Words) -> list[Line]:
    if not words.has("name", "dir", "url", "remote-operator"):
        raise InputError("no questions are asked here: a name is required", hint="nsc init -n NAME")
    name = words.text("name")
    if name in ("", "*"):
        name = f"name-{secrets.token_hex(3)}"
    if words.has("dir"):
        stores = world.path(words.text("dir"))
        world.location = replace(world.location, stores=stores, operator="", account="")
    if words.has("url", "remote-operator"):
        from jetshare.cli.nsc.managed import init_managed

        return init_managed(world, words, name)
    return _own(world, name)


def _own(world: World, name: str) -> list[Line]:
    operator, account = KeyPair.generate(Kind.OPERATOR), KeyPair.generate(Kind.ACCOUNT)
    body = Operator(operator_service_urls=(_SERVICE_URL,))
    with create_store(world.location, name) as editing:
        made = make_operator(
            editing,
            Claims(name=name, sub=operator.public, nats=body),
            operator,
            now=world.now,
            system=True,
        )
        make_account(
            editing,
            Claims(name=name, sub=account.public, nats=Account()),
            now=world.now,
            key=account,
        )
        make_user(editing, name, name, now=world.now)
    world.remember_made(stores=world.location.stores, operator=name, account=name)
    creds = world.location.keystore / "creds" / name
    system, user = made.system, made.system_user
    return [
        ok(f"created operator {name}"),
        *([ok(f"created system_account: name:{SYSTEM} id:{system.claims.sub}")] if system else []),
        *(
            [ok(f"created system account user: name:{SYSTEM_USER} id:{user.document.claims.sub}")]
            if user
            else []
        ),
        ok(
            "system account user creds file stored in"
            f" {world.shown(creds / SYSTEM / f'{SYSTEM_USER}.creds')}"
        ),
        ok(f"created account {name}"),
        ok(f'created user "{name}"'),
        ok(f"project jwt files created in {world.shown(world.location.stores)}"),
        ok(f"user creds file stored in {world.shown(creds / name / f'{name}.creds')}"),
        server(_NEXT),
    ]


INIT = Command(
    run=init,
    flags=(
        text("dir", "d", "Folder in which the operator's folder is made.", "DIR"),
        text("name", "n", "Name of operator, account and user; * makes one up.", "NAME"),
        text("url", "u", "Import the operator of an account server.", "URL"),
        text("remote-operator", "o", "Import a well-known operator.", "NAME"),
    ),
    example="nsc init -n test",
)
