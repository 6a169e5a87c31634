"""Which subjects of a list lie within another one of the same list.

Comparing each with each takes a million steps for a thousand exports. Here the
subjects form a tree, one token a level, and each is looked up in it once: about one
step a token, whatever the length of the list. Only a list made for the purpose, with
every mixture of words and ``*`` at every level, comes near to comparing all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jetshare.identity.subjects import ANY, REST, is_contained, tokens


class _Node:
    __slots__ = ("children", "index")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.index: int | None = None  # of the first subject that ends here


def contained(subjects: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The positions ``(inner, outer)`` of each subject that another one contains.

    Containment is that of ``subjects.is_contained``. An inner subject comes once, with
    one of those that contain it. Of two that contain each other, one is the inner: of
    equal ones the later, and of ``a.*`` and ``a.>`` the former.
    """
    root = _tree(subjects)
    for inner, subject in enumerate(subjects):
        for outer in _containing(root, tokens(subject)):
            if outer != inner and not _opens(subject, subjects[outer]):
                yield inner, outer
                break


def _tree(subjects: Sequence[str]) -> _Node:
    root = _Node()
    for index, subject in enumerate(subjects):
        node = root
        for token in tokens(subject):
            child = node.children.get(token)
            if child is None:
                child = node.children[token] = _Node()
            node = child
        if node.index is None:
            node.index = index
    return root


def _containing(root: _Node, parts: Sequence[str]) -> Iterator[int]:
    """The positions of the subjects that contain the one of these tokens, itself among them."""
    paths = [(root, 0)]
    while paths:
        node, depth = paths.pop()
        if depth == len(parts):
            if node.index is not None:
                yield node.index
            continue
        rest = node.children.get(REST)
        if rest is not None and rest.index is not None:
            yield rest.index
        for step in dict.fromkeys((ANY, parts[depth])):
            child = node.children.get(step)
            if child is not None:
                paths.append((child, depth + 1))


def _opens(subject: str, other: str) -> bool:
    """Whether ``subject`` is ``a.>`` to an ``a.*``, each of which counts as within the other."""
    return subject.endswith(REST) and not other.endswith(REST) and is_contained(other, subject)
