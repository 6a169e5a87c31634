"""``jetshare grant``"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from jetshare.cli.files import (
    Lost,
    bundle_names,
    check_folder,
    file_words,
    grants_the_same,
    tell_lost,
    token_name,
    unused,
    write_files,
)
from jetshare.cli.options import SHARE, World, read_file, run, verb
from jetshare.cli.output import emit_json, note, say, warn
from jetshare.cli.progress import progress
from jetshare.cli.push_words import push_exit, push_lines
from jetshare.cli.spans import parse_expiry
from jetshare.errors import InputError
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.times import show_span, show_time
from jetshare.workflows.grant import Grant, GrantRequest, GrantResult, grant

EPILOG = """\b
Example:
  jetshare grant ORDERS/ORDERS-C1 --from ACCTC --to ACCTB --expires 90d
"""


@click.command("grant", epilog=EPILOG)
@click.argument("share", type=SHARE)
@click.option("--from", "provider", required=True, metavar="ACCT", help="The account that owns it.")
@click.option("--to", multiple=True, metavar="NAME|KEY", help="Who may pull. Repeat for more.")
@click.option("--to-file", metavar="FILE", help="Names or keys, one a line; # begins a comment.")
@click.option(
    "--expires",
    metavar="90d|DATE|never",
    help="When the grant ends. [never; renewed: as long again]",
)
@click.option("--public", is_flag=True, help="Let every account import it, without a token.")
@click.option("--no-info", is_flag=True, help="Leave CONSUMER.INFO out.")
@click.option("--signing-key", default="", metavar="KEY|FILE", help="Sign with this account key.")
@click.option("--prefix", default="", help="The prefix to suggest to the importer.")
@click.option("--domain", default="", help="The provider's JetStream domain, for the bundle.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Where the bundles go. [this folder]")
@click.option("--tokens", metavar="DIR", help="Also write the loose token files that nsc takes.")
@click.option("--no-push", is_flag=True, help="Store only; carry nothing to the servers.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@verb
def command(
    world: World,
    share: PullConsumer,
    provider: str,
    to: tuple[str, ...],
    to_file: str | None,
    expires: str | None,
    public: bool,
    no_info: bool,
    signing_key: str,
    prefix: str,
    domain: str,
    output: str | None,
    tokens: str | None,
    no_push: bool,
    dry_run: bool,
) -> int:
    """Offer a durable pull consumer to other accounts.

    Adds the exports that are missing, signs activation tokens for each importer, and
    writes one bundle file an importer. Granting again renews: without --expires for as
    long a time, from now, as the grant had before.
    """
    request = GrantRequest(
        share=share,
        provider=provider,
        importers=(*to, *_listed(to_file)),
        public=public,
        info=not no_info,
        expires=None if expires is None else parse_expiry(expires, world.now),
        signing_key=signing_key,
        prefix=prefix,
        domain=domain,
        dry_run=dry_run,
        push=not no_push,
    )
    if not dry_run:
        _check_output(output, tokens, request)
    result = run(
        grant(world.store(), request, world.reach, world.now, progress=progress("signed grants"))
    )
    paths, lost = ({}, ()) if dry_run else _write(result, output, tokens)
    if world.as_json:
        emit_json(_to_json(result, paths, lost))
    else:
        _say(result, paths, lost, request, world.now)
    tell_lost(lost, as_json=world.as_json)
    return push_exit(result.push) or (1 if lost else 0)


def _listed(path: str | None) -> list[str]:
    if path is None:
        return []
    lines = read_file(Path(path)).decode("utf-8", "replace").splitlines()
    named = [line.partition("#")[0].strip() for line in lines]
    return [name for name in named if name]


def _check_output(output: str | None, tokens: str | None, request: GrantRequest) -> None:
    """Before anything is stored: a bundle that has no place would be a grant without one."""
    bundles = len(set(request.importers))
    if output is not None and bundles > 1 and _is_one_file(output):
        raise InputError(
            f"{output} is one file, and there are {bundles} bundles",
            hint="name a folder that is there",
        )
    check_folder(_folder_of(output))
    if tokens:
        check_folder(Path(tokens), "--tokens")


def _is_one_file(output: str) -> bool:
    return not Path(output).is_dir() and not output.endswith("/")


def _folder_of(output: str | None) -> Path:
    """Where files are made; a link may lead to a file elsewhere, which is then replaced."""
    if output is None or not _is_one_file(output):
        return Path(output or ".")
    return Path(output).resolve().parent


def _write(
    result: GrantResult, output: str | None, tokens: str | None
) -> tuple[dict[str, str], tuple[Lost, ...]]:
    """Write the bundles, and where asked for the loose tokens; importer -> path."""
    target = Path(output) if output else Path()
    single = output is not None and _is_one_file(output)
    names, words = bundle_names(result), file_words(result.grants)
    files: list[tuple[Path, str]] = []
    paths: dict[str, str] = {}
    for granted in result.grants:
        path = target if single else _place(target / names[granted.importer], result, granted)
        paths[granted.importer] = str(path)
        files.append((path, granted.bundle))
        if tokens:
            files.extend(
                (Path(tokens) / token_name(result, words[granted.importer], role), text)
                for role, text in granted.activations
            )
    return paths, write_files(files)


def _place(path: Path, result: GrantResult, granted: Grant) -> Path:
    """Where the bundle goes: a renewed grant over the one before, and over no other."""
    same = partial(
        grants_the_same,
        share=result.share,
        provider=result.provider,
        importer=granted.importer,
    )
    return unused(path, may_replace=same)


def _say(
    result: GrantResult,
    paths: dict[str, str],
    lost: Sequence[Lost],
    request: GrantRequest,
    now: int,
) -> None:
    unsaved = {str(each.path) for each in lost}
    for change in result.changes:
        for line in change.lines():
            say(line)
    for granted in result.grants:
        who = granted.importer_name or granted.importer or "everyone"
        word = "renewed for" if granted.renewed else "granted to"
        would = "would be " if request.dry_run else ""
        until = _until(granted.expires)
        say(f"{result.share} of {result.provider_name} {would}{word} {who}, {until}")
        if granted.before is not None and granted.before != granted.expires:
            kept = request.expires is None
            again = f"; now for the same {show_span(granted.expires - now)} again" if kept else ""
            say(f"  it was {_until(granted.before)}{again}")
        if not request.dry_run and paths[granted.importer] not in unsaved:
            say(f"  bundle: {paths[granted.importer]}")
    for line in [] if request.dry_run else push_lines(result.push, result.provider_name):
        note(line)
    for text in result.warnings:
        warn(text)
    if request.dry_run:
        note("dry run: nothing was written")


def _until(end: int) -> str:
    return f"until {show_time(end)}" if end else "without an end"


def _to_json(result: GrantResult, paths: dict[str, str], lost: Sequence[Lost]) -> dict[str, Any]:
    unsaved = {str(each.path): {"bundle": "", "text": each.text} for each in lost}
    return {
        "share": str(result.share),
        "provider": {"name": result.provider_name, "key": result.provider},
        "expires": result.expires,
        "changes": [change.to_json() for change in result.changes],
        "grants": [
            {
                "importer": granted.importer,
                "name": granted.importer_name,
                "renewed": granted.renewed,
                "expires": granted.expires,
                "before": granted.before,
                "bundle": paths.get(granted.importer, ""),
                **unsaved.get(paths.get(granted.importer, ""), {}),
            }
            for granted in result.grants
        ],
        "push": result.push.to_json() if result.push else None,
        "warnings": list(result.warnings),
        "lost": [{"path": str(each.path), "text": each.text, "why": each.why} for each in lost],
    }
