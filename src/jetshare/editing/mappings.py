"""An account's subject mappings: where messages to a subject go instead, and how many."""

from __future__ import annotations

from dataclasses import replace

from jetshare.errors import NotFound
from jetshare.identity.claims import Account, Claims, WeightedMapping

ALL = 100  # percent; what a weight of 0 stands for


def add_mapping(
    account: Claims[Account], source: str, to: str, *, weight: int = 0, cluster: str = ""
) -> Claims[Account]:
    """Map ``source`` to ``to`` as well, or change the weight of a mapping that is there."""
    held = list(account.nats.mappings.get(source, ()))
    for index, entry in enumerate(held):
        if (entry.subject, entry.cluster) == (to, cluster):
            held[index] = replace(entry, weight=weight)
            break
    else:
        held.append(WeightedMapping(subject=to, weight=weight, cluster=cluster))
    return _with(account, source, held)


def delete_mapping(
    account: Claims[Account], source: str, to: str = "", *, cluster: str = ""
) -> Claims[Account]:
    """Delete one mapping of ``source``, or with no ``to`` all of them (of ``cluster``).

    Raises NotFound where there is none. Without ``cluster``, ``to`` names the mapping
    that holds in every cluster.
    """
    held = account.nats.mappings.get(source, ())
    kept = [entry for entry in held if not _meant(entry, to, cluster)]
    if len(kept) == len(held):
        raise NotFound(
            f"there is no mapping {source} -> {to or 'anything'}"
            + (f' in cluster "{cluster}"' if cluster else ""),
            hint=_others(held),
        )
    return _with(account, source, kept)


def _meant(entry: WeightedMapping, to: str, cluster: str) -> bool:
    if not to:
        return cluster in ("", entry.cluster)
    return (entry.subject, entry.cluster) == (to, cluster)


def _others(held: tuple[WeightedMapping, ...]) -> str:
    some = [
        entry.subject + (f' in cluster "{entry.cluster}"' if entry.cluster else "")
        for entry in held
    ]
    return f"there are: {', '.join(some)}" if some else ""


def _with(account: Claims[Account], source: str, held: list[WeightedMapping]) -> Claims[Account]:
    mappings = {**account.nats.mappings, source: tuple(held)}
    if not held:
        del mappings[source]
    return account.with_nats(mappings=mappings)
