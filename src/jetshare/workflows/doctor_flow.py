"""Whether what a consumer of the importer's own delivers arrives, and goes on arriving.

Only a consumer shows it: one is made, without acknowledgements and in memory, that delivers
the stream from its beginning, until its server asks for flow control or has no more. Other
consumers and the stream stay as they are.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from jetshare.identity.subjects import ANY, REST
from jetshare.net import probe
from jetshare.sharing.rules.deliveries import at_inbox, watched_at
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.servers import Heard, Seen
from jetshare.sharing.rules.shares import Take, Taken

if TYPE_CHECKING:
    from nats.aio.client import Client

_CREATE = "CONSUMER.CREATE."
_IDLE_NS = 500_000_000
_FORGOTTEN_S = 5  # until the server removes a consumer that nobody listens to


async def push_some(client: Client, share: Taken, seen: Seen) -> Seen:
    """Make a consumer, hear what it delivers, and answer its flow control."""
    seen = not_watching(share, seen)
    name = f"jetshare-{secrets.token_hex(4)}"
    create, deliver = _create(share, name), _deliver(share, name)
    if create is None or deliver is None:
        why = "no stream that ends in > is imported" if deliver is None else "its name is given"
        return seen.not_proving(f"a consumer that delivers to the importer was not made: {why}")
    subject, filtered = create
    config: dict[str, object] = {
        "deliver_subject": deliver[0],
        "flow_control": True,
        "idle_heartbeat": _IDLE_NS,
        "ack_policy": "none",
        "deliver_policy": "all",
        "mem_storage": True,
        "inactive_threshold": _FORGOTTEN_S * 1_000_000_000,
    }
    if subject.endswith(f".{name}") or filtered:
        config["name"] = name
    if filtered:
        config["filter_subject"] = filtered
    request = {"stream_name": share.key[0], "config": config}
    flow = await probe.flow_control(client, subject, request, deliver[1])
    if flow.refused:
        return seen.not_proving(f"a consumer was not made: {flow.refused}")
    gone = await _deleted(client, share, flow.name)
    seen = replace(seen, arrived=flow.arrived)
    if not gone:
        text = (
            f"consumer {flow.name} of {share.key[0]}, in memory; its server removes it"
            f" {_FORGOTTEN_S} s after the doctor has left"
        )
        seen = seen.leaving(text)
    if flow.answer is not None:
        return replace(seen, flow=Heard(code=flow.answer.code, replies=flow.answer.replies))
    if flow.arrived:
        told = f"its {flow.size:,} bytes came without flow control, which is asked for after more"
        return seen.not_proving(f"that deliveries of {share.key[0]} go on: {told}")
    return seen


def not_watching(share: Taken, seen: Seen) -> Seen:
    """Which inboxes the importer's clients have is theirs to say."""
    prefix = watched_at(share)
    if not prefix:
        return seen
    return seen.not_proving(f"that a watch arrives: it comes {at_inbox(prefix)}")


def _create(share: Taken, name: str) -> tuple[str, str] | None:
    """Where to ask for a consumer called ``name``, and the filter that must be asked for.

    None where only a consumer of a given name may be made, which may be in use.
    """
    for take in share.all(Part.CREATE):
        head, found, tail = take.local.partition(f".{_CREATE}{share.key[0]}")
        if not found or take.piece.tail != f"{_CREATE}{share.key[0]}{tail}":
            continue
        base = f"{head}{found}"
        if not tail:
            return base, ""
        wanted, _, filtered = tail.removeprefix(".").partition(".")
        if wanted in (ANY, REST):
            return ".".join(filter(None, (base, name, filtered))), filtered
    return None


def _deliver(share: Taken, name: str) -> tuple[str, str] | None:
    """A subject to deliver to, and where it arrives: one that nobody listens to yet."""
    for take in share.streams:
        if _ends_open(take.item.subject) and _ends_open(take.local):
            return take.item.subject[:-1] + name, take.local[:-1] + name
    return None


def _ends_open(subject: str) -> bool:
    return subject.endswith(f".{REST}") and ANY not in subject


async def _deleted(client: Client, share: Taken, name: str) -> bool:
    for take in share.all(Part.DELETE):
        subject = _literal(take, name)
        if subject and b'"success":true' in (await probe.ask(client, subject, b"", 2.0)).body:
            return True
    return False


def _literal(take: Take, name: str) -> str:
    return take.local[:-1] + name if take.local.endswith((f".{ANY}", f".{REST}")) else ""
