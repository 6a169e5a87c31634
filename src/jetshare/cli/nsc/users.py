"""nsc add, edit and delete user."""

from __future__ import annotations

from dataclasses import replace

from jetshare.cli.nsc.account_edits import ACCOUNT, synchronize
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, several, switch, text
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.terms import RM_TAG, TAG, TIMES, terms_change, terms_lines
from jetshare.cli.nsc.user_words import (
    LIMITS,
    PERMISSIONS,
    RM_PERMISSIONS,
    SOURCE_NETWORK,
    permission_lines,
    read_user,
    user_lines,
)
from jetshare.cli.nsc.world import World
from jetshare.editing.users import set_user
from jetshare.errors import InputError
from jetshare.identity import nkeys
from jetshare.identity.claims import Claims, User
from jetshare.identity.nkeys import Kind
from jetshare.workflows.identities import MadeUser, edit_user, make_user
from jetshare.workflows.remove import RemovedUser, remove_users
from jetshare.workflows.signers import find_key

_NAME = text("name", "n", "Name of the user.", "NAME")


def add(world: World, words: Words) -> list[Line]:
    name = words.name()
    if not name:
        raise InputError("user name is required", hint="nsc add user NAME")
    change = read_user(words)
    terms = terms_change(world, words)
    account = world.account(words.text("account")).claims
    store = world.store()
    public, key = "", None
    if words.has("public-key"):
        public, key = find_key(store, words.text("public-key"), Kind.USER)

    def fill(claims: Claims[User]) -> Claims[User]:
        return terms(replace(claims, nats=set_user(claims.nats, change)))

    with store.edit() as editing:
        made = make_user(
            editing,
            account.name,
            name,
            now=world.now,
            signer=world.key,
            public=public,
            key=key,
            change=fill,
        )
    lines = permission_lines(change.permissions, User())
    if not public:
        lines.append(ok(f'generated and stored user key "{made.document.claims.sub}"'))
    return [
        *lines,
        _creds_line(world, account.name, name, made),
        ok(f'added user "{name}" to account "{account.name}"'),
    ]


def _creds_line(world: World, account: str, name: str, made: MadeUser) -> Line:
    if made.creds is None:
        return ok("skipped generating creds file - user private key is not available")
    path = world.shown(world.creds_path(account, name))
    return ok(f"generated user creds file {path}")


def edit(world: World, words: Words) -> list[Line]:
    options = [flag.name for flag in EDIT.flags if flag.name not in ("name", "account")]
    if not words.has(*options, "private-key"):
        raise InputError("specify an edit option", hint="nsc edit user --help")
    change, terms = read_user(words), terms_change(world, words)
    account = world.account(words.text("account")).claims
    name = words.name() or world.only_user(account.name)
    held = world.store().user(account.name, name).claims

    def apply(claims: Claims[User]) -> Claims[User]:
        return terms(replace(claims, nats=set_user(claims.nats, change)))

    made = edit_user(world.store(), account.name, name, apply, now=world.now, key=world.key)
    return [
        *terms_lines(world, words),
        *user_lines(change, held.nats),
        _creds_line(world, account.name, name, made),
        ok(f'edited user "{name}"'),
    ]


def delete(world: World, words: Words) -> list[Line]:
    names = (*words.list("name"), *words.arguments)
    if not names:
        raise InputError("please specify an user to delete", hint="nsc delete user NAME")
    account = world.account(words.text("account")).claims
    removed = remove_users(
        world.store(),
        account.name,
        names,
        now=world.now,
        revoke=words.on("revoke"),
        keys=words.on("rm-nkey"),
        creds=words.on("rm-creds"),
        signer=world.key,
    )
    lines = [ok("delete users", *(map(removed_line, removed.users)))]
    if removed.document is None:
        return lines
    synced = synchronize(world, removed.document)
    return [*lines, *synced, ok(f'edited account "{account.name}"')]


def removed_line(user: RemovedUser) -> Line:
    done = [ok("user deleted")]
    if user.revoked is not None:
        done.insert(0, ok("revoked user" if user.revoked else "user is already revoked"))
    if user.key is not None:
        done.append(ok("deleted private key" if user.key else "private key is not stored"))
    if user.creds is not None:
        done.append(ok("removed creds file" if user.creds else "creds file is not stored"))
    return ok(f"user {user.name} [{user.public}]", *done)


def by_name_or_key(world: World, account: str, word: str) -> str:
    """The name of a user that is named, or whose public key is."""
    if not nkeys.is_public(word, Kind.USER):
        return word
    store = world.store()
    for name in store.users(account):
        if store.user(account, name).claims.sub == word:
            return name
    raise InputError(f"no user found with public key {word}")


ADD = Command(
    run=add,
    arguments=1,
    flags=(
        _NAME,
        text("public-key", "k", "The user's key; a new one is made without.", "KEY"),
        TAG,
        SOURCE_NETWORK,
        switch("bearer", "", "Connect with the token alone, without its key."),
        *TIMES,
        *PERMISSIONS,
        ACCOUNT,
    ),
    example='nsc add user bob --allow-pub "orders.>" --allow-sub "_INBOX.>"',
)
EDIT = Command(
    run=edit,
    arguments=1,
    flags=(_NAME, TAG, RM_TAG, *TIMES, *LIMITS, *PERMISSIONS, *RM_PERMISSIONS, ACCOUNT),
    example='nsc edit user bob --deny-pub "secret.>"',
)
DELETE = Command(
    run=delete,
    arguments=1,
    flags=(
        several("name", "n", "Names of users.", "NAME,…"),
        switch("revoke", "R", "Revoke the users first."),
        switch("rm-nkey", "D", "Delete their keys."),
        switch("rm-creds", "C", "Delete their creds files."),
        ACCOUNT,
    ),
    example="nsc delete user bob --revoke",
)
