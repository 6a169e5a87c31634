"""The files that a verb leaves for people: bundles, loose tokens and receipts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from jetshare.errors import InputError
from jetshare.sharing.kinds import Role
from jetshare.store.atomic import write_atomic
from jetshare.workflows.grant import Grant, GrantResult
from jetshare.workflows.revoke import RevokeResult


def bundle_name(result: GrantResult, granted: Grant) -> str:
    who = granted.importer_name or granted.importer or "public"
    return f"{_safe(result.provider_name)}-{_stem(str(result.share))}-{_safe(who)}.share"


def token_name(result: GrantResult, granted: Grant, role: Role) -> str:
    who = granted.importer_name or granted.importer
    return f"{_stem(str(result.share))}-{_safe(who)}-{role}.tok"


def receipt_name(result: RevokeResult, importer: str, name: str) -> str:
    who = "everyone" if importer == "*" else name or importer
    return f"{_safe(result.provider_name)}-{_stem(str(result.share))}-{_safe(who)}.receipt"


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
