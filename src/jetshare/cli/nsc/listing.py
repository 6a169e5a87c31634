"""nsc list operators, accounts and users."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import bold, say, say_json
from jetshare.cli.nsc.report import Line
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.errors import JetshareError

_JSON = switch("json", "J", "Print as JSON.")
_OPERATOR = text("operator", "o", "Operator. [the current one]", "NAME")


def operators(world: World, words: Words) -> list[Line]:
    names = world.location.operators()

    def public(name: str) -> str:
        return world.store(name).operator().claims.sub

    _show("Operators", words, names, public, world.location.operator)
    return []


def accounts(world: World, words: Words) -> list[Line]:
    store = world.store(words.text("operator"))

    def public(name: str) -> str:
        return store.account(name).claims.sub

    _show("Accounts", words, store.accounts(), public, world.location.account)
    return []


def users(world: World, words: Words) -> list[Line]:
    store = world.store(words.text("operator"))
    account = words.text("account") or world.account("").claims.name
    owner = store.account(account).claims.name

    def public(name: str) -> str:
        return store.user(owner, name).claims.sub

    _show("Users", words, store.users(owner), public, "")
    return []


def _show(
    title: str, words: Words, names: Sequence[str], public: Callable[[str], str], current: str
) -> None:
    """The names with their keys; one that cannot be read is shown with the reason."""
    if words.on("json"):
        say_json([{"name": name, "public_key": public(name)} for name in names])
        return
    table = Table(title, ("Name", "Public Key") if names else ())
    for name in names:
        try:
            key = public(name)
        except JetshareError as error:
            key = f"error loading jwt - {error}"
        emphasis = bold if name == current else str
        table.row(emphasis(name), emphasis(key))
    if not names:
        table.row("No entries defined")
    say(table.render())


OPERATORS = Command(run=operators, flags=(_JSON,), example="nsc list operators")
ACCOUNTS = Command(run=accounts, flags=(_OPERATOR, _JSON), example="nsc list accounts -J")
USERS = Command(run=users, flags=(_OPERATOR, ACCOUNT, _JSON), example="nsc list users -a ACCTC")
