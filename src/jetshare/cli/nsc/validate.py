"""nsc validate: each document by itself, and the imports against their exports."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import read_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, InvalidDocument
from jetshare.workflows.validate_store import (
    Issue,
    account_issues,
    operator_issues,
    token_issues,
)


def validate(world: World, words: Words) -> list[Line]:
    ways = [flag for flag in ("account", "all-accounts", "file") if words.has(flag)]
    if len(ways) > 1:
        raise InputError("specify only one of --account or --all-accounts or --file")
    found = _file(world, words.text("file")) if words.has("file") else _store(world, words)
    for title, issues in found.items():
        say(_table(title, issues))
    if any(issue.fatal for issues in found.values() for issue in issues):
        raise InvalidDocument("validation found errors")
    return []


def _store(world: World, words: Words) -> dict[str, list[Issue]]:
    store = world.store()
    if words.on("all-accounts"):
        names = store.accounts()
    elif words.has("account") or world.location.account:
        names = [world.account(words.text("account")).claims.name]
    else:
        names = []
    found = {f'Operator "{store.name}"': operator_issues(store, world.now)}
    for name in names:
        found[f'Account "{name}"'] = account_issues(store, name, world.now)
    return found


def _file(world: World, where: str) -> dict[str, list[Issue]]:
    """Tokens, one a line; what stands before a ``|`` is not looked at."""
    found: dict[str, list[Issue]] = {}
    for line in read_text(world, where).splitlines():
        token = line.rpartition("|")[2].strip()
        if token:
            title, issues = token_issues(token, world.now)
            found.setdefault(f'Account "{title}"', []).extend(issues)
    return found


def _table(title: str, issues: list[Issue]) -> str:
    if not issues:
        table = Table(title)
        table.row("No issues found")
        return table.render()
    table = Table(title, ("#", " ", "Description"))
    for index, issue in enumerate(issues, 1):
        table.row(index, "!" if issue.fatal else "", issue.text)
    return table.render()


VALIDATE = Command(
    run=validate,
    flags=(
        switch("all-accounts", "A", "All accounts of the operator, and all their users."),
        text("file", "f", "All tokens in a file, one a line.", "FILE"),
        ACCOUNT,
    ),
    example="nsc validate --all-accounts",
)
