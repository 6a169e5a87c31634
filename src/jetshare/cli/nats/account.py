"""``nats account``"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.connecting import connected
from jetshare.cli.nats.durations import SECOND, show_duration
from jetshare.cli.nats.figures import show_bytes, show_number
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import say, show_json
from jetshare.cli.nats.words import Words
from jetshare.errors import ApiRefused, NoResponders, RequestTimeout

if TYPE_CHECKING:
    from jetshare.net.connection import Connection
    from jetshare.workflows.nats_session import Session

Info = Mapping[str, Any]

_NOT_ENABLED = (10039, 10076)  # nats-server: for this account, on this server

command = Group(
    "account",
    aliases=("a",),
    help="Account information.",
    elsewhere=("report", "rep", "tls", "backup", "snapshot", "restore"),
)


@command.add("info", "nfo")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
async def info(words: Words, as_json: bool) -> None:
    """Show who this user is, and what its account may and does use."""
    from jetshare.net.connection import connection, user_info

    async with connected(words) as session:
        here = await connection(session.client, words.timeout_s)
        user = await user_info(session.client, words.timeout_s)
        usage, why = await _usage(session)
    if as_json:
        show_json({"connection": here.to_json(), "user": user, "jetstream": usage or None})
        return
    report = Columns("Account Information")
    _add_user(report, user, here)
    _add_connection(report, here)
    _add_permissions(report, user.get("permissions") or {})
    if usage:
        _add_usage(report, usage, here)
    else:
        report.line()
        report.line(f"   {why}")
    say(report.text())


async def _usage(session: Session) -> tuple[Info, str]:
    """What the account uses of JetStream, or nothing and why."""
    try:
        return await session.api.account_info(), ""
    except RequestTimeout:
        return {}, "No response from JetStream server"
    except NoResponders:
        return {}, "JetStream is not supported in this account"
    except ApiRefused as error:
        if error.err_code in _NOT_ENABLED:
            return {}, "JetStream is not supported in this account"
        return {}, f"Could not obtain account information: {error}"


def _add_user(report: Columns, user: Info, here: Connection) -> None:
    if not user:
        return
    name, key = user.get("user_name"), user.get("user", "")
    report.row("User", f"{name} ({key})" if name else key)
    account_name, account = user.get("account_name"), user.get("account", "")
    report.row("Account", f"{account_name} ({account})" if account_name else account)
    report.row("System Account", here.system_account)
    expires = user.get("expires", 0)
    report.row("Expires", show_duration(expires) if expires else "never")


def _add_connection(report: Columns, here: Connection) -> None:
    report.row("Client ID", str(here.client_id))
    report.row("Client IP", here.client_ip)
    report.row("RTT", show_duration(round(here.rtt_s * SECOND)))
    report.row("Headers Supported", here.headers)
    report.row("Maximum Payload", show_bytes(here.max_payload))
    report.row_if("Connected Cluster", here.cluster)
    report.row("Connected URL", here.url)
    report.row("Connected Address", here.address)
    report.row("Connected Server ID", here.server_id)
    report.row("Connected Server Version", here.version)
    report.row_if("Connected Server Name", here.server_name, here.server_name != here.server_id)
    if here.tls_version:
        report.row("TLS Version", f"{here.tls_version} using {here.tls_cipher}")
    else:
        report.row("TLS Connection", "no")


def _add_permissions(report: Columns, permissions: Info) -> None:
    found = {
        title: {rule: sorted(each.get(rule) or ()) for rule in ("allow", "deny")}
        for title, each in (
            ("Publish", permissions.get("publish") or {}),
            ("Subscribe", permissions.get("subscribe") or {}),
        )
    }
    if not any(any(rules.values()) for rules in found.values()):
        return
    report.title("Connection Permissions")
    for title, rules in found.items():
        if any(rules.values()):
            report.line(f"  {title}:")
            report.indent(2)
            for rule, subjects in rules.items():
                report.rows(rule.capitalize(), subjects)
            report.indent(0)
            report.line()


def _add_usage(report: Columns, usage: Info, here: Connection) -> None:
    domain = usage.get("domain")
    of_domain = f" for domain {domain}" if domain else ""
    report.title(f"JetStream Account Information{of_domain}")
    report.title("Account Usage")
    report.row_if("Domain", domain)
    report.row("Storage", show_bytes(usage.get("storage", 0)))
    report.row("Memory", show_bytes(usage.get("memory", 0)))
    report.row("Streams", usage.get("streams", 0))
    report.row("Consumers", usage.get("consumers", 0))
    report.title("Account Limits")
    report.row("Max Message Payload", show_bytes(here.max_payload))
    tiers = usage.get("tiers") or {"Default": usage}
    for name, tier in sorted(tiers.items()):
        _add_tier(report, name, tier)


def _add_tier(report: Columns, name: str, tier: Info) -> None:
    limits = tier.get("limits") or {}
    report.indent(2)
    report.title(f"Tier: {name}")
    report.indent(6)
    report.title("Configuration Requirements")
    report.row("Stream Requires Max Bytes Set", bool(limits.get("max_bytes_required")))
    pending = limits.get("max_ack_pending", -1)
    report.row("Consumer Maximum Ack Pending", pending if pending > 0 else "Unlimited")
    report.title("Stream Resource Usage Limits")
    for label, used, reserved, most, largest in (
        ("Memory", "memory", "reserved_memory", "max_memory", "memory_max_stream_bytes"),
        ("Storage", "storage", "reserved_storage", "max_storage", "storage_max_stream_bytes"),
    ):
        limit = limits.get(most, -1)
        text = f"{show_bytes(tier.get(used, 0))} of {_limit(limit, show_bytes)}"
        if tier.get(reserved):
            text += f" ({show_bytes(tier[reserved])} reserved)"
        report.row(label, text)
        size = limits.get(largest, -1)
        report.row(f"{label} Per Stream", show_bytes(size) if size > 0 else "Unlimited")
    streams, consumers = limits.get("max_streams", -1), limits.get("max_consumers", -1)
    report.row(
        "Streams", f"{show_number(tier.get('streams', 0))} of {_limit(streams, show_number)}"
    )
    per_stream = f"Maximum {show_number(consumers)} per stream"
    report.row("Consumers", "Unlimited" if consumers == -1 else per_stream)
    report.indent(0)


def _limit(most: int, shown: Any) -> str:
    return "Unlimited" if most == -1 else str(shown(most))
