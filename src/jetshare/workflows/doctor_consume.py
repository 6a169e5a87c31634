"""What is seen of a share only by having a message delivered, which is given back.

A pull of nothing shows that pulls arrive. That the reply subject of a real message leads
back shows only where one is delivered; and that more than one reply gets through, while
messages wait, where a pull of two is answered. So one message is taken and refused
(``-NAK``), and then a pull of two is limited to the size of that one: it brings the
message once more, and after it, in place of a second, the status that it would not fit.
Thus nothing is lost on the way where only one reply gets through.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jetshare.net import probe
from jetshare.net.message import Metadata
from jetshare.net.probe import Delivery, Pulled
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.servers import Heard, Seen
from jetshare.sharing.rules.shares import Taken

if TYPE_CHECKING:
    from nats.aio.client import Client

_FEWEST_DELIVERIES = 5  # of which two are ours, and may leave the application no fewer than three
_SLACK = 16  # bytes: counts in the reply subject have grown, and no message is so small
_NANO = 1_000_000_000


async def deliver_one(client: Client, share: Taken, seen: Seen) -> Seen:
    """Take the message that waits first, twice, and give it back each time."""
    if why := _dangerous(seen):
        return seen.not_proving(f"what only a delivery shows: {why}, so nothing was taken")
    local = share.all(Part.NEXT)[0].local
    first = await probe.pull(client, local, 1)
    if not first.deliveries:
        return seen.not_proving(f"what only a delivery shows: a pull brought {_said(first)}")
    delivery = first.deliveries[0]
    heard = await _given_back(client, delivery)
    seen = replace(seen, ack=heard, second_form=bool(_place(delivery).account_hash))
    if not heard.answered:
        return _left_behind(seen, (delivery,), given_back=False)
    second = await probe.pull(client, local, 2, max_bytes=delivery.size + _SLACK)
    for again in second.deliveries:
        heard = await _given_back(client, again)
    seen = _left_behind(seen, (delivery, *second.deliveries), given_back=heard.answered)
    if second.replies == 1 and _places(second.deliveries) - _places((delivery,)):
        seen = seen.leaving("perhaps another message, leased and lost on the way")
    if delivery.empty or not second.deliveries:
        why = "the first that waits is empty" if delivery.empty else "others came to the front"
        return seen.not_proving(f"that one pull brings several: {why}")
    return replace(seen, streamed=Heard(code=second.code, replies=second.replies))


def _dangerous(seen: Seen) -> str:
    """Why a message that is taken could be gone; empty where it cannot."""
    if not seen.config:
        return "nothing here tells how often a message may be delivered"
    if seen.config.get("ack_policy") != "explicit":
        return f"its acknowledgement policy is {seen.config.get('ack_policy')}"
    most = seen.config.get("max_deliver")
    if (
        isinstance(most, int)
        and most > 0
        and (most < _FEWEST_DELIVERIES or seen.count("num_ack_pending"))
    ):
        return f"messages are delivered at most {most} times, and this could be the last"
    return ""


async def _given_back(client: Client, delivery: Delivery) -> Heard:
    answer = await probe.give_back(client, delivery)
    return Heard(code=answer.code, replies=answer.replies)


def _left_behind(seen: Seen, deliveries: tuple[Delivery, ...], *, given_back: bool) -> Seen:
    """What looking has changed, in words."""
    numbers = sorted(_places(deliveries))
    named = ", ".join(map(str, numbers))
    what = f"message{'s' if len(numbers) > 1 else ''} {named} of the stream"
    if given_back:
        text = (
            f"{what}, delivered {len(deliveries)} times and given back: waiting again, and"
            f" the next delivery is told as a redelivery{_left(seen, deliveries)}"
        )
    else:
        wait = seen.config.get("ack_wait")
        lease = f" of {wait / _NANO:g} s" if isinstance(wait, int) else ""
        text = f"{what}, delivered and not to be given back: leased until its time{lease} is over"
    return seen.leaving(text)


def _left(seen: Seen, deliveries: tuple[Delivery, ...]) -> str:
    """How often what was taken may be delivered yet, where there is a limit."""
    most = seen.config.get("max_deliver")
    if not isinstance(most, int) or most <= 0:
        return ""
    had = max(_place(delivery).num_delivered for delivery in deliveries)
    return f"; {most - had} of its {most} deliveries are left"


def _said(pulled: Pulled) -> str:
    return f"{pulled.code} {pulled.text}".strip() if pulled.code else "no answer"


def _places(deliveries: tuple[Delivery, ...]) -> set[int]:
    """Their sequences in the stream."""
    return {_place(delivery).stream_sequence for delivery in deliveries}


def _place(delivery: Delivery) -> Metadata:
    return Metadata.parse(delivery.reply)
