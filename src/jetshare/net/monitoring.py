"""What servers say of themselves and of an account, as typed values.

Source: nats-server ``events.go`` (ServerInfo) and ``monitor.go`` (AccountInfo).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """One server. ``time`` is its clock in Unix seconds when it answered.

    ``active_servers`` is how many servers it knows of, itself included. One that died
    without saying so is counted for some minutes more.
    """

    id: str
    name: str
    version: str
    cluster: str
    domain: str
    time: float
    active_servers: int
    js_ack_fc_v2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportState:
    """An import as a server has it in force; ``invalid`` where its export is not, or no more."""

    subject: str
    account: str
    local_subject: str
    type: str
    share: bool
    invalid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportState:
    """``response_type`` is in the server's words: Singleton, Streamed, Chunked. ``approved``
    are the accounts that a configuration file lets import it; none where it lets all. ``latency``
    is the subject on which latencies are told, empty where they are not measured."""

    subject: str
    type: str
    token_req: bool
    response_type: str
    approved: tuple[str, ...] = ()
    latency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account as one server has it in memory.

    ``token`` is the document that is in force there. ``imports`` also has those that the
    server adds by itself, which come from the system account; an import that was refused
    when the document was taken is not in it, and then ``complete`` is false.
    """

    server: str
    server_id: str
    account: str
    name: str
    token: str
    complete: bool
    expired: bool
    jetstream: bool
    connections: int
    imports: tuple[ImportState, ...]
    exports: tuple[ExportState, ...]


def read_server(found: Mapping[str, Any], active_servers: int = 0) -> ServerInfo:
    return ServerInfo(
        id=found.get("id", ""),
        name=found.get("name", ""),
        version=found.get("ver", ""),
        cluster=found.get("cluster", ""),
        domain=found.get("domain", ""),
        time=_seconds(found.get("time", "")),
        active_servers=active_servers,
        js_ack_fc_v2=bool((found.get("feature_flags") or {}).get("js_ack_fc_v2")),
    )


def read_account(server: Mapping[str, Any], found: Mapping[str, Any]) -> AccountState:
    return AccountState(
        server=server.get("name", ""),
        server_id=server.get("id", ""),
        account=found.get("account_name", ""),
        name=found.get("name_tag", ""),
        token=found.get("jwt", ""),
        complete=bool(found.get("complete")),
        expired=bool(found.get("expired")),
        jetstream=bool(found.get("jetstream_enabled")),
        connections=found.get("client_connections", 0),
        imports=tuple(map(_import, found.get("imports") or ())),
        exports=tuple(map(_export, found.get("exports") or ())),
    )


def _import(found: Mapping[str, Any]) -> ImportState:
    return ImportState(
        subject=found.get("subject", ""),
        account=found.get("account", ""),
        local_subject=found.get("local_subject") or found.get("to") or found.get("subject", ""),
        type=found.get("type", ""),
        share=bool(found.get("share")),
        invalid=bool(found.get("invalid")),
    )


def _export(found: Mapping[str, Any]) -> ExportState:
    return ExportState(
        subject=found.get("subject", ""),
        type=found.get("type", ""),
        token_req=bool(found.get("token_req")),
        response_type=found.get("response_type", ""),
        approved=tuple(sorted(found.get("approved_accounts") or ())),
        latency=(found.get("service_latency") or {}).get("results", ""),
    )


def _seconds(text: str) -> float:
    """Unix seconds of a time as Go writes it, in nanoseconds; 0 where it is none."""
    head, _, tail = text.partition(".")
    fraction = "".join(char for char in tail if char.isdigit())
    try:
        whole = datetime.fromisoformat(head.removesuffix("Z") + "+00:00").timestamp()
        return whole + float(f"0.{fraction or 0}")
    except ValueError:
        return 0.0
