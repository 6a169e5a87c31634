"""nsc revocations: of users, and of the activations of an export."""

from __future__ import annotations

from collections.abc import Mapping

from jetshare.cli.nsc import times
from jetshare.cli.nsc.account_edits import ACCOUNT, change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.imports import account_key
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.editing import exports, revocations
from jetshare.editing.revocations import EVERYONE
from jetshare.errors import InputError, NotFound
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Claims, Export
from jetshare.identity.nkeys import Kind

_AT = text("at", "", "Issued by then: RFC 3339 or Unix seconds. [now]", "TIME")
_USER = (
    text("name", "n", "Name of the user.", "NAME"),
    text("user-public-key", "u", "Public key of the user, or * for all.", "KEY"),
    ACCOUNT,
)
_EXPORT = (
    text("subject", "s", "Subject of the export, or one within it.", "SUBJECT"),
    switch("service", "", "The export is a service. [a stream]"),
    ACCOUNT,
)
_TARGET = text("target-account", "t", "Whose activation: name, public key, or *.", "ACCOUNT")


def add_user(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    public = _user_key(world, words, account)
    at = times.read_moment(words.text("at") or "0", world.now)

    def change(account: Claims[Account]) -> Claims[Account]:
        return revocations.revoke_user(account, public, at)

    _, lines = change_account(world, account.name, change)
    if public == EVERYONE:
        return [*lines, ok(f"revoked all users issued before {times.show(at)}")]
    return [*lines, ok(f'revoked user "{public}"')]


def delete_user(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    public = _user_key(world, words, account)

    def change(account: Claims[Account]) -> Claims[Account]:
        return revocations.restore_user(account, public)

    _, lines = change_account(world, account.name, change)
    what = "all user revocation" if public == EVERYONE else f'user revocation for "{public}"'
    return [*lines, ok(f"deleted {what}")]


def list_users(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    if not account.nats.revocations:
        raise NotFound(f"account {account.name} does not have revoked users")
    _table(f"Revoked Users for {account.name}", account.nats.revocations, "* [All Users]")
    return []


def _user_key(world: World, words: Words, account: Claims[Account]) -> str:
    name, key = words.text("name"), words.text("user-public-key")
    if name and key:
        raise InputError("user and user-public-key are mutually exclusive")
    if key == EVERYONE:
        return key
    if nkeys.is_public(key or name):
        nkeys.parse_public(key or name, Kind.USER)
        return key or name
    wanted = key or name or world.only_user(account.name)
    users = {user.casefold(): user for user in world.store().users(account.name)}
    user = users.get(wanted.casefold(), wanted)
    return world.store().user(account.name, user).claims.sub


def add_activation(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    importer = _importer(world, words)
    at = times.read_moment(words.text("at") or "0", world.now)
    name = _export(account, words).name

    def change(account: Claims[Account]) -> Claims[Account]:
        return revocations.revoke_activation(account, _export(account, words), importer, at)

    _, lines = change_account(world, account.name, change)
    if importer == EVERYONE:
        said = f'revoked all activations for "{name}" issued before {times.show(at)}'
    else:
        said = f'revoked activation "{name}" for account {importer}'
    return [*lines, ok(said)]


def delete_activation(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    importer = _importer(world, words)
    export = _export(account, words)

    def change(account: Claims[Account]) -> Claims[Account]:
        return revocations.restore_activation(account, _export(account, words), importer)

    _, lines = change_account(world, account.name, change)
    whom = "all accounts" if importer == EVERYONE else f"account {importer}"
    return [*lines, ok(f"deleted {export.type} {export.name} revocation for {whom}")]


def list_activations(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims
    export = _export(account, words)
    name = export.name or export.subject
    if not export.revocations:
        raise NotFound(f"{export.type} {name} has no revocations")
    title = f"Revoked Accounts for {export.type} {name}"
    _table(title, export.revocations, "* [All Accounts]")
    return []


def _importer(world: World, words: Words) -> str:
    word = words.text("target-account")
    if not word:
        raise InputError("target-account cannot be empty", hint="name it with --target-account")
    return word if word == EVERYONE else account_key(world, word)


def _export(account: Claims[Account], words: Words) -> Export:
    kind = "service" if words.on("service") else "stream"
    return exports.covering_export(account, words.text("subject"), kind)


def _table(title: str, held: Mapping[str, int], everyone: str) -> None:
    table = Table(title, ("Public Key", "Revoke Credentials Before"))
    for public, at in sorted(held.items()):
        table.row(everyone if public == EVERYONE else public, times.show_rfc1123(at))
    say(table.render())


ADD_USER = Command(run=add_user, flags=(*_USER, _AT), example="nsc revocations add-user -n bob")
DELETE_USER = Command(run=delete_user, flags=_USER, example="nsc revocations delete-user -n bob")
LIST_USERS = Command(run=list_users, flags=(ACCOUNT,), example="nsc revocations list-users")
ADD_ACTIVATION = Command(
    run=add_activation,
    flags=(*_EXPORT, _TARGET, _AT),
    example='nsc revocations add-activation --service --subject "a.b" --target-account AB…',
)
DELETE_ACTIVATION = Command(
    run=delete_activation,
    flags=(*_EXPORT, _TARGET),
    example='nsc revocations delete-activation --service --subject "a.b" --target-account AB…',
)
LIST_ACTIVATIONS = Command(
    run=list_activations,
    flags=_EXPORT,
    example='nsc revocations list-activations --service --subject "a.b"',
)
