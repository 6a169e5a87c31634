"""Files and URLs that the words name."""

from __future__ import annotations

import os
from pathlib import Path

from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.identity.creds import parse_token_file
from jetshare.store.atomic import write_atomic

STDOUT = "--"  # what nsc calls standard output


def read_token(world: World, where: str) -> str:
    """The token in a file or behind a URL, bare or in its frame."""
    return parse_token_file(read_text(world, where))


def read_text(world: World, where: str) -> str:
    if where.lower().startswith(("http://", "https://")):
        from jetshare.workflows.exchange import fetch_document

        return fetch_document(where)
    path = world.path(where)
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(
            f"error loading `{where}`: {os.strerror(error.errno or 0)}", hint=f"looked at {path}"
        ) from None


def write_text(path: Path, content: str, *, force: bool = True) -> None:
    """A whole file or none, for its owner only. InputError where it cannot be."""
    if not force and path.exists():
        raise InputError(f"`{path}` already exists", hint="overwrite it with --force")
    try:
        write_atomic(path, content.encode())
    except OSError as error:
        raise InputError(
            f"`{path}` cannot be written: {os.strerror(error.errno or 0)}",
            hint="choose another place",
        ) from None
