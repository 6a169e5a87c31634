"""Two versions of an account's document as the change that a person confirms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from jetshare.editing.revocations import EVERYONE
from jetshare.errors import TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, Export, Import
from jetshare.sharing.found import local_subject
from jetshare.sharing.times import show_time

_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is added (``+``), removed (``-``) or changed (``~``)."""

    sign: str
    what: str
    detail: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        return (f"{self.sign} {self.what}", *(f"    {line}" for line in self.detail))

    def to_json(self) -> dict[str, object]:
        return {"sign": self.sign, "what": self.what, "detail": list(self.detail)}


def changes(
    before: Claims[Account], after: Claims[Account], names: Mapping[str, str] = _NOBODY
) -> tuple[Change, ...]:
    """What turns ``before`` into ``after``, in the order of the document.

    ``names`` are those of the accounts that may be in it, by public key.
    """
    return (
        *_listed(before.nats.imports, after.nats.imports, "import", _import_detail, names),
        *_listed(before.nats.exports, after.nats.exports, "export", _export_detail, names),
        *_others(before, after),
    )


def _listed(
    before: Any, after: Any, what: str, detail: Any, names: Mapping[str, str]
) -> list[Change]:
    """Exports or imports, matched by what makes one unique for the server."""
    old = {_identity(item): item for item in before}
    new = {_identity(item): item for item in after}
    found = []
    for key, item in new.items():
        title = f"{what} {item.type} {item.subject}"
        if key not in old:
            found.append(Change(sign="+", what=title, detail=detail(item)))
        elif old[key] != item:
            lines = _field_changes(old[key], item, names)
            found.append(Change(sign="~", what=title, detail=lines))
    for key, item in old.items():
        if key not in new:
            found.append(Change(sign="-", what=f"{what} {item.type} {item.subject}"))
    return found


def _identity(item: Export | Import) -> tuple[str, ...]:
    if isinstance(item, Import):
        return (item.type, item.account, item.subject, local_subject(item))
    return (item.type, item.subject)


def _import_detail(item: Import) -> tuple[str, ...]:
    return (
        f"from account {item.account}",
        f"as {local_subject(item)}",
        "with an activation token" if item.token else "public, without a token",
    )


def _export_detail(item: Export) -> tuple[str, ...]:
    access = "private: each importer needs an activation token" if item.token_req else "public"
    return (access, f"response type {item.response_type}")


def _field_changes(old: Any, new: Any, names: Mapping[str, str]) -> tuple[str, ...]:
    lines = []
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if field.name == "token":
            lines.append(_token_change(before, after))
        elif field.name == "revocations":
            lines.extend(_revocations(before or {}, after or {}, names))
        elif isinstance(after, Mapping):
            lines.extend(_mapping_changes(field.name, before or {}, after))
        else:
            lines.append(f"{field.name}: {before!r} -> {after!r}")
    return tuple(lines)


def _token_change(before: str, after: str) -> str:
    """What a person should know of two tokens, which are themselves not for showing."""
    if not before:
        return f"activation token added{_end(after)}"
    if not after:
        return "activation token removed"
    was = _end(before)
    return f"activation token renewed{_end(after)}{f'; the one before{was}' if was else ''}"


def _end(token: str) -> str:
    try:
        expires = jwt.decode(token, Activation).claims.exp
    except TokenError:
        return ""
    return f" until {show_time(expires)}" if expires else " without an end"


def _revocations(
    before: Mapping[str, int], after: Mapping[str, int], names: Mapping[str, str]
) -> list[str]:
    who = {key: "everyone" if key == EVERYONE else names.get(key, key) for key in (*before, *after)}
    lines = [
        f"revoked for {who[key]}: what was issued up to {show_time(at)}"
        for key, at in after.items()
        if before.get(key) != at
    ]
    return lines + [f"not revoked for {who[key]} any more" for key in before if key not in after]


def _mapping_changes(
    name: str, before: Mapping[str, object], after: Mapping[str, object]
) -> list[str]:
    lines = [f"{name}: {key} = {value}" for key, value in after.items() if before.get(key) != value]
    return lines + [f"{name}: {key} removed" for key in before if key not in after]


def _others(before: Claims[Account], after: Claims[Account]) -> list[Change]:
    listed = {"imports", "exports"}
    return [
        Change(sign="~", what=f"account {field.name}")
        for field in fields(Account)
        if field.name not in listed
        and getattr(before.nats, field.name) != getattr(after.nats, field.name)
    ]
