"""nsc add and delete import."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import ACCOUNT, change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import read_token
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.report import Line, ok, warning
from jetshare.cli.nsc.world import World
from jetshare.editing import imports
from jetshare.errors import InputError, NotFound
from jetshare.identity import jwt, nkeys
from jetshare.identity.claims import Account, Activation, Claims, Import
from jetshare.identity.nkeys import Kind
from jetshare.workflows.pairs import import_faults

_SOURCE = text("src-account", "", "Account that exports, by name or public key.", "ACCOUNT")


def add(world: World, words: Words) -> list[Line]:
    _check(words)
    account = world.account(words.text("account")).claims
    new = _from_token(world, words, account) if words.has("token") else _public(world, words)

    def change(account: Claims[Account]) -> Claims[Account]:
        return imports.add_import(account, new)

    edited, lines = change_account(world, account.name, change)
    faults = import_faults(world.store(), edited.after.claims, new, world.now)
    return [
        *lines,
        *(warning(fault.text) for fault in faults),
        ok(f'added {new.type} import "{new.subject}"'),
    ]


def _check(words: Words) -> None:
    given = [name for name in ("src-account", "remote-subject") if words.has(name)]
    if words.has("token"):
        if given:
            raise InputError(
                "private imports require src-account, remote-subject and service to be unset",
                hint="the token says all three",
            )
    elif len(given) < 2:
        raise InputError(
            "public imports require src-account, remote-subject",
            hint="a private import takes a token instead: --token FILE",
        )


def _from_token(world: World, words: Words, account: Claims[Account]) -> Import:
    activation = jwt.decode(read_token(world, words.text("token")), Activation)
    return imports.from_activation(
        account,
        activation,
        world.now,
        name=words.text("name"),
        local_subject=words.text("local-subject"),
        share=words.on("share"),
        allow_trace=words.on("allow-trace"),
    )


def _public(world: World, words: Words) -> Import:
    remote = words.text("remote-subject")
    return Import(
        name=words.text("name") or remote,
        subject=remote,
        account=account_key(world, words.text("src-account")),
        local_subject=words.text("local-subject"),
        type="service" if words.on("service") else "stream",
        share=words.on("share"),
        allow_trace=words.on("allow-trace"),
    )


def account_key(world: World, word: str) -> str:
    """A public key of an account, or the key of the account of that name."""
    if nkeys.is_public(word):
        nkeys.parse_public(word, Kind.ACCOUNT)
        return word
    try:
        return world.store().account(word).claims.sub
    except NotFound as error:
        raise NotFound(
            f"account {word} does not exist in the current operator", hint=error.hint
        ) from None


def delete(world: World, words: Words) -> list[Line]:
    kinds = {None: "", True: "service", False: "stream"}
    subject, kind = words.text("subject"), kinds[words.switch("service")]
    source = account_key(world, words.text("src-account")) if words.has("src-account") else ""
    account = world.account(words.text("account")).claims
    held = imports.find_import(account, subject, source, kind)

    def change(account: Claims[Account]) -> Claims[Account]:
        return imports.delete_import(account, imports.find_import(account, subject, source, kind))

    _, lines = change_account(world, account.name, change)
    return [ok(f'deleted {held.type} import "{held.subject}"'), *lines]


ADD = Command(
    run=add,
    flags=(
        text("token", "u", "File or URL of an activation token (private imports).", "FILE|URL"),
        text("name", "n", "Name of the import. [the subject]", "NAME"),
        text("local-subject", "s", "Subject in the importing account.", "SUBJECT"),
        _SOURCE,
        text("remote-subject", "", "Subject that is exported (public imports).", "SUBJECT"),
        switch("service", "", "The import is a service (public imports)."),
        switch("share", "", "Tell the exporter who asks (services)."),
        switch("allow-trace", "", "Let message traces through (streams)."),
        ACCOUNT,
    ),
    example="nsc add import --token NEXT.tok --local-subject ACCTC.API.CONSUMER.MSG.NEXT.S.C",
)
DELETE = Command(
    run=delete,
    flags=(
        text("subject", "s", "Subject that is exported.", "SUBJECT"),
        _SOURCE,
        switch("service", "", "The service of this subject."),
        ACCOUNT,
    ),
    example='nsc delete import --subject "bar.>"',
)
