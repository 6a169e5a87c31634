"""An account's exports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from jetshare.errors import InputError, NotFound, ShareConflict
from jetshare.identity import subjects
from jetshare.identity.claims import Account, Claims, Export

RESPONSE_TYPES = ("Singleton", "Stream", "Chunked")


def add_export(account: Claims[Account], export: Export) -> Claims[Account]:
    """Add an export. Raises ShareConflict where the server would take it for a second one."""
    for held in account.nats.exports:
        if held.type == export.type and held.subject == export.subject:
            raise ShareConflict(
                f'{export.type} export subject "{held.subject}" already exports "{export.subject}"',
                hint="change the one that is there: nsc edit export",
            )
    return account.with_nats(exports=(*account.nats.exports, export))


def edit_export(
    account: Claims[Account], held: Export, *, kind: str = "", **changes: Any
) -> Claims[Account]:
    """Change fields of one export, and no others.

    An export that becomes a stream loses what only a service may have; one that becomes
    a service gets the response type that services have when none is named.
    """
    kind = kind or held.type
    if kind != held.type:
        changes = {**_defaults_of(kind), **changes, "type": kind}
    after = replace(held, **changes)
    return _swap(account, held, after)


def _defaults_of(kind: str) -> dict[str, Any]:
    if kind == "service":
        return {"response_type": RESPONSE_TYPES[0]}
    return {
        "response_type": "",
        "response_threshold": 0,
        "service_latency": None,
        "allow_trace": False,
    }


def delete_export(account: Claims[Account], held: Export) -> Claims[Account]:
    return _swap(account, held, None)


def find_export(account: Claims[Account], subject: str, kind: str = "") -> Export:
    """The export of exactly ``subject``; without one, the only export there is.

    Raises NotFound, and InputError where a stream and a service are equally meant.
    """
    exports = _of_kind(account, kind)
    if not subject:
        if len(exports) != 1:
            raise InputError("a subject is required", hint=_listing(exports))
        return exports[0]
    found = [export for export in exports if export.subject == subject]
    if not found:
        raise NotFound(f'no export matching "{subject}" found', hint=_listing(exports))
    return _only(found, subject)


def covering_export(
    account: Claims[Account], subject: str, kind: str = "", *, private: bool = False
) -> Export:
    """The export that ``subject`` lies within; without one, the only export there is."""
    exports = [export for export in _of_kind(account, kind) if export.token_req or not private]
    if not exports:
        what = "that require an activation token" if private else "of this kind"
        raise NotFound(f'account "{account.name}" doesn\'t have exports {what}')
    if not subject:
        if len(exports) != 1:
            raise InputError("a subject is required", hint=_listing(exports))
        return exports[0]
    found = [export for export in exports if subjects.is_contained(subject, export.subject)]
    if not found:
        what = "a private export" if private else "an export"
        raise NotFound(
            f'{what} for "{subject}" was not found in account "{account.name}"',
            hint=_listing(exports),
        )
    return _only(found, subject)


def _of_kind(account: Claims[Account], kind: str) -> list[Export]:
    exports = [export for export in account.nats.exports if kind in ("", export.type)]
    if not exports:
        what = f"{kind} exports" if kind and account.nats.exports else "exports"
        raise NotFound(f'account "{account.name}" doesn\'t have {what}')
    return exports


def _only(found: list[Export], subject: str) -> Export:
    if len({export.type for export in found}) > 1:
        raise InputError(
            f'a stream and a service are both exported for "{subject}"',
            hint="say which one is meant: --service, or --service=false for the stream",
        )
    return found[0]


def _listing(exports: Iterable[Export]) -> str:
    some = ", ".join(export.subject for export in exports)
    return f"there are: {some}" if some else ""


def _swap(account: Claims[Account], held: Export, after: Export | None) -> Claims[Account]:
    exports = tuple(
        each if export is held else export
        for export in account.nats.exports
        if (each := after if export is held else export) is not None
    )
    return account.with_nats(exports=exports)
