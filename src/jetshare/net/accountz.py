"""The accounts of one server, by its monitoring over HTTP.

Source: nats-server ``monitor.go`` (HandleAccountz).
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from jetshare.errors import Unreachable
from jetshare.net.monitoring import AccountState, read_account


async def accounts_of(monitor_url: str, *, timeout_s: float = 5.0) -> tuple[AccountState, ...]:
    """Every account but the system account, and what it imports of others than that one.

    Raises Unreachable.
    """
    return await asyncio.to_thread(_accounts, f"{monitor_url}/accountz", timeout_s)


def _accounts(url: str, timeout_s: float) -> tuple[AccountState, ...]:
    listed = _get(url, timeout_s)
    system = listed.get("system_account", "")
    names = sorted(name for name in listed.get("accounts") or () if name != system)
    details = [_get(f"{url}?acc={quote(name)}", timeout_s)["account_detail"] for name in names]
    return tuple(read_account({"id": listed["server_id"]}, _own(each, system)) for each in details)


def _own(detail: Mapping[str, Any], system: str) -> Mapping[str, Any]:
    """Without the imports that every account has from the system account."""
    imports = [item for item in detail.get("imports") or () if item.get("account") != system]
    return {**detail, "imports": imports}


def _get(url: str, timeout_s: float) -> Mapping[str, Any]:
    # The server is on this machine; the proxy of the environment is for others.
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(url, timeout=timeout_s) as answer:
            found: Mapping[str, Any] = json.load(answer)
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{url} does not say what accounts there are: {error}") from None
    return found
