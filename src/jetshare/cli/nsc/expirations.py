"""nsc expirations: what ends when, activation tokens too."""

from __future__ import annotations

from jetshare.cli.nsc import times
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say, say_json
from jetshare.cli.nsc.report import Line
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.workflows.expirations import Expiration, expirations


def run(world: World, words: Words) -> list[Line]:
    until = times.read_limit(words.text("within") or "1M", "within", world.now) or 0
    store = world.store()
    rows = []
    for found in expirations(store):
        expired = 0 < found.at <= world.now
        soon = 0 < found.at < until
        if expired or soon or not words.on("skip"):
            rows.append((found, expired, soon))
    if words.on("json"):
        report = [_to_json(world, *row) for row in rows]
        threshold = times.show_rfc3339(until)
        say_json({"expiration_threshold": threshold, "report": report}, indent=2)
        return []
    title = f"Expiration Report ({times.show_distance(until, world.now)})"
    table = Table(title, ("Expired", "Resource", "Expiration"))
    for found, expired, soon in rows:
        state = "Yes" if expired else "Soon" if soon else "No"
        table.row(state, _resource(world, found), _when(found.at, world.now))
    say(table.render())
    return []


def _resource(world: World, found: Expiration) -> str:
    if found.creds:
        account, user = found.creds
        return world.shown(world.creds_path(account, user)).strip("`")
    return found.resource


def _when(at: int, now: int) -> str:
    return f"{times.show_rfc3339(at)} - {times.show_distance(at, now)}" if at else "Never"


def _to_json(world: World, found: Expiration, expired: bool, soon: bool) -> dict[str, object]:
    resource = str(world.creds_path(*found.creds)) if found.creds else found.resource
    return {
        "resource": resource,
        "id": found.public,
        "when": times.show_distance(found.at, world.now) if found.at else "Never",
        "expiry": found.at,
        "expiration_date": times.show_rfc3339(found.at) if found.at else "",
        "expires_soon": soon,
        "expired": expired,
    }


EXPIRATIONS = Command(
    run=run,
    flags=(
        text("within", "e", "What counts as soon: yyyy-mm-dd, or a span. [1M]", "TIME"),
        switch("json", "", "Print as JSON."),
        switch("skip", "", "Leave out what does not expire soon."),
    ),
    example="nsc expirations --within 1w --skip",
)
