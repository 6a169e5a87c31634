"""Keys that the words name or ask for: ``--sk KEY``, ``--sk generate``."""

from __future__ import annotations

from collections.abc import Sequence

from jetshare.cli.nsc.world import World
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.workflows.signers import find_key

GENERATE = "generate"


def read_signing_keys(
    world: World, words: Sequence[str], kind: Kind
) -> list[tuple[str, KeyPair | None]]:
    """Public halves, each with its pair where that is known; ``generate`` makes a pair."""
    found: list[tuple[str, KeyPair | None]] = []
    for word in words:
        if word == GENERATE:
            pair = KeyPair.generate(kind)
            found.append((pair.public, pair))
        else:
            found.append(find_key(world.store(), word, kind))
    return found
