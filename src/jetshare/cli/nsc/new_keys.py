"""Keys that the words name or ask for: ``--sk KEY``, ``--sk generate``."""

from __future__ import annotations

from collections.abc import Sequence

from jetshare.cli.nsc.world import World
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.workflows.signers import find_key

_GENERATE = "generate"


def read_signing_keys(
    world: World, words: Sequence[str], kind: Kind
) -> tuple[list[str], list[KeyPair]]:
    """The public halves of all, and the pairs that ``generate`` made, which are to be stored."""
    publics, made = [], []
    for word in words:
        if word == _GENERATE:
            pair = KeyPair.generate(kind)
            made.append(pair)
            publics.append(pair.public)
        else:
            publics.append(find_key(world.store(), word, kind)[0])
    return publics, made
