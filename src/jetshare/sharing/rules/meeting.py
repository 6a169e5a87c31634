"""Which of many subjects overlap, found in a tree and not by comparing each with each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jetshare.identity.subjects import ANY, REST, tokens


class _Node:
    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.ends: list[int] = []  # positions of the subjects that end here


def overlapping(subjects: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The positions ``(earlier, later)`` of every two subjects that some name belongs to both."""
    root = _Node()
    for position, subject in enumerate(subjects):
        parts = tokens(subject)
        for other in sorted(set(_meeting(root, parts))):
            yield other, position
        node = root
        for part in parts:
            node = node.children.setdefault(part, _Node())
        node.ends.append(position)


def _meeting(root: _Node, parts: Sequence[str]) -> Iterator[int]:
    paths = [(root, 0)]
    while paths:
        node, depth = paths.pop()
        if depth == len(parts):
            yield from node.ends
            continue
        rest = node.children.get(REST)
        if rest is not None:
            yield from rest.ends
        part = parts[depth]
        if part == REST:
            yield from _below(node)
        elif part == ANY:
            paths += [(c, depth + 1) for token, c in node.children.items() if token != REST]
        else:
            for step in (part, ANY):
                child = node.children.get(step)
                if child is not None:
                    paths.append((child, depth + 1))


def _below(node: _Node) -> Iterator[int]:
    nodes = list(node.children.values())
    while nodes:
        child = nodes.pop()
        yield from child.ends
        nodes += child.children.values()
