"""Which subjects of a list lie within another one of the same list.

Comparing each with each takes a million steps for a thousand exports. Here the
subjects form a tree, one token a level, and each is looked up in it once: about one
step a token, whatever the length of the list. Only a list made for the purpose, with
every mixture of words and ``*`` at every level, comes near to comparing all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class _Node:
    __slots__ = ("children", "index")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.index: int | None = None  # of the first subject that ends here


def contained(subjects: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The positions ``(inner, outer)`` of each subject that another one contains.

    An inner subject comes once, with one of the subjects that contain it. Of equal
    ones, the later lies within the first. Containment is that of
    ``identity.subjects.is_contained``, on which servers decide whether two exports
    of an account are in each other's way.
    """
    split = [subject.split(".") for subject in subjects]
    root = _tree(split)
    for inner, tokens in enumerate(split):
        outer = _containing(root, tokens, inner)
        if outer is not None:
            yield inner, outer


def _tree(split: Sequence[Sequence[str]]) -> _Node:
    root = _Node()
    for index, tokens in enumerate(split):
        node = root
        for token in tokens:
            child = node.children.get(token)
            if child is None:
                child = node.children[token] = _Node()
            node = child
        if node.index is None:
            node.index = index
    return root


def _containing(root: _Node, tokens: Sequence[str], own: int) -> int | None:
    paths = [(root, 0)]
    while paths:
        node, depth = paths.pop()
        if depth == len(tokens):
            if node.index is not None and node.index != own:
                return node.index
            continue
        rest = node.children.get(">")
        if rest is not None and rest.index is not None and rest.index != own:
            return rest.index
        token = tokens[depth]
        for step in ("*",) if token == "*" else ("*", token):
            child = node.children.get(step)
            if child is not None:
                paths.append((child, depth + 1))
    return None
