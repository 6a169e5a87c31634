"""Editing an account's document, and what became of it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jetshare.cli.nsc.flags import text
from jetshare.cli.nsc.report import Line
from jetshare.cli.nsc.world import World
from jetshare.identity.claims import Account, Claims
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair
from jetshare.workflows.edit_account import Edited, edit_account

ACCOUNT = text("account", "a", "Account, by name or public key. [the current one]", "ACCOUNT")


def change_account(
    world: World,
    name: str,
    change: Callable[[Claims[Account]], Claims[Account]],
    *,
    keep_signer: bool = False,
    new_keys: Iterable[KeyPair] = (),
) -> tuple[Edited, list[Line]]:
    """Store the change, and hand it to the account server of a managed operator."""
    store = world.store()
    edited = edit_account(
        store,
        name,
        change,
        now=world.now,
        key=world.key,
        keep_signer=keep_signer,
        new_keys=new_keys,
    )
    return edited, synchronize(world, edited.after) if edited.changed else []


def synchronize(world: World, document: Document[Account]) -> list[Line]:
    """What the account server of a managed operator made of a document; nothing elsewhere."""
    if not world.store().managed:
        return []
    from jetshare.cli.nsc.account_server import synchronize_lines

    return synchronize_lines(world, document)
