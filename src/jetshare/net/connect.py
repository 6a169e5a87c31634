"""Connect to a server as somebody, or say in one line why that is not possible."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from jetshare.errors import (
    AccessRefused,
    InputError,
    NetworkError,
    NoResponders,
    RequestTimeout,
    TokenError,
    Unreachable,
)
from jetshare.identity import jwt
from jetshare.identity.claims import User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair

_log = logging.getLogger("jetshare")

_REFUSALS = ("authorization", "authentication", "maximum", "permissions")
_RECONNECT_WAIT_S = 0.5
_PATIENCE_S = 2.5  # a server that does not know an account asks others for 1.9 s
_CLOSE_S = 2.0
_GIVE_UP_S = 0.1
_CANCEL_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where to connect, and as whom. The repr shows no secret.

    ``servers`` are URLs, of which one is enough; they are tried in turn, once, and
    ``timeout_s`` seconds are for all of them together. With ``reconnect`` a connection
    that is lost later is made again, for as long as it takes. ``creds`` go before
    ``nkey``, and that before ``user`` and ``token``.
    """

    servers: tuple[str, ...] = field(repr=False)
    creds: Creds | None = None
    nkey: KeyPair | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None
    tls_hostname: str = ""
    tls_first: bool = False
    inbox_prefix: str = ""
    name: str = "jetshare"
    timeout_s: float = 5.0
    reconnect: bool = False


@asynccontextmanager
async def connect(login: Login) -> AsyncIterator[Client]:
    """A connection, from here to the end of the block.

    Raises Unreachable where no server listens, AccessRefused where one does not let
    this user in, RequestTimeout where one takes the connection and says nothing.
    """
    client = await _first_that_answers(login)
    try:
        yield client
    finally:
        await _close(client, _CLOSE_S)


async def request(
    client: Client, subject: str, payload: bytes = b"", *, timeout_s: float = 5.0
) -> Msg:
    """One request, one reply.

    Raises NoResponders where nothing listens on ``subject``, AccessRefused where this
    user may not publish there, RequestTimeout where nothing came back, Unreachable
    where the connection is lost.
    """
    try:
        return await client.request(subject, payload, timeout=timeout_s)
    except nats.errors.NoRespondersError:
        raise NoResponders(f"nothing answers on {subject}") from None
    except TimeoutError:
        raise no_answer(client, subject, timeout_s) from None
    except (OSError, nats.errors.Error) as error:
        raise Unreachable(f"the connection is lost: {_words(error)}") from None


def no_answer(client: Client, subject: str, timeout_s: float) -> NetworkError:
    """Why nothing came back on a request, as far as it can be seen from here."""
    if denied := forbidden(client, subject):
        return AccessRefused(f"this user may not {denied}", hint="ask for the permission")
    if not client.is_connected:
        return Unreachable(f"the connection was lost before the answer on {subject}")
    return RequestTimeout(f"no answer on {subject} within {timeout_s:g} s")


def forbidden(client: Client, subject: str) -> str:
    """What a server last said that this user may not do, where it is that why a request on
    ``subject`` had no answer: to publish there, or to hear on its inbox. Empty elsewhere."""
    said = str(client.last_error or "").lower()
    if "permissions violation" not in said:
        return ""
    if f'"{subject.lower()}"' in said:
        return f"publish on {subject}"
    inbox = client._inbox_prefix.decode()
    if f'subscription to "{inbox.lower()}.' in said:
        return f"subscribe to {inbox}.>"
    return ""


def server_name(client: Client) -> str:
    """The name of the server that ``client`` is connected to."""
    # nats-py keeps what the server said of itself, and shows the version alone.
    return str(client._server_info.get("server_name", ""))


def connected_to(client: Client) -> str:
    """Name and URL of the server that ``client`` is connected to, for people."""
    url = client.connected_url
    where = _shown(url.geturl()) if url is not None else "an unknown address"
    return f"server {server_name(client)} at {where}"


def server_domain(client: Client) -> str:
    """The JetStream domain of the server that ``client`` is connected to, or empty."""
    return str(client._server_info.get("domain", ""))


async def _first_that_answers(login: Login) -> Client:
    if not login.servers:
        raise InputError("no server is named", hint="name one with --server nats://HOST:PORT")
    for url in login.servers:
        _check_url(url)
    end = time.monotonic() + login.timeout_s
    failures: list[NetworkError] = []
    for tried, url in enumerate(login.servers):
        left_s = end - time.monotonic()
        if left_s <= 0:
            break
        # One that is silent does not take the time of the others; most that are down refuse
        # at once and take none.
        share_s = max(left_s / (len(login.servers) - tried), min(left_s, _PATIENCE_S))
        client = Client()
        try:
            await _open(client, url, login, share_s)
        except BaseException as error:
            await _close(client, _GIVE_UP_S)
            if not isinstance(error, NetworkError):
                raise
            failures.append(error)
        else:
            _stay_connected(client, login)
            _end_quietly(client)
            return client
    raise _worst(failures)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        known = parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known:
        raise InputError(
            f"{_shown(url)!r} is not the address of a server", hint="write nats://HOST:PORT"
        )


async def _open(client: Client, url: str, login: Login, timeout_s: float) -> None:
    """One attempt on one server."""
    last: list[Exception] = []

    async def hear(error: Exception) -> None:
        last[:] = [error]
        _log.debug("connection to %s: %s", _shown(url), error)

    try:
        async with asyncio.timeout(timeout_s):
            await client.connect(
                servers=[url],
                error_cb=hear,
                name=login.name,
                allow_reconnect=False,
                # nats-py tries once more than it is told, and 0 stands for no end.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=ceil(timeout_s),
                inbox_prefix=login.inbox_prefix or "_INBOX",
                **_identity(client, login),
                **_encryption(login),
            )
        if not client.is_connected:
            raise nats.errors.UnexpectedEOF
    except nats.errors.NoServersError:
        raise _failure(client, url, login, last[-1] if last else OSError(), timeout_s) from None
    except (OSError, ValueError, nats.errors.Error) as error:  # TimeoutError is an OSError
        raise _failure(client, url, login, error, timeout_s) from None


def _identity(client: Client, login: Login) -> dict[str, Any]:
    if login.creds is not None:
        return {
            "user_jwt_cb": login.creds.jwt.encode,
            "signature_cb": _signer(login.creds.key),
        }
    if login.nkey is not None:
        # nats-py has no other way to a key without its seed in a file or in a str.
        client._public_nkey = login.nkey.public
        return {"signature_cb": _signer(login.nkey)}
    if login.user:
        return {"user": login.user, "password": login.password}
    return {"token": login.token} if login.token else {}


def _signer(key: KeyPair) -> Callable[[str], bytes]:
    return lambda nonce: base64.b64encode(key.sign(nonce.encode()))


def _encryption(login: Login) -> dict[str, Any]:
    options: dict[str, Any] = {"tls_handshake_first": login.tls_first}
    if login.tls is not None:
        options["tls"] = login.tls
    if login.tls_hostname:
        options["tls_hostname"] = login.tls_hostname
    return options


def _stay_connected(client: Client, login: Login) -> None:
    if not login.reconnect:
        return
    if len(login.servers) > 1:
        client.set_server_pool(list(login.servers))
    client.options.update(
        allow_reconnect=True, max_reconnect_attempts=-1, reconnect_time_wait=_RECONNECT_WAIT_S
    )


def _end_quietly(client: Client) -> None:
    """Tell asyncio that the reader of a TLS connection knows that it is one.

    nats-py makes the reader before TLS begins, and asyncio would warn of it on stderr at
    the end of every connection. ``asyncio.StreamWriter.start_tls`` does the same.
    """
    transport = client._transport
    if isinstance(transport, TcpTransport) and transport._io_writer is not None:
        protocol = transport._io_writer.transport.get_protocol()
        if transport._io_writer.get_extra_info("sslcontext"):
            vars(protocol)["_over_ssl"] = True


async def _close(client: Client, timeout_s: float) -> None:
    with suppress(OSError, nats.errors.Error):  # TimeoutError, too: the connection is dropped
        async with asyncio.timeout(timeout_s):
            await _stop_reconnecting(client)
            try:
                await client.close()
            except asyncio.CancelledError:
                # The end of the transport is a future that the reconnecting task may have
                # waited for, too, and that was cancelled with it; nobody has cancelled us.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise


async def _stop_reconnecting(client: Client) -> None:
    """End the task that makes a lost connection again, and see it ended.

    A cancellation can get lost in ``asyncio.wait_for`` (before Python 3.12), and ``close``
    cancels once: the task would go on for ever, and hold up the end of the event loop.
    """
    client.options["allow_reconnect"] = False
    task = client._reconnection_task
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCEL_AGAIN_S)


def _failure(
    client: Client, url: str, login: Login, error: Exception, timeout_s: float
) -> NetworkError:
    where, words = _shown(url), _words(error)
    if isinstance(error, TimeoutError):
        return RequestTimeout(
            f"{where} did not answer within {round(timeout_s, 1):g} s",
            hint="is it a NATS server, and is the address right?",
        )
    if _asks_for_a_certificate(client, error):
        return AccessRefused(
            f"{where} takes clients with a certificate that it trusts, and ended this connection",
            hint="give the client's certificate and its key (nats: --tlscert and --tlskey;"
            " nsc: --client-cert and --client-key)",
        )
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"no encrypted connection to {where}: {words}",
            hint="name the authority that signed the server's certificate (nats: --tlsca;"
            " nsc: --ca-cert; or SSL_CERT_FILE in the environment)",
        )
    if any(word in words.lower() for word in _REFUSALS):
        return _refusal(where, login, words)
    return Unreachable(
        f"{where} cannot be reached: {words}", hint="is the server up, and is the address right?"
    )


def _asks_for_a_certificate(client: Client, error: Exception) -> bool:
    """Whether a server turned a client away for the certificate that it has, or has not.

    With TLS 1.3 a server looks at it when the client's handshake is over, so its alert may
    come as one, or be lost with the connection (RFC 8446, section 4.4.2.4).
    """
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        return "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)
    lost = isinstance(error, ConnectionError | nats.errors.UnexpectedEOF)
    return lost and bool(client._server_info.get("tls_verify"))


def _refusal(where: str, login: Login, words: str) -> AccessRefused:
    """Why a server did not let a user in, as far as it can be seen from here.

    Servers tell nobody more than "Authorization Violation".
    """
    if login.creds is None:
        return AccessRefused(
            f"{where} refuses this connection: {words}", hint="give the creds of a user"
        )
    try:
        user = jwt.decode(login.creds.jwt, User).claims
        who = f"user {user.name or user.sub} of account {user.nats.issuer_account or user.iss}"
        jwt.check_time(user, int(time.time()))
    except TokenError as error:
        return AccessRefused(f"{where} refuses the creds: {error}", hint=error.hint)
    return AccessRefused(
        f"{where} refuses {who}: {words}",
        hint="the server may not have the account yet (push it), it may be another operator's,"
        " the user may be revoked, or the server's clock may be wrong",
    )


def _worst(failures: Sequence[NetworkError]) -> NetworkError:
    """The failure that says most: a server that refuses was at least there."""
    for kind in (AccessRefused, RequestTimeout):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    if len(failures) == 1:
        return failures[0]
    return Unreachable("; ".join(map(str, failures)), hint=failures[0].hint)


def _words(error: Exception) -> str:
    """What went wrong in a few words, without the library's name in front."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "nobody listens there"
    if isinstance(error, socket.gaierror):
        return "no machine has that name"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).removeprefix("nats: ").strip("' ") or type(error).__name__


def _shown(url: str) -> str:
    """``url`` without the user and the password that may stand in it."""
    before, sign, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//{after}" if sign and "//" in before else after
