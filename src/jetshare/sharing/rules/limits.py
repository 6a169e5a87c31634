"""Rules of an account's limits, where they leave a share of no use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jetshare.sharing.rules.cures import PUSH_IMPORTER
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import Taken

_EDIT = "nsc edit account --name {importer}"
# By the name of a limit: the least that a client can do with, and the flag that nsc has for it.
_LEAST = {
    "conn": (1, "--conns", "connections"),
    "subs": (2, "--subscriptions", "subscriptions of a connection"),  # an inbox, and for messages
    "payload": (128, "--payload", "bytes of a message"),  # as much as a pull may have
}

LIMITED = Rule(
    code="JS218",
    title="The importer's limits let no client use the share",
    severity=Severity.ERROR,
    symptom='"maximum account active connections exceeded", "maximum subscriptions exceeded" or'
    ' "Maximum Payload Violation", and no message.',
    cause="The importer's account allows no connections, not the two subscriptions of a client, or"
    " fewer bytes of a message than a pull has. In a document a limit that is left out is 0, and"
    " -1 is none.",
    nsc=(f"{_EDIT} --conns -1 --subscriptions -1 --payload -1", *PUSH_IMPORTER),
    source="nats-io/jwt NatsLimits and AccountLimits; nats-server client.go",
    shown="An importer with a payload of 10 bytes, one of a single subscription, and one of no"
    " connections: no message came; after the cure all did.",
)


def importer_limited(share: Taken) -> Iterator[Finding]:
    held = share.importer.nats.limits
    low = [name for name, (least, _, _) in _LEAST.items() if 0 <= getattr(held, name) < least]
    if low:
        said = " and ".join(f"{getattr(held, name)} {_LEAST[name][2]}" for name in low)
        text = f"{share.importer.name} allows {said}: no client of it can use {share.name}"
        flags = " ".join(f"{_LEAST[name][1]} -1" for name in low)
        found = at_take(LIMITED, share, None, text)
        yield replace(found, nsc=fill((f"{_EDIT} {flags}", *PUSH_IMPORTER), found.names))
