"""What nats shows of a context. Secrets are masked, what only refers to one is shown.

A seed is hidden wherever it stands: somebody may have given one where a file is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from jetshare.cli.hiding import hide_seeds
from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.context_fields import REFERENCES
from jetshare.cli.nats.urls import redacted
from jetshare.errors import InputError
from jetshare.store.contexts import Context

if TYPE_CHECKING:
    from pathlib import Path

    from jetshare.store.references import Reader

_LITERAL_SECRETS = ("password", "token", "user_jwt", "user_seed")
CONNECTED = "OK"
_EMBEDDED, _MISSING = "embedded", "ERROR"
_REFERENCE = re.compile(r"(file|env|op|nsc)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextReport:
    """``good`` where every file that the context names can be read, and it connects."""

    text: str
    good: bool


def context_report(
    name: str, context: Context, path: Path, reader: Reader, *, connection: str = ""
) -> ContextReport:
    """``connection`` is how an attempt to connect ended, empty where there was none."""
    columns = Columns(f'NATS Configuration Context "{name}"')
    columns.row_if("Description", context.description)
    columns.row_if("Server URLs", redacted(context.url))
    columns.row_if("SOCKS5 Proxy", redacted(context.socks_proxy))
    columns.row_if("Username", context.user)
    columns.row_if("Password", _masked(context.password))
    columns.row_if("Token", _masked(context.token))
    good = connection in ("", CONNECTED)
    for label, field in _FILES.items():
        value: str = getattr(context, field)
        if not value:
            continue
        state = _state(value, field, reader)
        good &= state != _MISSING
        shown = _masked(value) if field in _LITERAL_SECRETS else value
        columns.row(label, "embedded data" if state == _EMBEDDED else f"{shown} ({state})")
    columns.row_if("TLS First", context.tls_first)
    columns.row_if("JS API Prefix", context.jetstream_api_prefix)
    columns.row_if("JS Event Prefix", context.jetstream_event_prefix)
    columns.row_if("JS Domain", context.jetstream_domain)
    columns.row_if("Inbox Prefix", context.inbox_prefix)
    columns.row("Path", str(path))
    columns.row_if("Color Scheme", context.color_scheme)
    columns.row_if("Connection", connection)
    return ContextReport(text=hide_seeds(columns.text()), good=good)


_FILES = {
    "Credentials": "creds",
    "User JWT": "user_jwt",
    "User Seed": "user_seed",
    "NKey": "nkey",
    "Certificate": "cert",
    "Key": "key",
    "CA": "ca",
}


def _state(value: str, field: str, reader: Reader) -> str:
    """Whether a reference leads anywhere, as far as it can be seen without following it."""
    if value.startswith("data:"):
        return _EMBEDDED
    scheme = _REFERENCE.match(value)
    kind = scheme[1] if scheme else ""
    if kind in ("op", "nsc", "env"):
        return {"op": "1Password", "nsc": "nsc", "env": "runtime environment"}[kind]
    if field in _LITERAL_SECRETS and not kind:
        return "literal"
    try:
        with reader.path(value).open("rb"):
            return "OK"
    except (OSError, InputError):
        return _MISSING


def _masked(value: str) -> str:
    """Stars for a secret; what only refers to one is shown. The number of stars tells nothing."""
    return value if not value or _REFERENCE.match(value) else "********"


def plain(name: str, context: Context) -> dict[str, object]:
    """A context as nats prints one, with secrets masked."""
    known = {
        each.name: getattr(context, each.name) for each in fields(Context) if each.name != "unknown"
    }
    for field in (*_LITERAL_SECRETS, *REFERENCES):
        if field in _LITERAL_SECRETS or str(known[field]).startswith("data:"):
            known[field] = _masked(known[field])
    for field in ("url", "socks_proxy"):
        known[field] = redacted(str(known[field]))
    shown: dict[str, object] = {"name": name, **known, **context.unknown}
    return {
        field: hide_seeds(value) if isinstance(value, str) else value
        for field, value in shown.items()
    }
