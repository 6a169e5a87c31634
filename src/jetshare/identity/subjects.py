"""Subjects: their tokens, their wildcards, which of them meet, and how imports rename them.

``*`` stands for one token and ``>``, at the end, for one or more. The rules are those of
nats-io/jwt v2, by which servers take or refuse exports, imports and activations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jetshare.errors import InputError

ANY: Final = "*"
REST: Final = ">"

_REFERENCE: Final = re.compile(r"\$([+-]?[0-9]{1,9})")


def tokens(subject: str) -> list[str]:
    return subject.split(".")


def check(subject: str) -> None:
    """Raises InputError where ``subject`` is none; see ``fault``."""
    problem = fault(subject)
    if problem:
        raise InputError(
            f"the subject {subject!r} {problem}",
            hint="a subject is words with dots between them, such as orders.new",
        )


def fault(subject: str) -> str:
    """What is wrong with a subject, to be read after its name; empty where nothing is.

    Stricter than nats-io/jwt, which refuses blanks and empty tokens: no white space or
    control character stands in a subject, and ``>`` only at the end.
    """
    if not subject:
        return "is empty"
    if any(char.isspace() or not char.isprintable() for char in subject):
        return "holds white space or a control character"
    parts = tokens(subject)
    if "" in parts:
        return "has an empty token: a dot too many"
    if REST in parts[:-1]:
        return "has > before its end"
    return ""


def has_wildcards(subject: str) -> bool:
    """Whether a token is ``*``, or the last one ``>``."""
    parts = tokens(subject)
    return ANY in parts or parts[-1] == REST


def is_contained(subject: str, by: str) -> bool:
    """Whether ``by`` stands for all that ``subject`` stands for.

    As in nats-io/jwt, ``foo.>`` counts as contained by ``foo.*`` too.
    """
    inner, outer = tokens(subject), tokens(by)
    if len(inner) < len(outer) or (len(inner) > len(outer) and outer[-1] != REST):
        return False
    last = len(outer) - 1
    return all(
        part in (ANY, inner[index]) or (part == REST and index == last)
        for index, part in enumerate(outer)
    )


def overlaps(a: str, b: str) -> bool:
    """Whether some subject without wildcards belongs to both."""
    left, right = tokens(a), tokens(b)
    for one, other in zip(left, right, strict=False):
        if REST in (one, other):
            return True
        if one != other and ANY not in (one, other):
            return False
    return len(left) == len(right)


def local_fault(local: str, subject: str) -> str:
    """What is wrong with ``local`` as the local name of an import of ``subject``.

    ``$2`` in it stands where the second ``*`` of ``subject`` is to stand. Each ``*`` must
    come back once, as itself or as a reference, and both end in ``>`` or neither does.
    """
    if problem := fault(local):
        return problem
    if (tokens(local)[-1] == REST) != (tokens(subject)[-1] == REST):
        return "must end in > where the imported subject does, and only there"
    wildcards = tokens(subject).count(ANY)
    references = [int(found[1]) for found in map(_REFERENCE.fullmatch, tokens(local)) if found]
    beyond = next((number for number in references if number > wildcards), None)
    if beyond is not None:
        return f"refers to ${beyond}, and the imported subject has {wildcards} of *"
    if tokens(local).count(ANY) + len(references) != wildcards:
        return "must hold as many of * and $1, $2, … as the imported subject has of *"
    return ""


def local_pattern(local: str) -> str:
    """The subject that clients of the importer use: with ``*`` for each reference."""
    return ".".join(ANY if _REFERENCE.fullmatch(token) else token for token in tokens(local))


def local_to_remote(local: str, subject: str, name: str) -> str | None:
    """Where ``name``, used by a client of the importer, leads in the exporting account.

    ``local`` and ``subject`` are those of the import. None where ``name`` is not a name
    under ``local``.
    """
    if not is_contained(name, local_pattern(local)):
        return None
    given = tokens(name)
    held = {number: given[index] for index, number in _numbered(local)}
    remote = []
    wildcard = 0
    for part in tokens(subject):
        if part == ANY:
            wildcard += 1
            remote.append(held.get(wildcard, ANY))
        elif part == REST:
            remote += given[len(tokens(local)) - 1 :]
        else:
            remote.append(part)
    return ".".join(remote)


def _numbered(local: str) -> Iterator[tuple[int, int]]:
    """Where in ``local`` which wildcard of the subject stands. Each ``*`` is the next one."""
    following = 0
    for index, token in enumerate(tokens(local)):
        if token == ANY:
            following += 1
            yield index, following
        elif found := _REFERENCE.fullmatch(token):
            yield index, int(found[1])
