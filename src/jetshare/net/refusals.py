"""What the server says that the user of a connection may not do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client

# A user who may not acknowledge is refused a subject for every message.
_REMEMBERED = 1_000
_VIOLATION = re.compile(r'permissions violation[^"]*"([^"]+)"', re.IGNORECASE)


class Refusals:
    """Stands before the error callback of a connection, where nats-py tells each of them;
    its ``last_error`` tells the last alone, so that one request hides what another met.

    A new connection may be another user's, or have other permissions: it begins anew.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tell = client._error_cb
        self._refused: dict[str, int] = {}  # and on which connection, the oldest first
        self._calls: dict[str, set[Callable[[], None]]] = {}
        self._note(str(client.last_error or ""))

    async def __call__(self, error: Exception) -> None:
        self._note(str(error))
        await self._tell(error)

    def __contains__(self, subject: str) -> bool:
        """Whether the user may not use ``subject``, as far as the server has said."""
        return self._refused.get(subject.lower()) == self._client.stats["reconnects"]

    def call(self, subject: str, back: Callable[[], None]) -> None:
        """``back`` is called whenever ``subject`` is refused, until ``call_no_more``."""
        self._calls.setdefault(subject.lower(), set()).add(back)

    def call_no_more(self, subject: str, back: Callable[[], None]) -> None:
        waiting = self._calls[subject.lower()]
        waiting.discard(back)
        if not waiting:
            del self._calls[subject.lower()]

    def _note(self, said: str) -> None:
        violation = _VIOLATION.search(said)
        if violation is None:
            return
        subject = violation[1].lower()  # nats-py writes all that a server says so
        self._refused.pop(subject, None)
        self._refused[subject] = self._client.stats["reconnects"]
        if len(self._refused) > _REMEMBERED:
            del self._refused[next(iter(self._refused))]
        for back in tuple(self._calls.get(subject, ())):
            back()


def refusals_of(client: Client) -> Refusals:
    """Those of a connection, however many share it."""
    if not isinstance(client._error_cb, Refusals):
        client._error_cb = Refusals(client)
    return client._error_cb
