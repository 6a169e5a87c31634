"""Subjects: their tokens, wildcards, and which of them meet.

``*`` stands for one token and ``>``, at the end, for one or more. Containment is the
rule by which nats-io/jwt and servers judge exports, imports and activations; a
``local_subject`` is the renaming of an import, with ``$1`` for the first wildcard of
the subject that it renames.
"""

from __future__ import annotations

import re
from typing import Final

from jetshare.errors import InputError

_REFERENCE: Final = re.compile(r"\$([0-9]+)")


def tokens(subject: str) -> list[str]:
    return subject.split(".")


def check(subject: str) -> None:
    """Raises InputError where servers would not take ``subject`` as one.

    Stricter than nats-io/jwt, which looks for spaces and empty tokens only: all white
    space and control characters are refused, and ``>`` anywhere but at the end.
    """
    problem = fault(subject)
    if problem:
        raise InputError(
            f"the subject {subject!r} {problem}",
            hint="a subject is words with dots between them, such as orders.new",
        )


def is_valid(subject: str) -> bool:
    return not fault(subject)


def fault(subject: str) -> str:
    """What is wrong with a subject, as the end of a sentence; empty where nothing is."""
    if not subject:
        return "is empty"
    if any(char.isspace() or not char.isprintable() for char in subject):
        return "holds white space or a control character"
    parts = tokens(subject)
    if "" in parts:
        return "has an empty token: a dot too many"
    if ">" in parts[:-1]:
        return "has > before its end"
    return ""


def has_wildcards(subject: str) -> bool:
    """Whether a whole token is ``*`` or the last is ``>``."""
    parts = tokens(subject)
    return "*" in parts or parts[-1] == ">"


def is_contained(subject: str, by: str) -> bool:
    """Whether ``by`` stands for everything that ``subject`` stands for."""
    inner, outer = tokens(subject), tokens(by)
    if len(inner) < len(outer):
        return False
    for index, token in enumerate(outer):
        if token == ">" and index == len(outer) - 1:
            return True
        # A > in the place of one token stands for more than * does.
        if token != inner[index] and (token != "*" or inner[index] == ">"):  # noqa: S105
            return False
    return len(inner) == len(outer)


def overlaps(a: str, b: str) -> bool:
    """Whether some subject without wildcards belongs to both."""
    left, right = tokens(a), tokens(b)
    for one, other in zip(left, right, strict=False):
        if ">" in (one, other):
            return True
        if one != other and "*" not in (one, other):
            return False
    return len(left) == len(right)
