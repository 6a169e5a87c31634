"""Next: pull messages of a share as its importer, and settle each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from jetshare.sharing.kinds import PullConsumer
from jetshare.store.contract import Store
from jetshare.workflows.importers import find_importer, prefix_of
from jetshare.workflows.reach import Reach, account_creds

if TYPE_CHECKING:
    from jetshare.net.message import Message


class Outcome(StrEnum):
    """What becomes of a message; the first three are confirmed by the server."""

    ACK = "ack"
    NAK = "nak"
    TERM = "term"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRequest:
    """``importer`` and ``provider`` are names or keys, needed where several would do."""

    share: PullConsumer
    importer: str = ""
    provider: str = ""
    prefix: str = ""
    user: str = ""
    count: int = 1
    outcome: Outcome = Outcome.ACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message, after it was settled."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    tries: int
    consumer_sequence: int
    stream_sequence: int
    pending: int
    outcome: Outcome


async def next_messages(
    store: Store,
    request: NextRequest,
    reach: Reach,
    now: int,
    show: Callable[[Received], None],
) -> int:
    """Pull up to ``count`` messages one by one; how many came.

    Each is shown once the server confirmed what became of it. Stops at the first pull
    to which nothing comes within the time-out. Raises ShareRevoked where nothing
    answers, AckNotShared where acknowledgements reach nobody.
    """
    from jetshare.net.connect import connect
    from jetshare.net.fetch import FetchPool
    from jetshare.net.pull_options import PullOptions
    from jetshare.net.wire import Wire

    importer, held = find_importer(store, request.share, request.importer, request.provider)
    prefix = prefix_of(importer, held, request.prefix)

    async def settle(message: Message) -> None:
        if request.outcome is Outcome.ACK:
            await message.ack(confirm=True, timeout=reach.timeout_s)
        elif request.outcome is Outcome.NAK:
            await message.nak(confirm=True, timeout=reach.timeout_s)
        elif request.outcome is Outcome.TERM:
            await message.term(confirm=True, timeout=reach.timeout_s)

    creds = account_creds(store, importer, reach, now, user=request.user)
    came = 0
    async with connect(reach.login(store, creds)) as client:
        wire = Wire(client)
        pool = FetchPool(wire, request.share, prefix)
        try:
            while came < request.count:
                messages = await pool.fetch(1, reach.timeout_s, PullOptions())
                if not messages:
                    break
                await settle(messages[0])
                came += 1
                show(_received(messages[0], request.outcome))
        finally:
            await pool.close()
            await wire.close()
    return came


def _received(message: Message, outcome: Outcome) -> Received:
    about = message.metadata
    return Received(
        subject=message.subject,
        data=message.data,
        headers=message.headers,
        tries=about.num_delivered,
        consumer_sequence=about.consumer_sequence,
        stream_sequence=about.stream_sequence,
        pending=about.num_pending,
        outcome=outcome,
    )
