"""Lists of texts that documents hold as sets: tags, permissions, networks, keys."""

from __future__ import annotations

from collections.abc import Iterable


def added(held: tuple[str, ...], new: Iterable[str]) -> tuple[str, ...]:
    """``held`` with each of ``new`` that is not there yet, at the end."""
    return tuple(dict.fromkeys((*held, *filter(None, new))))


def removed(held: tuple[str, ...], gone: Iterable[str]) -> tuple[str, ...]:
    unwanted = set(gone)
    return tuple(item for item in held if item not in unwanted)


def changed(
    held: tuple[str, ...], add: Iterable[str] = (), remove: Iterable[str] = ()
) -> tuple[str, ...]:
    """Both, in order of the alphabet; a list that does not change keeps its own order."""
    after = removed(added(held, add), remove)
    return held if set(after) == set(held) else tuple(sorted(after))
