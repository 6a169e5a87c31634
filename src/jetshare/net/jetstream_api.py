"""Requests of the JetStream API, as raw subjects and raw JSON.

Nothing is given a shape here: what a newer server adds to an answer, or takes in a
configuration, passes through untouched. Source: nats-server ``jetstream_api.go`` for
subjects and bodies, ADR-42 for pausing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetshare.errors import ApiRefused, InputError, NetworkError, NoResponders
from jetshare.net.connect import request
from jetshare.sharing.kinds import API_PREFIX, check_name

if TYPE_CHECKING:
    from nats.aio.client import Client

Json = dict[str, Any]
Trace = Callable[[str], None]

# nats-server: what a request on something that is not there is answered with.
STREAM_NOT_FOUND, CONSUMER_NOT_FOUND, MESSAGE_NOT_FOUND = 10059, 10014, 10037

# Fields of an answer that say nothing of the stream or consumer that it shows.
_OF_THE_ANSWER = ("type", "did_create")


def api_prefix(prefix: str = "", domain: str = "") -> str:
    """Where the API answers: ``$JS.API``, a prefix of the importer's, or ``$JS.<domain>.API``."""
    if domain:
        return f"$JS.{domain}.API"
    return prefix.removesuffix(".") or API_PREFIX


@dataclass(frozen=True, slots=True)
class JetStreamApi:
    """The API of one account, under ``prefix``, over one connection. Waits are in seconds.

    Every method raises ApiRefused where the server answers with an error, NoResponders
    where nothing answers under this prefix, AccessRefused and RequestTimeout as
    ``connect.request`` does.
    """

    client: Client
    prefix: str = API_PREFIX
    timeout_s: float = 5.0
    trace: Trace | None = None

    async def account_info(self) -> Json:
        return await self.ask("INFO")

    # Streams.

    async def create_stream(self, config: Mapping[str, object]) -> Json:
        return await self.ask(f"STREAM.CREATE.{_stream(str(config.get('name', '')))}", config)

    async def update_stream(self, config: Mapping[str, object]) -> Json:
        return await self.ask(f"STREAM.UPDATE.{_stream(str(config.get('name', '')))}", config)

    async def stream_info(self, stream: str) -> Json:
        answer = await self.ask(f"STREAM.INFO.{_stream(stream)}")
        for name in ("total", "offset", "limit"):  # of the subjects, which are not asked for
            answer.pop(name, None)
        return answer

    async def delete_stream(self, stream: str) -> Json:
        return await self.ask(f"STREAM.DELETE.{_stream(stream)}")

    async def purge_stream(self, stream: str, what: Mapping[str, object]) -> Json:
        """``what`` may hold ``filter``, ``seq`` and ``keep``; empty, it is everything."""
        return await self.ask(f"STREAM.PURGE.{_stream(stream)}", what)

    async def stream_names(self, subject: str = "") -> list[str]:
        body = {"subject": subject} if subject else {}
        pages = self._pages("STREAM.NAMES", body, "streams")
        return sorted([name async for page in pages for name in page["streams"] or ()])

    async def streams(self, subject: str = "") -> Listing:
        body = {"subject": subject} if subject else {}
        return await self._listing("STREAM.LIST", body, "streams")

    async def message(self, stream: str, which: Mapping[str, object]) -> Json:
        """A stored message: by ``seq``, by ``last_by_subj``, or ``next_by_subj`` from ``seq``."""
        answer = await self.ask(f"STREAM.MSG.GET.{_stream(stream)}", which)
        found: Json = answer["message"]
        return found

    async def delete_message(self, stream: str, seq: int) -> Json:
        """Overwrite a stored message with random bytes, and remove it."""
        return await self.ask(f"STREAM.MSG.DELETE.{_stream(stream)}", {"seq": seq})

    async def stream_subjects(self, stream: str, pattern: str = ">") -> dict[str, int]:
        """How many messages a stream holds on each subject that ``pattern`` matches."""
        operation, found = f"STREAM.INFO.{_stream(stream)}", dict[str, int]()
        while True:
            body = {"subjects_filter": pattern, "offset": len(found)}
            page = await self.ask(operation, body)
            subjects = page["state"].get("subjects") or {}
            found |= subjects
            if not subjects or len(found) >= int(page.get("total", 0)):
                return found

    # Consumers.

    async def create_consumer(
        self, stream: str, config: Mapping[str, object], *, action: str = "create"
    ) -> Json:
        """Make a consumer, or with ``action`` ``update`` change one. It must have a name.

        With ``create`` one of that name and another configuration is an error (10148),
        not overwritten.
        """
        name = str(config.get("name") or config.get("durable_name") or "")
        subject = f"CONSUMER.CREATE.{_stream(stream)}.{_consumer(name)}"
        if filtered := config.get("filter_subject"):
            subject += f".{filtered}"
        body = {"stream_name": stream, "config": {**config, "name": name}, "action": action}
        return await self.ask(subject, body)

    async def consumer_info(self, stream: str, consumer: str) -> Json:
        return await self.ask(f"CONSUMER.INFO.{_stream(stream)}.{_consumer(consumer)}")

    async def delete_consumer(self, stream: str, consumer: str) -> Json:
        return await self.ask(f"CONSUMER.DELETE.{_stream(stream)}.{_consumer(consumer)}")

    async def pause_consumer(self, stream: str, consumer: str, until: str = "") -> Json:
        """Pause until an RFC 3339 time; without one, resume."""
        body = {"pause_until": until} if until else {}
        return await self.ask(f"CONSUMER.PAUSE.{_stream(stream)}.{_consumer(consumer)}", body)

    async def consumer_names(self, stream: str) -> list[str]:
        pages = self._pages(f"CONSUMER.NAMES.{_stream(stream)}", {}, "consumers")
        return sorted([name async for page in pages for name in page["consumers"] or ()])

    async def consumers(self, stream: str) -> Listing:
        return await self._listing(f"CONSUMER.LIST.{_stream(stream)}", {}, "consumers")

    # The request itself.

    async def ask(self, operation: str, body: Mapping[str, object] | None = None) -> Json:
        """One request: ``operation`` is the subject after the prefix."""
        subject = f"{self.prefix}.{operation}"
        payload = json.dumps(body, ensure_ascii=False).encode() if body else b""
        if self.trace:
            self.trace(f">>> {subject}\n{payload.decode()}\n")
        try:
            reply = await request(self.client, subject, payload, timeout_s=self.timeout_s)
        except NoResponders:
            raise NoResponders(
                f"nothing answers on {subject}", hint=_why_nobody(self.prefix)
            ) from None
        if self.trace:
            self.trace(f"<<< {subject}\n{reply.data.decode('utf-8', 'replace')}\n")
        return _read(subject, reply.data)

    async def _listing(self, operation: str, body: Json, key: str) -> Listing:
        found: list[Json] = []
        missing: list[str] = []
        offline: dict[str, str] = {}
        async for page in self._pages(operation, body, key):
            found += page[key] or []
            missing += page.get("missing") or []
            offline |= page.get("offline") or {}
        return Listing(found=found, missing=sorted(missing), offline=offline)

    async def _pages(self, operation: str, body: Json, key: str) -> AsyncIterator[Json]:
        offset = 0
        while True:
            page = await self.ask(operation, {**body, "offset": offset})
            page.setdefault(key, [])
            yield page
            offset += len(page[key] or ()) + len(page.get("missing") or ())
            if not page[key] or offset >= int(page.get("total", 0)):
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``missing`` did not answer in time, ``offline`` are names and why."""

    found: list[Json]
    missing: list[str]
    offline: dict[str, str]


def _read(subject: str, data: bytes) -> Json:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NetworkError(
            f"what answers on {subject} is not the JetStream API", hint="check the API prefix"
        )
    error = answer.get("error")
    if isinstance(error, Mapping):
        raise api_error(error)
    for name in _OF_THE_ANSWER:
        answer.pop(name, None)
    return answer


def api_error(error: Mapping[str, object]) -> ApiRefused:
    """The error part of an answer, in the words of the server."""
    err_code, code = error.get("err_code"), error.get("code")
    number = err_code if isinstance(err_code, int) else 0
    text = str(error.get("description") or f"error {code}")
    return ApiRefused(f"{text} ({number})" if number else text, err_code=number)


def _why_nobody(prefix: str) -> str:
    if prefix == API_PREFIX:
        return (
            "JetStream is not enabled in this account, its document is not on the server,"
            " or the request is not shared under this name (see --js-api-prefix)"
        )
    if prefix.startswith("$JS."):
        return "no server of this JetStream domain can be reached"
    return f"the account imports no such service under {prefix}, or the share was revoked"


def _stream(name: str) -> str:
    return _checked("stream", name)


def _consumer(name: str) -> str:
    return _checked("consumer", name)


def _checked(what: str, name: str) -> str:
    if not name:
        raise InputError(f"no {what} is named", hint=f"name the {what}")
    return check_name(what, name)
