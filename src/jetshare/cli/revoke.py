"""``jetshare revoke``"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import Any

import click

from jetshare.cli.files import (
    Lost,
    check_folder,
    receipt_name,
    tell_lost,
    unused,
    write_files,
)
from jetshare.cli.options import SHARE, World, run, verb
from jetshare.cli.output import emit_json, note, proof_lines, say, warn
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.errors import InputError
from jetshare.sharing.kinds import PullConsumer
from jetshare.workflows.revoke import RevokeRequest, RevokeResult, revoke

EPILOG = """\b
Example:
  jetshare revoke ORDERS/ORDERS-C1 --from ACCTC --to ACCTB
  jetshare revoke ORDERS/ORDERS-C1 --from ACCTC --expired
"""


@click.command("revoke", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--from", "provider", required=True, metavar="ACCT", help="The account that owns it.")
@click.option("--to", multiple=True, metavar="NAME|KEY", help="Whose grant ends. Repeat for more.")
@click.option("--all", "everyone", is_flag=True, help="End it for every importer.")
@click.option("--expired", is_flag=True, help="End what is past its time, and nothing else.")
@click.option("--unrecorded", is_flag=True, help="With --to: whom no grant on record here names.")
@click.option("--signing-key", default="", metavar="KEY|FILE", help="Sign the receipt with this.")
@click.option("-o", "--output", default=".", metavar="DIR", help="Where receipts go. [this folder]")
@click.option("--no-push", is_flag=True, help="Store only; carry nothing to the servers.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@verb
def command(
    world: World,
    share: PullConsumer,
    provider: str,
    to: tuple[str, ...],
    everyone: bool,
    expired: bool,
    unrecorded: bool,
    signing_key: str,
    output: str,
    no_push: bool,
    dry_run: bool,
) -> int:
    """End a grant: revoke every subject of the share together, and prove that it ended.

    Leaves a receipt signed by the provider: what, when, on which servers, and how it
    was seen. A server may let a grant go on after its time: --expired ends those grants,
    and leaves all that are in force, also one that an importer here still holds while a
    newer one, which it never accepted, is over.
    """
    if everyone and (to or expired):
        raise InputError(
            "--all ends every grant, so it stands alone", hint="leave --to and --expired out"
        )
    request = RevokeRequest(
        share=share,
        provider=provider,
        importers=to,
        everyone=everyone,
        expired=expired,
        unrecorded=unrecorded,
        signing_key=signing_key,
        dry_run=dry_run,
        push=not no_push,
    )
    folder = Path(output)
    if request.push and not dry_run:
        check_folder(folder)
    result = run(revoke(world.store(), request, world.reach, world.now))
    paths, lost = _write(result, folder)
    if world.as_json:
        emit_json(_to_json(result, paths, lost))
    elif not result.importers and not result.changes:
        note(f"no grant of {share} is past its time and still open, as far as is known here")
    else:
        _say(result, paths, lost, dry_run=dry_run)
    tell_lost(lost, as_json=world.as_json)
    if not result.pushed:
        return push_exit(result.push)
    return 1 if lost or (result.receipts and not result.proven) else 0


def _write(result: RevokeResult, folder: Path) -> tuple[list[Path], tuple[Lost, ...]]:
    files = [
        (unused(folder / receipt_name(result, importer, _name(result, importer))), text)
        for importer, _, text in result.receipts
    ]
    return [path for path, _ in files], write_files(files)


def _say(result: RevokeResult, paths: list[Path], lost: Iterable[Lost], *, dry_run: bool) -> None:
    for change in result.changes:
        for line in change.lines():
            say(line)
    if dry_run:
        for importer in result.importers:
            say(f"{result.share} would be revoked for {_who(result, importer)}")
        for text in result.warnings:
            warn(text)
        note("dry run: nothing was written")
        return
    for line in push_lines(result.push):
        note(line)
    for text in result.warnings:
        warn(text)
    push = f"jetshare nsc push -a {quote(result.provider_name)}"
    if result.push is None or result.push.problem:
        note(f"until a server takes it, access goes on: {push}")
        return
    if not result.pushed:
        note(f"at a server that did not take it access goes on: {push}")
    for line in proof_lines(result.proofs):
        say(line)
    unsaved = {each.path for each in lost}
    for (importer, witness, _), path in zip(result.receipts, paths, strict=True):
        say(f"{result.share} revoked for {_who(result, importer)}: {witness}")
        if path not in unsaved:
            say(f"  receipt: {path}")
    note(
        "messages that were delivered stay leased until their ack wait ends, and pulls in"
        " flight on this share fall silent"
    )
    if result.others:
        note(
            f"{', '.join(result.others)}: access goes on; a pull that was in flight hears nothing"
            " more, so a client without an idle heartbeat must pull again"
        )


def _name(result: RevokeResult, importer: str) -> str:
    return result.names.get(importer, "")


def _who(result: RevokeResult, importer: str) -> str:
    return "everyone" if importer == "*" else _name(result, importer) or importer


def _to_json(result: RevokeResult, paths: list[Path], lost: Iterable[Lost]) -> dict[str, Any]:
    unsaved = {each.path: {"file": "", "text": each.text} for each in lost}
    return {
        "share": str(result.share),
        "provider": {"name": result.provider_name, "key": result.provider},
        "importers": list(result.importers),
        "at": result.at,
        "changes": [change.to_json() for change in result.changes],
        "push": result.push.to_json() if result.push else None,
        "proven": result.proven,
        "proofs": [proof.to_json() for proof in result.proofs],
        "receipts": [
            {"importer": importer, "seen": str(witness), "file": str(path), **unsaved.get(path, {})}
            for (importer, witness, _), path in zip(result.receipts, paths, strict=True)
        ],
        "others": list(result.others),
        "warnings": list(result.warnings),
    }
