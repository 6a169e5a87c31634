"""The HTTP account server of an operator that others manage.

    GET  <url>/operator              the operator's document
    POST <url>/accounts/<key>        an account's document, signed by itself
    GET  <url>/accounts/<key>        the same, signed by the operator
    POST <url>/activations           an activation token

A POST is answered with 200 where the document counts at once, and with 201 or 202 where
the operator has yet to agree. Source: nsc, ``store.PushAccount`` and ``PullAccount``.
"""

from __future__ import annotations

import asyncio
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeVar

from jetshare.errors import AccessRefused, InputError, NotFound, RequestTimeout, Unreachable
from jetshare.identity import jwt

T = TypeVar("T")

_AT_ONCE = 16
_LIMIT = jwt.SIZE_LIMIT + 4096  # a token, and the frame around it
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered to a POST; ``said`` is its text, one line."""

    code: int
    said: str = ""

    @property
    def accepted(self) -> bool:
        return self.code == 200

    @property
    def pending(self) -> bool:
        """Taken, but not agreed to yet."""
        return 200 < self.code < 300


class AccountServer:
    """Speaks with one account server. ``timeout_s`` is for each request.

    Raises Unreachable, RequestTimeout, AccessRefused where the server says no, and
    NotFound where it does not have what was asked for.
    """

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        check_url(url)
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def push_account(self, public: str, token: str) -> Reply:
        return await self._post(f"accounts/{public}", token)

    async def push_activation(self, token: str) -> Reply:
        return await self._post("activations", token)

    async def account(self, public: str) -> str:
        """The account's document as the server has it: the text of a token."""
        return await self._get(f"accounts/{public}")

    async def operator(self) -> str:
        return await self._get("operator")

    async def _post(self, path: str, token: str) -> Reply:
        url = f"{self._url}/{path}"

        def work() -> Reply:
            headers = {"Content-Type": "application/jwt"}
            request = urllib.request.Request(url, token.encode(), headers)  # noqa: S310 - checked
            return _post(request, self._timeout_s)

        async with self._free:
            return await _asked(url, work, self._timeout_s)

    async def _get(self, path: str) -> str:
        async with self._free:
            return await fetch(f"{self._url}/{path}", timeout_s=self._timeout_s)


async def fetch(url: str, *, timeout_s: float = 5.0) -> str:
    """The text behind a URL, no longer than a token may be. Raises as AccountServer does."""
    check_url(url)

    def work() -> str:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 - checked
            return _read(answer.read(_LIMIT + 1), url)

    return await _asked(url, work, timeout_s)


def check_url(url: str) -> None:
    try:
        known = urllib.parse.urlsplit(url).hostname and url.lower().startswith(
            ("http://", "https://")
        )
    except ValueError:  # such as half of an IPv6 address
        known = False
    if not known:
        raise InputError(f'"{url}" is no URL of an account server', hint="it begins with http")


def _post(request: urllib.request.Request, timeout_s: float) -> Reply:
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - checked
            return Reply(code=answer.status, said=_line(answer.read(_LIMIT)))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(code=error.code, said=_line(error.read(_LIMIT)) or str(error.reason))


async def _asked(url: str, work: Callable[[], T], timeout_s: float) -> T:
    """Do blocking work in a thread, and say in our words what went wrong."""
    try:
        return await asyncio.to_thread(work)
    except urllib.error.HTTPError as error:
        with error:
            said = _line(error.read(_LIMIT)) or error.reason
        if error.code == 404:
            raise NotFound(f"{url} is not there", hint="push the account first") from None
        raise AccessRefused(
            f"{url} answers {error.code}: {said}", hint="ask the operator of the account server"
        ) from None
    except TimeoutError:
        raise RequestTimeout(f"{url} did not answer within {timeout_s:g} s") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise RequestTimeout(f"{url} did not answer within {timeout_s:g} s") from None
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise Unreachable(
                f"{url} cannot be reached: its certificate is not trusted"
                f" ({reason.verify_message})",
                hint="name the authority's certificate in SSL_CERT_FILE",
            ) from None
        raise Unreachable(
            f"{url} cannot be reached: {reason}", hint="check the URL, and that the server runs"
        ) from None


def _read(data: bytes, url: str) -> str:
    if len(data) > _LIMIT:
        raise AccessRefused(f"{url} holds more than a token can be")
    return data.decode("utf-8", "replace")


def _line(data: bytes) -> str:
    """What a server says, as one line that can be shown."""
    text = " ".join(data.decode("utf-8", "replace").split())
    shown = "".join(char for char in text if char.isprintable())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
