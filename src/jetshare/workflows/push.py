"""Carry changed account documents to the servers, and say what each answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jetshare.errors import JetshareError
from jetshare.identity.claims import Account
from jetshare.identity.jwt import Document
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, system_creds

if TYPE_CHECKING:
    from jetshare.net.resolver import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What became of a push. ``problem`` says why nothing was carried at all.

    ``skew_s`` is how many seconds the servers' clocks are ahead of this one, the
    furthest one's; tokens that begin or end in that span are judged differently there.
    """

    answers: tuple[Answer, ...] = ()
    problem: str = ""
    hint: str = ""
    skew_s: float = 0.0

    @property
    def complete(self) -> bool:
        """Every server took every document."""
        return not self.problem and bool(self.answers) and all(a.ok for a in self.answers)

    def to_json(self) -> dict[str, object]:
        return {
            "complete": self.complete,
            "problem": self.problem,
            "skew_s": round(self.skew_s, 1),
            "answers": [
                {
                    "server": answer.server,
                    "account": answer.account,
                    "ok": answer.ok,
                    "code": answer.code,
                    "message": answer.message,
                }
                for answer in self.answers
            ],
        }


async def push(
    store: Store,
    accounts: Sequence[Document[Account]],
    reach: Reach,
    now: int,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Push:
    """Push documents that are stored already; a failure is told, not raised.

    What is stored stays stored: the caller says 'stored, but not pushed'.
    """
    from jetshare.net.connect import connect
    from jetshare.net.resolver import Resolver

    try:
        login = reach.login(store, system_creds(store, reach, now))
        async with connect(login) as client:
            resolver = Resolver(client, timeout_s=reach.timeout_s)
            answers = await resolver.push_many([a.token for a in accounts], progress=progress)
            skews = [server.time - time.time() for server in await resolver.servers()]
    except JetshareError as error:
        return Push(problem=str(error), hint=error.hint)
    return Push(answers=tuple(answers), skew_s=max(skews, key=abs, default=0.0))
