"""The files that a verb leaves for people: bundles, loose tokens and receipts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jetshare.errors import InputError
from jetshare.sharing.kinds import Role
from jetshare.store.atomic import write_atomic
from jetshare.workflows.grant import Grant, GrantResult
from jetshare.workflows.revoke import RevokeResult


def bundle_names(result: GrantResult) -> dict[str, str]:
    """The name of each importer's file, by its key."""
    start = f"{_safe(result.provider_name)}-{_stem(str(result.share))}"
    return {key: f"{start}-{who}.share" for key, who in file_words(result.grants).items()}


def token_name(result: GrantResult, who: str, role: Role) -> str:
    return f"{_stem(str(result.share))}-{who}-{role}.tok"


def file_words(grants: Sequence[Grant]) -> dict[str, str]:
    """What stands for each importer in names of files: its name, or its key where two
    names would look alike there (or on a disk that does not tell case apart).
    """
    words = {g.importer: _safe(g.importer_name or g.importer or "public") for g in grants}
    seen = Counter(word.casefold() for word in words.values())
    return {key: key if seen[word.casefold()] > 1 else word for key, word in words.items()}


def receipt_name(result: RevokeResult, importer: str, name: str) -> str:
    """With the time in it: a receipt is evidence, and never replaced by a later one."""
    who = "everyone" if importer == "*" else name or importer
    start = f"{_safe(result.provider_name)}-{_stem(str(result.share))}-{_safe(who)}"
    return f"{start}-{datetime.fromtimestamp(result.at, UTC):%Y%m%dT%H%M%SZ}.receipt"


def write_files(files: Iterable[tuple[Path, str]]) -> None:
    """Each file whole or not at all, readable by its owner only."""
    for path, text in files:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(path, text.encode())
        except OSError as error:
            raise InputError(
                f"{path} cannot be written: {os.strerror(error.errno or 0)}",
                hint="choose another place with -o; the grant itself is stored, so grant again",
            ) from None


def _stem(share: str) -> str:
    return _safe(share.replace("/", "-"))


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).lstrip(".") or "unnamed"
