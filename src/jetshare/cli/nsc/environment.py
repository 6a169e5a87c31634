"""nsc env and select: what is chosen, and where things are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, NotFound
from jetshare.store.folder import open_store
from jetshare.store.locate import Location


def env(world: World, words: Words) -> list[Line]:
    if words.has("store", "operator", "account"):
        _choose(world, words)
    _show(world)
    return []


def _choose(world: World, words: Words) -> None:
    if "NSC_CWD_ONLY" in world.environment:
        raise InputError("$NSC_CWD_ONLY is set - change your cwd to change context")
    if words.has("store"):
        stores = world.path(words.text("store"))
        if not stores.is_dir():
            raise InputError(f"`{stores}` is no folder")
        found = Location(
            stores=stores, keystore=world.location.keystore, config=world.location.config
        ).operators()
        operator = found[0] if len(found) == 1 else ""
        world.location = replace(world.location, stores=stores, operator=operator, account="")
        world.remember(stores=stores, operator=operator)
    if words.has("operator"):
        choose_operator(world, words.text("operator"))
    if words.has("account"):
        choose_account(world, words.text("account"))


def choose_operator(world: World, name: str) -> None:
    store = open_store(world.location, name)
    accounts = store.accounts()
    account = accounts[0] if len(accounts) == 1 else ""
    world.remember(operator=name, account=account)
    world.location = replace(world.location, operator=name, account=account)


def choose_account(world: World, name: str) -> None:
    account = world.store().account(name).claims.name
    world.remember(account=account)
    world.location = replace(world.location, account=account)


def _show(world: World) -> None:
    place = world.location
    table = Table("NSC Environment", ("Setting", "Set", "Effective Value"))
    for name, value in (
        ("XDG_CONFIG_HOME", world.environment.get("XDG_CONFIG_HOME", "")),
        ("XDG_DATA_HOME", world.environment.get("XDG_DATA_HOME", "")),
        ("NSC_CWD_ONLY", "If set, default operator/account from cwd only"),
        ("NSC_NO_GIT_IGNORE", "If set, no .gitignore files written"),
        ("NKEYS_PATH", _bare(world, place.keystore)),
        ("NSC_HOME", _bare(world, place.config.parent)),
        ("NATS_CA", "If set, certificates in the file are trusted for nats connections"),
        ("NATS_KEY", "If set, the tls key in the file is used for nats connections"),
        ("NATS_CERT", "If set, the tls cert in the file is used for nats connections"),
    ):
        old = " (deprecated)" if name in ("NKEYS_PATH", "NSC_HOME") else ""
        table.row(f"${name}{old}", "Yes" if name in world.environment else "No", value)
    table.line()
    table.row("Current Store Dir", "", _bare(world, place.stores))
    table.row("Current Operator", "", place.operator)
    table.row("Current Account", "", place.account)
    say(table.render())


def _bare(world: World, path: Path) -> str:
    return world.shown(path).strip("`")


def select_operator(world: World, words: Words) -> list[Line]:
    choose_operator(world, _one(words, "operator", world.location.operators()))
    return []


def select_account(world: World, words: Words) -> list[Line]:
    choose_account(world, _one(words, "account", world.store().accounts()))
    return []


def _one(words: Words, what: str, known: list[str]) -> str:
    if not words.arguments:
        raise NotFound(f"an {what} is required", hint=f"there are: {', '.join(known)}")
    return words.arguments[0]


ENV = Command(
    run=env,
    flags=(
        text("store", "s", "Use this folder of stores.", "DIR"),
        text("operator", "o", "Use this operator.", "NAME"),
        text("account", "a", "Use this account.", "NAME"),
    ),
    example="nsc env --operator OP --account ACCTC",
)
SELECT_OPERATOR = Command(run=select_operator, arguments=1, example="nsc select operator OP")
SELECT_ACCOUNT = Command(run=select_account, arguments=1, example="nsc select account ACCTC")
