"""nsc add and delete mapping."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import ACCOUNT, change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, number, text
from jetshare.cli.nsc.report import Line, ok, warning
from jetshare.cli.nsc.world import World
from jetshare.editing import mappings
from jetshare.errors import InputError, NotFound
from jetshare.identity.claims import Account, Claims

_FROM = text("from", "f", "Subject to map from (required).", "SUBJECT")
_CLUSTER = text("cluster", "", "The cluster in which the mapping applies.", "NAME")


def add(world: World, words: Words) -> list[Line]:
    source, to = words.text("from"), words.text("to")
    if not source or not to:
        raise InputError(f"{'to' if source else 'from'} subject is required")
    weight = words.number("weight") or 0
    if not 0 <= weight <= mappings.ALL:
        raise InputError(f"weight {weight} is not within 1 to 100")

    def change(account: Claims[Account]) -> Claims[Account]:
        return mappings.add_mapping(
            account, source, to, weight=weight, cluster=words.text("cluster")
        )

    _, lines = change_account(world, world.account(words.text("account")).claims.name, change)
    return [*lines, ok(f"added mapping {source} -> {to}, weight {weight or mappings.ALL}%")]


def delete(world: World, words: Words) -> list[Line]:
    source, to, cluster = words.text("from"), words.text("to"), words.text("cluster")
    if not source:
        raise InputError("from subject is required")

    def change(account: Claims[Account]) -> Claims[Account]:
        return mappings.delete_mapping(account, source, to, cluster=cluster)

    try:
        _, lines = change_account(world, world.account(words.text("account")).claims.name, change)
    except NotFound as error:
        # There is no such mapping afterwards, which is what was asked for.
        return [warning(f"{error}; {error.hint}" if error.hint else str(error))]
    what = f"mapping {source} -> {to}" if to else f"all mapping for {source}"
    return [ok(f"deleted {what}" + (f" in cluster {cluster}" if cluster else "")), *lines]


ADD = Command(
    run=add,
    flags=(
        _FROM,
        text("to", "t", "Subject to map to (required).", "SUBJECT"),
        number("weight", "", "Percent of the messages, 1-100. [100]"),
        _CLUSTER,
        ACCOUNT,
    ),
    example='nsc add mapping --from "a" --to "b" --weight 50',
)
DELETE = Command(
    run=delete,
    flags=(
        _FROM,
        text("to", "t", "Only the mapping to this subject. [all]", "SUBJECT"),
        _CLUSTER,
        ACCOUNT,
    ),
    example='nsc delete mapping --from "a" --to "b"',
)
