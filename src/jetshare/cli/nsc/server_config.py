"""nsc generate config: a server's configuration with the operator and its accounts."""

from __future__ import annotations

from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import STDOUT, write_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.identity import nkeys
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import Kind
from jetshare.store.contract import Store

_KINDS = ("mem-resolver", "nats-resolver", "nats-resolver-cache")


def generate(world: World, words: Words) -> list[Line]:
    kinds = [kind for kind in _KINDS if words.on(kind)]
    if len(kinds) != 1:
        asked = (
            "can only generate one config at a time" if kinds else "specify a config type option"
        )
        raise InputError(asked, hint=f"one of --{', --'.join(_KINDS)}")
    store = world.store()
    system = _system_account(store, words.text("sys-account"))
    if kinds == ["mem-resolver"]:
        content = _memory(store, system)
    elif system is None:
        raise InputError(
            "system account is not set", hint="nsc edit operator --system-account NAME"
        )
    else:
        content = _resolver(store, system, cache=kinds == ["nats-resolver-cache"])
    out = words.text("config-file") or STDOUT
    if out == STDOUT:
        say(content)
        return []
    write_text(world.path(out), content, force=words.on("force"))
    return [ok(f"wrote server configuration to {world.shown(out)}")]


def _system_account(store: Store, word: str) -> Document[Account] | None:
    wanted = word or store.operator().claims.nats.system_account
    if not wanted:
        return None
    if word and not nkeys.is_public(word, Kind.ACCOUNT):
        return store.account(word)
    return store.account(wanted)


def _memory(store: Store, system: Document[Account] | None) -> str:
    operator = store.operator()
    accounts = sorted(map(store.account, store.accounts()), key=lambda held: held.claims.sub)
    if not accounts:
        raise InputError(f'operator "{store.name}" has no accounts', hint="nsc add account NAME")
    lines = [f'// Operator "{operator.claims.name}"', f"operator: {operator.token}", ""]
    if system:
        lines += [f"system_account: {system.claims.sub}", ""]
    lines += ["resolver: MEMORY", "", "resolver_preload: {"]
    for account in accounts:
        lines.append(f'  // Account "{account.claims.name}"')
        lines += [f"  {account.claims.sub}: {account.token}", ""]
    return "\n".join([*lines, "}"]) + "\n"


def _resolver(store: Store, system: Document[Account], *, cache: bool) -> str:
    operator = store.operator()
    return _TEMPLATE.format(
        operator_name=operator.claims.name,
        operator=operator.token,
        system_name=system.claims.name,
        system_key=system.claims.sub,
        system=system.token,
        resolver=_CACHE if cache else _FULL,
    )


_TEMPLATE = """\
# Operator {operator_name}
operator: {operator}
# System account {system_name}
system_account: {system_key}

resolver {{
{resolver}\
    # How long to wait for another server that may know an account.
    timeout: "1.9s"
}}

# The system account is known from the start. Push the others:
#   nsc edit operator --account-jwt-server-url nats://localhost:4222
#   nsc push --all
# A later push of the system account counts more than what stands here.
resolver_preload: {{
    {system_key}: {system},
}}
"""
_FULL = """\
    type: full
    # Account documents are kept in this folder.
    dir: './jwt'
    # With true, nsc push --prune can delete accounts; the server then keeps a deleted
    # document under its name with .delete behind it.
    allow_delete: false
    # How often a server compares its accounts with another one of the cluster.
    interval: "2m"
"""
_CACHE = """\
    type: cache
    # Account documents are kept in this folder, and for so long.
    dir: './jwt'
    ttl: "1h"
"""

GENERATE = Command(
    run=generate,
    flags=(
        switch("mem-resolver", "", "All accounts stand in the configuration."),
        switch("nats-resolver", "", "The server keeps all accounts that are pushed to it."),
        switch("nats-resolver-cache", "", "The server asks others for accounts, and keeps them."),
        text("config-file", "", "File to write; -- is standard output. [--]", "FILE"),
        switch("force", "F", "Overwrite the file."),
        text("sys-account", "", "The system account. [the operator's]", "ACCOUNT"),
    ),
    example="nsc generate config --nats-resolver --config-file server.conf",
)
