"""What a server tells a client of their connection, and of the user it took it for."""

from __future__ import annotations

import json
import ssl
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from jetshare.errors import NetworkError
from jetshare.net.connect import request
from jetshare.net.core import round_trip

if TYPE_CHECKING:
    from nats.aio.client import Client

_USER_INFO = "$SYS.REQ.USER.INFO"  # nats-server 2.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """``url`` shows no user and no password; ``tls_version`` is empty without TLS."""

    client_id: int
    client_ip: str
    rtt_s: float
    headers: bool
    max_payload: int
    cluster: str
    url: str
    address: str
    system_account: bool
    server_id: str
    server_name: str
    version: str
    tls_version: str = ""
    tls_cipher: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def connection(client: Client, timeout_s: float) -> Connection:
    rtt_s = await round_trip(client, timeout_s)
    told = client._server_info  # what the server said of itself; nats-py shows a part of it
    url = client.connected_url
    tls = _encryption(client)
    cipher = tls.cipher() if tls is not None else None
    return Connection(
        client_id=int(told.get("client_id", 0)),
        client_ip=str(told.get("client_ip", "")),
        rtt_s=rtt_s,
        headers=bool(told.get("headers", False)),
        max_payload=client.max_payload,
        cluster=str(told.get("cluster", "")),
        url=f"{url.scheme}://{url.hostname}:{url.port}" if url else "",
        address=f"{url.hostname}:{url.port}" if url else "",
        system_account=bool(told.get("acc_is_sys", False)),
        server_id=str(told.get("server_id", "")),
        server_name=str(told.get("server_name", "")),
        version=str(told.get("version", "")),
        tls_version=(tls.version() or "").removeprefix("TLSv") if tls is not None else "",
        tls_cipher=cipher[0] if cipher else "",
    )


def _encryption(client: Client) -> ssl.SSLObject | None:
    writer = getattr(client._transport, "_io_writer", None)
    found = writer.get_extra_info("ssl_object") if writer is not None else None
    return found if isinstance(found, ssl.SSLObject) else None


async def user_info(client: Client, timeout_s: float) -> dict[str, Any]:
    """User, account and permissions as the server sees them; empty where it does not tell.

    ``expires`` is how long the user is still good, in nanoseconds.
    """
    try:
        answer = json.loads((await request(client, _USER_INFO, timeout_s=timeout_s)).data)
    except (NetworkError, ValueError):
        return {}
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, dict) else {}
