"""One request for messages through a share, by hand, so that each thing it hears is seen.

A message comes to the inbox under the subject that it was published to; clients that look
for the inbox in the subject, as nats-py's ``request`` does, miss it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from jetshare.sharing.kinds import PullConsumer
from support.ward import PREFIX

SECOND = 1_000_000_000  # in the unit of a pull's times
NO_RESPONDERS = "503"


@dataclass(frozen=True)
class Pull:
    inbox: Subscription

    async def message(self, within_s: float = 2.0) -> Msg:
        """The next thing that comes, a message or a status. Raises TimeoutError."""
        return await self.inbox.next_msg(timeout=within_s)

    async def heard(self, within_s: float = 2.0) -> str:
        """The same in a word: a body, a status, or nothing."""
        try:
            message = await self.message(within_s)
        except TimeoutError:
            return ""
        headers = message.headers or {}
        if headers.get("Status") == NO_RESPONDERS:
            return NO_RESPONDERS
        return headers.get("Description", "") or message.data.decode()


async def pull(
    client: Client, share: PullConsumer, *, prefix: str = PREFIX, **words: object
) -> Pull:
    """Ask once, and listen; ``words`` are those of the request, as in ``batch=3``."""
    inbox = client.new_inbox()
    listening = Pull(await client.subscribe(inbox))
    await ask(client, share, inbox, prefix=prefix, **words)
    return listening


async def ask(
    client: Client, share: PullConsumer, inbox: str, *, prefix: str = PREFIX, **words: object
) -> None:
    """Ask for messages to an inbox, whoever listens there."""
    subject = f"{prefix}{share.next_subject()[7:]}"
    await client.publish(subject, json.dumps(words).encode(), reply=inbox)
    await client.flush()
