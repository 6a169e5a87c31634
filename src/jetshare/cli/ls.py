"""``jetshare ls``"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from jetshare.cli.options import World, folder_verb
from jetshare.cli.output import columns, emit_json, note, say
from jetshare.errors import StoreDamaged
from jetshare.sharing.times import show_left, show_time
from jetshare.workflows.ls import (
    AcceptedShare,
    Granted,
    Listing,
    OfferedShare,
    State,
    list_shares,
)

EPILOG = """\b
Example:
  jetshare ls --account ACCTC
"""


@click.command("ls", epilog=EPILOG)
@click.option("--account", multiple=True, metavar="ACCT", help="Only these accounts. [all]")
@folder_verb
def command(world: World, account: tuple[str, ...]) -> int:
    """List what is offered and to whom, and what is accepted and from whom."""
    listing = list_shares(world.store(), world.now, accounts=account)
    if world.as_json:
        emit_json(_to_json(listing))
        return StoreDamaged.exit_code if listing.faults else 0
    if not listing.offered and not listing.accepted:
        note("no account here offers or accepts a pull consumer")
    for line in columns(_rows(listing, world.now)):
        say(line)
    if listing.faults:  # the rest is told all the same
        raise StoreDamaged(listing.faults[0], hint="restore the file from a backup")
    return 0


def _rows(listing: Listing, now: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for offer in listing.offered:
        rows.extend(_offered_rows(offer, now))
    for item in listing.accepted:
        rows.append(_accepted_row(item, now))
    head = ["ACCOUNT", "", "SHARE", "WITH", "STATE", "SINCE", "UNTIL"]
    return [head, *rows] if rows else []


def _offered_rows(offer: OfferedShare, now: int) -> list[list[str]]:
    start = [offer.account, "offers", str(offer.share)]
    rows = [
        [
            *start,
            granted.importer_name or granted.importer,
            str(granted.state),
            show_time(granted.since) if granted.since else "-",
            _left(granted, now),
        ]
        for granted in offer.granted
    ]
    if offer.public:
        rows.insert(0, [*start, "everyone", "public", "-", "-"])
    return rows or [[*start, "nobody yet", "-", "-", "-"]]


def _accepted_row(item: AcceptedShare, now: int) -> list[str]:
    return [
        item.account,
        "accepts",
        str(item.share),
        f"{item.provider_name or item.provider} as {item.prefix or '(no prefix)'}",
        str(item.state),
        show_time(item.since) if item.since else "-",
        _left(item, now),
    ]


def _left(share: Granted | AcceptedShare, now: int) -> str:
    """Nothing is left of what was revoked, whenever its tokens would have ended."""
    known = share.since and share.state is not State.REVOKED
    return show_left(share.until, now) if known else "-"


def _to_json(listing: Listing) -> dict[str, Any]:
    def plain(value: OfferedShare | AcceptedShare) -> dict[str, Any]:
        fields = asdict(value)
        fields["share"] = str(value.share)
        fields["roles"] = [str(role) for role in value.roles]
        return fields

    return {
        "offered": [plain(offer) for offer in listing.offered],
        "accepted": [plain(item) for item in listing.accepted],
        "faults": list(listing.faults),
    }
