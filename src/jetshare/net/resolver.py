"""Account documents to and from the servers that keep them themselves (``nats://``).

Everything goes through a connection of the system account. Several servers hear each
request and each answers for itself, so a request has to know from how many it wants to
hear: servers are counted first, and one that stays silent is reported as such. Nothing
waits longer than it takes the last of them to answer.

Source: nats-server ``server/accounts.go``, DirAccResolver and CacheDirAccResolver.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nats.errors

from jetshare.errors import AccessRefused, NoResponders, RequestTimeout, TokenError, Unreachable
from jetshare.identity import jwt
from jetshare.net.connect import no_answer
from jetshare.net.monitoring import AccountState, ServerInfo, read_account, read_server

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

Progress = Callable[[int, int], None]  # documents done, and of how many

SILENT = 0
"""The code of an answer that did not come."""

IN_FLIGHT = 64
_ROLL_CALL_S = 2.0
_PENDING_BYTES = 1 << 30  # a pack is as large as all documents together


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one server made of one document: code 200, 500, or SILENT.

    ``server`` is its name, and empty for one that is known only by being missed.
    ``account`` is the public key, empty where the server could not make it out.
    """

    server: str
    account: str
    ok: bool
    code: int
    message: str


@dataclass(slots=True)
class _Audience:
    """The servers that a document is for, by id; ``missing`` did not answer the roll call."""

    names: Mapping[str, str]
    awaited: set[str]
    missing: int


@dataclass(slots=True, eq=False)
class _Question:
    """A request that is out, and what has come back. Each reply renews the deadline."""

    enough: Callable[[Sequence[Msg]], bool]
    done: asyncio.Future[None]
    limit: asyncio.Timeout
    timeout_s: float
    replies: list[Msg] = field(default_factory=list)

    def take(self, reply: Msg) -> None:
        if self.done.done():
            return
        self.replies.append(reply)
        self.limit.reschedule(asyncio.get_running_loop().time() + self.timeout_s)
        if _is_no_responders(reply) or self.enough(self.replies):
            self.done.set_result(None)


class Resolver:
    """The documents on all servers that a connection of the system account can reach.

    ``timeout_s`` is how long a server may be silent. Every method raises AccessRefused
    where the connection is of another account, and Unreachable where it is lost.
    """

    def __init__(self, client: Client, *, timeout_s: float = 5.0) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._inbox = ""
        self._questions: dict[str, _Question] = {}
        self._asked = 0
        self._roll: tuple[ServerInfo, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether the connection is gone for good."""
        return self._client.is_closed

    async def servers(self) -> tuple[ServerInfo, ...]:
        """The servers that answer now, by name."""
        replies = await self._ask(
            "$SYS.REQ.SERVER.PING",
            enough=lambda replies: len(replies) >= _known_of(replies),
            timeout_s=min(self._timeout_s, _ROLL_CALL_S),
        )
        found = [(reply["server"], reply["statsz"]) for reply in map(_body, replies)]
        self._roll = tuple(
            sorted(
                (read_server(server, stats.get("active_servers", 1)) for server, stats in found),
                key=lambda server: (server.name, server.id),
            )
        )
        return self._roll

    async def push(self, token: str) -> tuple[Answer, ...]:
        """Give one document to every server."""
        return await self.push_many([token])

    async def push_many(
        self,
        tokens: Sequence[str],
        *,
        in_flight: int = IN_FLIGHT,
        progress: Progress | None = None,
    ) -> tuple[Answer, ...]:
        """Give documents to every server, and say what each server made of each.

        The answers come in the order of ``tokens``, and of each by server: one from every
        server. A server that was silent once is not waited for again.

        A server does not look whether the operator has signed a document (2.10 to 2.15):
        it takes one of another operator for good, and then refuses the account. That is
        for the caller to look at first.
        """
        audience = _audience(await self.servers())
        answers: list[Sequence[Answer]] = [()] * len(tokens)
        waiting = iter(enumerate(tokens))
        done = 0

        async def work() -> None:
            nonlocal done
            for position, token in waiting:
                answers[position] = await self._tell("$SYS.REQ.CLAIMS.UPDATE", token, audience)
                done += 1
                if progress:
                    progress(done, len(tokens))

        await _together(work() for _ in range(min(in_flight, len(tokens))))
        return tuple(answer for each in answers for answer in each)

    async def delete(self, token: str) -> tuple[Answer, ...]:
        """Have every server delete the accounts that ``token`` lists.

        A generic token whose data hold ``accounts``, signed by a key of the operator
        about itself (``sub`` is ``iss``).
        """
        audience = _audience(await self.servers())
        return tuple(await self._tell("$SYS.REQ.CLAIMS.DELETE", token, audience))

    async def lookup(self, public: str) -> str | None:
        """The document of an account; None where no server has it.

        Where servers have different ones, the oldest: no server has an older one.
        """
        replies = await self._ask(
            f"$SYS.REQ.ACCOUNT.{public}.CLAIMS.LOOKUP", enough=await self._count()
        )
        copies = {reply.data.decode("ascii", "replace") for reply in replies} - {""}
        return min(copies, key=_issued_at) if copies else None

    async def list_accounts(self) -> Mapping[str, frozenset[str]]:
        """The public keys of the accounts that each server has, by the server's name."""
        replies = await self._ask("$SYS.REQ.CLAIMS.LIST", enough=await self._count())
        lists = map(_body, replies)
        return {reply["server"]["name"]: frozenset(reply["data"]) for reply in lists}

    async def pack(self) -> Mapping[str, str]:
        """All documents of one server, by public key. Raises RequestTimeout for half of them."""
        subject = "$SYS.REQ.CLAIMS.PACK"
        replies = await self._ask(subject, enough=lambda replies: not replies[-1].data)
        if replies[-1].data:
            raise RequestTimeout(f"the answer on {subject} breaks off in the middle")
        lines = (
            line.partition("|")
            for reply in replies
            for line in reply.data.decode("ascii", "replace").splitlines()
        )
        return {public: token for public, _, token in lines}

    async def account_info(self, public: str) -> AccountState | None:
        """The account as some server has it in memory; None where that one does not use it."""
        subject = f"$SYS.REQ.ACCOUNT.{public}.INFO"
        return _account(_body((await self._ask(subject, enough=bool))[0]))

    async def accountz(self, public: str) -> tuple[AccountState, ...]:
        """The account as each server has it in memory, by server's name.

        A server that nobody has needed the account on is not among them.
        """
        replies = await self._ask(
            "$SYS.REQ.SERVER.PING.ACCOUNTZ",
            json.dumps({"account": public}).encode(),
            enough=await self._count(),
        )
        states = (_account(_body(reply)) for reply in replies)
        return tuple(sorted(filter(None, states), key=lambda state: state.server))

    async def _count(self) -> Callable[[Sequence[Msg]], bool]:
        """Whether as many have replied as there are servers."""
        count = len(self._roll or await self.servers())
        return lambda replies: len(replies) >= count

    async def _tell(self, subject: str, token: str, audience: _Audience) -> list[Answer]:
        """What each server says to a document; one that says nothing is awaited no longer."""

        def enough(replies: Sequence[Msg]) -> bool:
            return audience.awaited <= {_body(reply)["server"]["id"] for reply in replies}

        try:
            replies = [_body(r) for r in await self._ask(subject, token.encode(), enough=enough)]
        except RequestTimeout:
            replies = []
        answers = [_answer(reply) for reply in replies]
        silent = audience.names.keys() - {reply["server"]["id"] for reply in replies}
        audience.awaited -= silent
        answers += [_silence(audience.names[server], token) for server in silent]
        missing = [_silence("", token) for _ in range(audience.missing)]
        return [*sorted(answers, key=lambda answer: answer.server), *missing]

    async def _ask(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        enough: Callable[[Sequence[Msg]], bool],
        timeout_s: float = 0.0,
    ) -> Sequence[Msg]:
        """The replies, once there are enough or no more come; never none."""
        timeout_s = timeout_s or self._timeout_s
        self._asked += 1
        number = str(self._asked)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        question = None
        try:
            async with asyncio.timeout(timeout_s) as limit:
                question = _Question(enough, done, limit, timeout_s)
                self._questions[number] = question
                inbox = await self._listen()
                await self._client.publish(subject, payload, reply=f"{inbox}.{number}")
                await done
        except TimeoutError:
            if question is None or not question.replies:
                raise no_answer(self._client, subject, timeout_s) from None
        except (OSError, nats.errors.Error) as error:
            raise Unreachable(f"the connection to the servers is lost: {error}") from None
        finally:
            self._questions.pop(number, None)
        if _is_no_responders(question.replies[-1]):
            raise _nobody(subject)
        return question.replies

    async def _listen(self) -> str:
        """The inbox on which all replies come."""
        if not self._inbox:
            self._inbox = self._client.new_inbox()
            await self._client.subscribe(
                f"{self._inbox}.*", cb=self._hear, pending_bytes_limit=_PENDING_BYTES
            )
        return self._inbox

    async def _hear(self, reply: Msg) -> None:
        question = self._questions.get(reply.subject.rpartition(".")[2])
        if question is not None:
            question.take(reply)


async def _together(jobs: Iterator[Coroutine[None, None, None]]) -> None:
    """Run them at once; the first error ends the others."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _known_of(replies: Sequence[Msg]) -> int:
    """How many servers there are, by the word of those that have answered."""
    return max(int(_body(reply)["statsz"].get("active_servers", 1)) for reply in replies)


def _answer(reply: Mapping[str, Any]) -> Answer:
    error = reply.get("error")
    said = error or reply.get("data") or {}
    account = said.get("account", "")
    return Answer(
        server=reply["server"].get("name", ""),
        account="" if account == "n/a" else account,
        ok=not error and said.get("code") == 200,
        code=said.get("code", 0),
        message=said.get("description") or said.get("message", ""),
    )


def _audience(servers: Sequence[ServerInfo]) -> _Audience:
    names = {server.id: server.name for server in servers}
    known = max((server.active_servers for server in servers), default=0)
    return _Audience(names=names, awaited=set(names), missing=max(0, known - len(names)))


def _silence(server: str, token: str) -> Answer:
    message = "it did not answer" if server else "a server of the cluster did not answer"
    return Answer(server=server, account=_account_of(token), ok=False, code=SILENT, message=message)


def _account(reply: Mapping[str, Any]) -> AccountState | None:
    """The account in a reply; None in one that says that there is none."""
    found = reply.get("data") or {}
    found = found.get("account_detail", found)
    return read_account(reply["server"], found) if found else None


def _account_of(token: str) -> str:
    try:
        return jwt.decode(token).claims.sub
    except TokenError:
        return ""


def _issued_at(token: str) -> int:
    try:
        return jwt.decode(token).claims.iat
    except TokenError:
        return 0


def _body(reply: Msg) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(reply.data)
    return body


def _is_no_responders(reply: Msg) -> bool:
    return not reply.data and (reply.headers or {}).get("Status") == "503"


def _nobody(subject: str) -> AccessRefused | NoResponders:
    if subject.startswith("$SYS.REQ.SERVER."):
        return AccessRefused(
            "this user is not of the system account, which alone may speak with the servers",
            hint="give the creds of a user of the operator's system account",
        )
    return NoResponders(
        f"no server answers on {subject}: none keeps account documents itself",
        hint="configure the servers with a resolver of type full",
    )
