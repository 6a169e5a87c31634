"""A connection as contexts, flags and environment describe it, with its JetStream API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jetshare.errors import InputError, NetworkError

if TYPE_CHECKING:
    import ssl

    from nats.aio.client import Client

    from jetshare.net.connect import Login
    from jetshare.net.jetstream_api import JetStreamApi
    from jetshare.store.access import Access

DEFAULT_URL = "nats://127.0.0.1:4222"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """``api`` answers under the prefix or domain that was asked for."""

    client: Client
    api: JetStreamApi

    async def takes_no_acks(self, stream: str, consumer: str) -> bool:
        """Whether INFO says that a consumer wants no acknowledgements; False without INFO."""
        try:
            info = await self.api.consumer_info(stream, consumer)
        except (NetworkError, InputError):
            return False
        return bool(info["config"].get("ack_policy") == "none")


@asynccontextmanager
async def session(
    access: Access,
    *,
    timeout_s: float = 5.0,
    name: str = "",
    reconnect: bool = False,
    trace: Callable[[str], None] | None = None,
) -> AsyncIterator[Session]:
    """A session from here to the end of the block; raises what ``connect`` raises."""
    from jetshare.net.connect import connect
    from jetshare.net.jetstream_api import JetStreamApi, api_prefix

    login = as_login(access, timeout_s=timeout_s, name=name, reconnect=reconnect)
    prefix = api_prefix(access.api_prefix, access.domain)
    async with connect(login) as client:
        yield Session(client=client, api=JetStreamApi(client, prefix, timeout_s, trace))


def as_login(access: Access, *, timeout_s: float, name: str = "", reconnect: bool = False) -> Login:
    """Raises InputError for what a connection of ours cannot do."""
    from jetshare.net.connect import Login

    if access.socks_proxy:
        raise InputError(
            "jetshare does not connect through a SOCKS proxy",
            hint="leave it out, or run under a wrapper such as proxychains",
        )
    if access.jwt:
        raise InputError("a user JWT needs its seed", hint="name it with --seed, or use --creds")
    return Login(
        servers=access.servers or (DEFAULT_URL,),
        creds=access.creds,
        nkey=access.nkey,
        user=access.user,
        password=access.password,
        token=access.token,
        tls=_encryption(access),
        tls_first=access.tls_first,
        inbox_prefix=access.inbox_prefix,
        name=name or "jetshare nats",
        timeout_s=timeout_s,
        reconnect=reconnect,
    )


def _encryption(access: Access) -> ssl.SSLContext | None:
    """None leaves it to the server and the scheme of the URL."""
    if access.key is not None and access.cert is None:
        raise InputError(f"the key {access.key} is of no use alone", hint="add --tlscert")
    if access.cert is None and access.ca is None and not access.tls_first:
        return None
    import ssl

    try:
        context = ssl.create_default_context(cafile=access.ca)
        if access.cert is not None:
            context.load_cert_chain(access.cert, access.key)
    except OSError as error:  # an SSLError is one; its strerror names a line of Python's own
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        files = " and ".join(str(path) for path in (access.cert, access.key, access.ca) if path)
        raise InputError(
            f"the TLS files {files} cannot be used: "
            + (reason or "not valid PEM").lower().replace("_", " "),
            hint="--tlscert and --tlskey belong together; --tlsca is a chain of certificates",
        ) from None
    return context
