"""An account server that answers as none should, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jetshare.errors import (
    AccessRefused,
    InputError,
    JetshareError,
    NotFound,
    RequestTimeout,
    Unreachable,
)
from jetshare.identity import jwt
from jetshare.net.account_server import AccountServer, Reply, fetch


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[str]:
    """A server that sends ``answer`` to whatever is asked; None keeps everyone waiting."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()  # until the client goes
        else:
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwt/v1/"


def http(code: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.0 %d Reason\r\nContent-Length: %d\r\n\r\n%s" % (code, len(body), body)


@pytest.mark.parametrize(
    ("answer", "reply", "accepted", "pending"),
    [
        (http(200, b"stored"), Reply(code=200, said="stored"), True, False),
        (http(200), Reply(code=200), True, False),
        (http(201, b" wait\r\n\tfor it "), Reply(code=201, said="wait for it"), False, True),
        (http(402, b"not\x1b[31m paid"), Reply(code=402, said="not[31m paid"), False, False),
        (http(500), Reply(code=500, said="Reason"), False, False),
    ],
)
async def test_what_it_says_to_a_document(
    answer: bytes, reply: Reply, accepted: bool, pending: bool
) -> None:
    async with answering(answer) as url:
        got = await AccountServer(url).push_account("A1", "token")
    assert got == reply
    assert (got.accepted, got.pending) == (accepted, pending)


async def test_a_long_answer_is_cut() -> None:
    async with answering(http(403, b"x" * 9000)) as url:
        said = (await AccountServer(url).push_activation("token")).said
    assert said == "x" * 200 + "…"


async def test_a_document_is_text() -> None:
    async with answering(http(200, b"token\n")) as url:
        assert await AccountServer(url).account("A1") == "token\n"
        assert await AccountServer(url).operator() == "token\n"
        assert await fetch(url) == "token\n"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (http(404, b"no"), NotFound, "accounts/A1 is not there"),
        (http(403, b"not\nyours"), AccessRefused, "answers 403: not yours"),
        (http(500), AccessRefused, "answers 500: Reason"),
        (http(200, b"x" * (jwt.SIZE_LIMIT + 5000)), AccessRefused, "more than a token can be"),
        (b"INFO {}\r\n", Unreachable, "cannot be reached"),
        (b"", Unreachable, "cannot be reached"),
        (None, RequestTimeout, "did not answer within 0.2 s"),
    ],
)
async def test_what_is_no_document(
    answer: bytes | None, error: type[JetshareError], says: str
) -> None:
    async with answering(answer) as url:
        with pytest.raises(error, match=says):
            await AccountServer(url, timeout_s=0.2).account("A1")


async def test_a_post_that_is_never_answered() -> None:
    async with answering(None) as url:
        with pytest.raises(RequestTimeout, match="did not answer within"):
            await AccountServer(url, timeout_s=0.2).push_account("A1", "token")


async def test_a_port_that_is_closed() -> None:
    async with answering(b"") as url:
        pass
    with pytest.raises(Unreachable, match=r"cannot be reached: .*refused"):
        await AccountServer(url).push_account("A1", "token")


@pytest.mark.parametrize("url", ["", "nats://h:4222", "file:///etc/passwd", "ftp://h/x"])
async def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(InputError, match="is no URL of an account server"):
        AccountServer(url)
    with pytest.raises(InputError, match="is no URL of an account server"):
        await fetch(url)


async def test_many_at_once_are_all_answered() -> None:
    async with answering(http(200, b"yes")) as url:
        server = AccountServer(url)
        asked: list[Coroutine[Any, Any, Reply]] = [
            server.push_account(f"A{number}", "token") for number in range(100)
        ]
        assert await asyncio.gather(*asked) == [Reply(code=200, said="yes")] * 100
