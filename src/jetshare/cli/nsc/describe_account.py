"""An account as tables: its limits, exports, imports, mappings and roles."""

from __future__ import annotations

from collections.abc import Callable

from jetshare.cli.nsc import times, values
from jetshare.cli.nsc.table import Table
from jetshare.editing import limits
from jetshare.errors import TokenError
from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    Export,
    Import,
    JetStreamLimits,
    Permissions,
    User,
    UserPermissionLimits,
    UserScope,
)

Name = Callable[[str], str]


def account_tables(table: Table, account: Account, name: Name) -> str:
    """``table`` begins with what every document says; ``name`` shows a public key."""
    _account_rows(table, account)
    parts = [table.render()]
    if account.exports:
        parts += _export_tables(account.exports)
    if account.imports:
        parts.append(_import_table(account.imports, name))
    if account.mappings:
        parts.append(_mapping_table(account))
    parts += [scope_table(key) for key in account.signing_keys if isinstance(key, UserScope)]
    return "\n".join(parts)


def _account_rows(table: Table, account: Account) -> None:
    table.line()
    if account.description:
        table.row("Description", account.description.replace("\n", " "))
    if account.info_url:
        table.row("Info Url", account.info_url)
    table.line()
    table.list(
        "Signing Keys", [key if isinstance(key, str) else key.key for key in account.signing_keys]
    )
    table.line()
    callout = account.authorization
    if callout.auth_users:
        table.list("Auth Callout Users", callout.auth_users)
        table.list("Allowed Accounts", callout.allowed_accounts)
        if callout.xkey:
            table.row("Encrypt For", callout.xkey)
        table.line()
    _limit_rows(table, account)
    permission_rows(table, account.default_permissions)
    table.line()
    _jetstream_rows(table, account)
    table.line()
    if not account.imports:
        table.row("Imports", "None")
    if not account.exports:
        table.row("Exports", "None")
    table.line()
    if account.revocations:
        table.row("Revocations", len(account.revocations))
        table.line()
    if account.trace is None:
        table.row("Tracing Context", "Disabled")
    else:
        table.row("Tracing Context", "Enabled")
        table.row("Subject", account.trace.dest)
        table.row("Sampling", f"{account.trace.sampling or 100}%")


def _limit_rows(table: Table, account: Account) -> None:
    held = account.limits
    table.row("Max Connections", _limit(held.conn))
    table.row("Max Leaf Node Connections", _limit(held.leaf) if held.leaf else "Not Allowed")
    table.row("Max Data", _bytes(held.data))
    table.row("Max Exports", _limit(held.exports))
    table.row("Max Imports", _limit(held.imports))
    table.row("Max Msg Payload", _bytes(held.payload))
    table.row("Max Subscriptions", _limit(held.subs))
    table.row("Exports Allows Wildcards", held.wildcards)
    table.row("Disallow Bearer Token", held.disallow_bearer)


def _jetstream_rows(table: Table, account: Account) -> None:
    held = account.limits
    if not limits.has_jetstream(held):
        table.row("Jetstream", "Disabled")
    elif not held.tiered_limits:
        table.row("Jetstream", "Enabled")
        _storage_rows(table, limits.jetstream(held))
    else:
        for tier, each in sorted(held.tiered_limits.items()):
            table.line()
            table.row("Jetstream Tier", tier)
            _storage_rows(table, each)


def _storage_rows(table: Table, held: JetStreamLimits) -> None:
    table.row("Max Disk Storage", _storage(held.disk_storage))
    table.row("Max Mem Storage", _storage(held.mem_storage))
    table.row("Max Streams", _limit(held.streams or -1))
    table.row("Max Consumers", _limit(held.consumer or -1))
    pending = held.max_ack_pending
    table.row("Max Ack Pending", pending if pending > 0 else "Consumer Setting")
    required = "required" if held.max_bytes_required else "optional"
    table.row("Max Bytes", f"{required} (Stream setting)")
    table.row("Max Memory Stream", _bytes(held.mem_max_stream_bytes or -1))
    table.row("Max Disk Stream", _bytes(held.disk_max_stream_bytes or -1))


def _export_tables(exports: tuple[Export, ...]) -> list[str]:
    table = Table(
        "Exports",
        (
            "Name",
            "Type",
            "Subject",
            "Account Token Position",
            "Public",
            "Revocations",
            "Tracking",
            "Allow Trace",
        ),
    )
    described = Table("Exports - Descriptions", ("Name", "Description", "Info Url"))
    for export in exports:
        service = export.type == "service"
        table.row(
            export.name,
            _kind(export),
            export.subject,
            export.account_token_position or "-",
            yes(not export.token_req),
            len(export.revocations),
            _tracking(export),
            yes(export.allow_trace) if service else "N/A",
        )
        if export.description or export.info_url:
            described.row(export.name, export.description.replace("\n", " "), export.info_url)
    return [table.render(), described.render()] if described.rows else [table.render()]


def _kind(export: Export) -> str:
    kind = export.type.title()
    return f"{kind} [{export.response_type}]" if export.response_type in _ODD else kind


_ODD = ("Stream", "Chunked")  # the response types that are worth showing


def _tracking(export: Export) -> str:
    if export.type != "service":
        return "N/A"
    if export.service_latency is None:
        return "-"
    rate = export.service_latency.sampling
    shown = "header" if rate == "headers" else f"{rate}%"
    return f"{export.service_latency.results} ({shown})"


def _import_table(imports: tuple[Import, ...], name: Name) -> str:
    table = Table(
        "Imports",
        ("Name", "Type", "Remote", "Local", "Expires", "From Account", "Public", "Allow Trace"),
    )
    for item in imports:
        service = item.type == "service"
        table.row(
            item.name,
            item.type.title(),
            *_ends(item),
            _expiry(item),
            name(item.account),
            yes(not item.token),
            "N/A" if service else yes(item.allow_trace),
        )
    return table.render()


def _ends(item: Import) -> tuple[str, str]:
    """The remote and the local subject. ``to`` is the old way, and for services reversed."""
    if not item.to:
        return item.subject, item.local_subject
    return (item.to, item.subject) if item.type == "service" else (item.subject, item.to)


def _expiry(item: Import) -> str:
    if not item.token or item.token.startswith(("http://", "https://")):
        return ""
    try:
        return times.show(jwt.decode(item.token, Activation).claims.exp)
    except TokenError as error:
        return f"error decoding: {error}"


def _mapping_table(account: Account) -> str:
    table = Table("Mappings", ("From", "To", "Weight (%)", "Cluster"))
    for source, entries in sorted(account.mappings.items()):
        for index, entry in enumerate(entries):
            table.row("" if index else source, entry.subject, entry.weight or 100, entry.cluster)
    return table.render()


def scope_table(scope: UserScope) -> str:
    table = Table("Scoped Signing Key - Details")
    table.row("Key", scope.key)
    table.row("Role", scope.role)
    table.row("Description", scope.description)
    permission_rows(table, scope.template)
    limit_rows(table, scope.template)
    table.row("Bearer Token", yes(scope.template.bearer_token))
    if scope.template.allowed_connection_types:
        table.line()
        table.list("Allowed Connection Types", scope.template.allowed_connection_types)
    return table.render()


def permission_rows(table: Table, held: Permissions | User | UserPermissionLimits) -> None:
    lists = (
        ("Pub Allow", held.pub.allow),
        ("Pub Deny", held.pub.deny),
        ("Sub Allow", held.sub.allow),
        ("Sub Deny", held.sub.deny),
    )
    if any(items for _, items in lists):
        table.line()
    for label, items in lists:
        table.list(label, items)
    if held.resp is None:
        table.row("Response Permissions", "Not Set")
    else:
        table.row("Max Responses", held.resp.max)
        table.row("Response Permission TTL", values.show_duration(held.resp.ttl))


def limit_rows(table: Table, held: User | UserPermissionLimits) -> None:
    table.row("Max Msg Payload", _about(held.payload))
    table.row("Max Data", _about(held.data))
    table.row("Max Subs", held.subs if held.subs > 0 else "Unlimited")
    table.row("Network Src", ",".join(held.src) or "Any")
    table.list("Time", [f"{each.start}-{each.end}" for each in held.times] or ["Any"])
    if held.times_location:
        table.row("Time Zone", held.times_location)


def yes(value: bool) -> str:
    return "Yes" if value else "No"


def _limit(value: int) -> str:
    return str(value) if value > -1 else "Unlimited"


def _bytes(value: int) -> str:
    return f"{values.show_size(value)} ({value} bytes)" if value > -1 else "Unlimited"


def _about(value: int) -> str:
    return f"{value} bytes (≈{values.show_size(value)})" if value > 0 else "Unlimited"


def _storage(value: int) -> str:
    if value == 0:
        return "Disabled"
    return values.show_size(value) if value > 0 else "Unlimited"
