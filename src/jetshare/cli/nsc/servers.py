"""The flags that say how to reach servers, and as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, NotFound
from jetshare.identity.creds import Creds
from jetshare.workflows.reach import Reach

if TYPE_CHECKING:
    import ssl

SERVER_FLAGS = (
    text("system-account", "", "The system account. [the operator's]", "ACCOUNT"),
    text("system-user", "", "A user of it. [the first, or one made for now]", "NAME"),
    switch("tls-first", "", "Begin with TLS, before the server says anything."),
    text("ca-cert", "", "Certificates to trust. [NATS_CA]", "FILE"),
    text("client-cert", "", "A certificate of one's own. [NATS_CERT]", "FILE"),
    text("client-key", "", "The key of that certificate. [NATS_KEY]", "FILE"),
)
_DEFAULT_TIMEOUT_S = 5


def read_reach(world: World, words: Words, url: str) -> Reach:
    """``url`` may be several, with commas between them."""
    servers = tuple(part.strip() for part in url.split(",") if part.strip())
    for server in servers:
        if not server.lower().startswith(("nats://", "tls://", "ws://", "wss://")):
            raise InputError(
                f'"{server}" is no URL of a server or an account server',
                hint="it begins with nats://, tls://, ws://, wss://, http:// or https://",
            )
    timeout = words.number("timeout")
    return Reach(
        servers=servers,
        system_creds=_system_creds(world, words),
        timeout_s=min(max(timeout or _DEFAULT_TIMEOUT_S, 1), 60),
        tls=_tls(world, words),
        tls_first=words.on("tls-first"),
    )


def _system_creds(world: World, words: Words) -> Creds | None:
    if not words.has("system-account", "system-user"):
        return None
    store = world.store()
    account = words.text("system-account") or store.operator().claims.nats.system_account
    claims = store.account(account).claims
    user = words.text("system-user") or next(iter(store.users(claims.name)), "")
    found = store.creds(claims.name, user) if user else None
    if found is None:
        raise NotFound(
            f"user {user or 'of'} {claims.name} has no creds file",
            hint=f"make one: nsc add user --account {claims.name} NAME",
        )
    return found


def _tls(world: World, words: Words) -> ssl.SSLContext | None:
    ca = words.text("ca-cert") or world.environment.get("NATS_CA", "").strip()
    cert = words.text("client-cert") or world.environment.get("NATS_CERT", "")
    key = words.text("client-key") or world.environment.get("NATS_KEY", "")
    if not ca and not cert:
        return None
    import ssl

    try:
        made = ssl.create_default_context(cafile=str(world.path(ca)) if ca else None)
        if cert:
            made.load_cert_chain(world.path(cert), world.path(key) if key else None)
    except OSError as error:  # ssl.SSLError is one
        raise InputError(f"the certificates cannot be used: {error.strerror or error}") from None
    return made
