"""What was observed on a live server, as data.

A proof says what was expected, what was seen, and from where. It holds, fails, or
was not observed (``held is None``) with the reason why; it is never assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Where the observation was made."""

    IMPORTER = "importer"
    PROVIDER = "provider"
    OUTSIDER = "outsider"  # a third account that was granted nothing
    SERVERS = "servers"  # every server, through the system account
    DOCUMENTS = "documents"  # the documents alone, without a server


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    name: str
    side: Side
    held: bool | None
    seen: str
    server: str = ""
    took_ms: float = 0.0

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "side": str(self.side),
            "held": self.held,
            "seen": self.seen,
            "server": self.server,
            "took_ms": round(self.took_ms, 1),
        }


def all_held(proofs: Iterable[Proof]) -> bool:
    """Whether something was observed, and nothing that was observed failed."""
    outcomes = [proof.held for proof in proofs]
    return False not in outcomes and True in outcomes


def failed(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    return tuple(proof for proof in proofs if proof.held is False)
