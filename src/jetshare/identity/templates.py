"""Subjects of a scoped signing key: the words in double braces that stand for a user's own.

Servers fill them in as the user logs in: ``{{name()}}``, ``{{subject()}}``,
``{{account-name()}}``, ``{{account-subject()}}``, ``{{tag(t)}}`` and ``{{account-tag(t)}}``.
Several values of a tag make several subjects. Source: nats-server auth.go,
processUserPermissionsTemplate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Final

from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.record import record
from jetshare.identity.subjects import REST, tokens

MOST_SUBJECTS: Final = 4096
"""So many may come of one list; servers refuse a user of whom there are more."""

_TEMPLATE: Final = re.compile(r"\{\{([^}]+)\}\}")
_BLANKS: Final = frozenset("\t\n\f\r ")
_NO_VALUE: Final = (" ",)  # no subject holds a blank, so nothing comes of it


@record
class Filled:
    """The subjects that one ``entry`` of a list stands for; none where servers pass it over."""

    entry: str
    subjects: tuple[str, ...]


@record
class Refused:
    """A user whom servers do not let in, because of one ``entry``.

    ``tag`` is the one that the user, or with ``of_account`` its account, would need; empty
    where that is not what is wrong.
    """

    entry: str
    text: str
    tag: str = ""
    of_account: bool = False


def plain(listed: Sequence[str]) -> tuple[Filled, ...]:
    """A list of permissions in which nothing stands for anything else."""
    return tuple(Filled(entry=entry, subjects=(entry,)) for entry in listed)


def filled(
    listed: Sequence[str], user: Claims[User], account: Claims[Account], *, strict: bool
) -> tuple[Filled, ...] | Refused:
    """``listed`` as servers read it for ``user``.

    Where a tag has no value, or no subject comes of an entry, servers pass over what is
    allowed. What is denied is ``strict``: they refuse the user. A list without templates stays
    as it is; beside one, an entry that names a queue is no subject either.
    """
    if not any(map(_TEMPLATE.search, listed)):
        return plain(listed)
    done: list[Filled] = []
    for entry in listed:
        names = [found[1].strip() for found in _TEMPLATE.finditer(entry)]
        values = [_values(name, user, account) for name in names]
        for name, known in zip(names, values, strict=True):
            if known is None:
                return Refused(entry=entry, text=f"servers know no {{{{{name}}}}}")
            if not known and strict:
                return _without_value(entry, name)
        options = [known or _NO_VALUE for known in values]
        if sum(len(each.subjects) for each in done) + prod(map(len, options)) > MOST_SUBJECTS:
            return Refused(entry=entry, text=f"more than {MOST_SUBJECTS} subjects come of it")
        made = tuple(_put_in(entry, options))
        if strict and not all(map(_is_subject, made)):
            return Refused(entry=entry, text="what comes of it is no subject")
        done.append(Filled(entry=entry, subjects=tuple(filter(_is_subject, made))))
    return tuple(done)


def _without_value(entry: str, name: str) -> Refused:
    whose, tag = _tag(name)
    return Refused(
        entry=entry,
        text=f"there is no value for {{{{{name}}}}}",
        tag="" if "(" in tag else tag,
        of_account=whose == "account-tag",
    )


def _values(name: str, user: Claims[User], account: Claims[Account]) -> tuple[str, ...] | None:
    """What stands for ``name()`` and the like; None where servers know no such name."""
    whole = {
        "name()": user.name,
        "subject()": user.sub,
        "account-name()": account.name,
        "account-subject()": user.nats.issuer_account,
    }
    if (one := whole.get(name.casefold())) is not None:
        return (one,)
    whose, tag = _tag(name)
    if not whose:
        return None
    tags = account.nats.tags if whose == "account-tag" else user.nats.tags
    head = f"{tag}:"
    return tuple(each.removeprefix(head) for each in tags if each.startswith(head))


def _tag(name: str) -> tuple[str, str]:
    """Whose tag a template asks for, and which; a pair of nothing where it asks for none."""
    for whose in ("tag", "account-tag"):
        if name.casefold().startswith(f"{whose}(") and name.endswith(")"):
            # As servers do: in capitals it is taken for a tag, and for a part of its name too.
            return whose, name.removeprefix(f"{whose}(").removesuffix(")").lower()
    return "", ""


def _put_in(entry: str, options: Sequence[Sequence[str]]) -> Iterator[str]:
    """``entry`` with each choice of values. A template that stands twice has the first value
    in both places, as servers replace it."""
    places = [found[0] for found in _TEMPLATE.finditer(entry)]
    for choice in product(*options):
        subject = entry
        for place, value in zip(places, choice, strict=True):
            subject = subject.replace(place, value)
        yield subject


def _is_subject(text: str) -> bool:
    """As servers see it (nats-server sublist.go, IsValidSubject)."""
    parts = tokens(text)
    return "" not in parts and REST not in parts[:-1] and _BLANKS.isdisjoint(text)
