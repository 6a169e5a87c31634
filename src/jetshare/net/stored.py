"""A message as a stream holds it, from what the JetStream API answers."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """``empty`` is one without a byte and without a header."""

    subject: str
    sequence: int
    empty: bool


def stored_message(body: bytes) -> StoredMessage | None:
    """What an answer of STREAM.MSG.GET holds; None where it is something else."""
    try:
        match json.loads(body):
            case {"message": {"subject": str(subject), "seq": int(sequence)} as message}:
                empty = not message.get("data") and not message.get("hdrs")
                return StoredMessage(subject=subject, sequence=sequence, empty=empty)
    except ValueError:
        pass
    return None
