"""nsc add and delete account."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import synchronize
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.terms import TIMES, terms_change
from jetshare.cli.nsc.user_words import (
    PERMISSIONS,
    permission_lines,
    read_permissions,
)
from jetshare.cli.nsc.users import removed_line
from jetshare.cli.nsc.world import World
from jetshare.editing.permissions import set_permissions
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Claims, Permissions
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.workflows.identities import make_account
from jetshare.workflows.remove import remove_account
from jetshare.workflows.signers import find_key

_NAME = text("name", "n", "Name of the account.", "NAME")


def add(world: World, words: Words) -> list[Line]:
    name = words.name()
    if not name:
        raise InputError("account name is required", hint="nsc add account NAME")
    permissions = read_permissions(words)
    terms = terms_change(world, words)
    store = world.store()
    if words.has("public-key"):
        public, key = find_key(store, words.text("public-key"), Kind.ACCOUNT)
    else:
        key = KeyPair.generate(Kind.ACCOUNT)
        public = key.public
    body = Account(default_permissions=set_permissions(Permissions(), permissions))
    claims = terms(Claims(name=name, sub=public, nats=body))
    with store.edit() as editing:
        document = make_account(editing, claims, now=world.now, key=key, signer=world.key)
    world.remember_made(account=name)
    lines = permission_lines(permissions, Permissions())
    if not words.has("public-key"):
        lines.append(ok(f'generated and stored account key "{public}"'))
    return [*lines, *synchronize(world, document), ok(f'added account "{name}"')]


def delete(world: World, words: Words) -> list[Line]:
    account = world.account(words.name()).claims
    if world.store().managed and not words.on("force"):
        raise InputError(
            "managed accounts may require the account JWT or nkeys to cancel a service,"
            " specify the --force to override"
        )
    revoke = words.switch("revoke")
    removed = remove_account(
        world.store(),
        account.name,
        now=world.now,
        revoke=True if revoke is None else revoke,
        keys=words.on("rm-nkey"),
        creds=words.on("rm-creds"),
        signer=world.key,
    )
    synced = []
    if removed.document and world.store().managed:
        from jetshare.cli.nsc.account_server import push_lines

        synced = push_lines(world, removed.document)
    return [
        *map(removed_line, removed.users),
        *synced,
        ok(f'expired account "{account.name}"'),
        *(ok(f'deleted private key "{public}"') for public in removed.keys),
        ok("deleted account"),
        ok("deleted account directory"),
    ]


ADD = Command(
    run=add,
    arguments=1,
    flags=(
        _NAME,
        text("public-key", "k", "The account's key; a new one is made without.", "KEY"),
        *TIMES,
        *PERMISSIONS,
    ),
    example="nsc add account ACCTC",
)
DELETE = Command(
    run=delete,
    arguments=1,
    flags=(
        _NAME,
        switch("revoke", "R", "Revoke the users first. [true]"),
        switch("rm-nkey", "D", "Delete the keys of the account and its users."),
        switch("rm-creds", "C", "Delete the users' creds files."),
        switch("force", "F", "Also where the operator is managed elsewhere."),
    ),
    example="nsc delete account ACCTA",
)
