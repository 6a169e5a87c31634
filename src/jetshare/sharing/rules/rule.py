"""What a rule is, and what it finds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import TypeVar

from jetshare.identity.claims import Export, Import
from jetshare.identity.record import record


class Severity(StrEnum):
    """An error stops the share or gives away what it must not. A warning will bite some
    clients, or later. A note is a property that may be meant; it is shown when asked for.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        return {"note": 0, "warning": 1, "error": 2}[self]


@record
class Rule:
    """One way in which a share goes wrong.

    ``code`` never changes its meaning: JS1xx exports, JS2xx imports, JS3xx tokens, JS4xx
    the pair of both documents, JS5xx servers, JS6xx users, JS7xx consumers and streams.
    ``cure`` and ``nsc`` are command lines in which ``{provider}`` and the like stand for
    the real names; ``remedy`` says in words what no command does. ``shown`` says how the failure
    was made to happen on a server, and ended.
    """

    code: str
    title: str
    severity: Severity
    symptom: str
    cause: str
    cure: tuple[str, ...] = ()
    nsc: tuple[str, ...] = ()
    remedy: str = ""
    source: str
    shown: str
    live: bool = False  # seen on servers only


@record
class Fix:
    """A cure that needs one document alone: change one export or import, add one, or take
    some out.

    ``index`` is the place in ``list`` of what changes, or None to append ``added`` or to take
    out what stands at ``removed``.
    """

    list: str  # "exports" or "imports"
    index: int | None = None
    changes: Mapping[str, object] = field(default_factory=dict)
    added: Export | Import | None = None
    removed: tuple[int, ...] = ()


@record
class Finding:
    """What a rule found. ``account`` is the name of the account whose document is to change,
    ``key`` its public key, ``path`` the place in it, ``places`` all of them where there are
    several; ``share`` is empty where no single share is meant. ``names`` are those that stand
    in its cures. ``follows`` is whether another finding is the cause: it is no failure more."""

    code: str
    severity: Severity
    share: str
    account: str
    key: str
    path: str
    text: str
    cure: tuple[str, ...] = ()
    nsc: tuple[str, ...] = ()
    fix: Fix | None = None
    parties: tuple[str, ...] = ()  # public keys of all accounts that it is about
    names: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    follows: bool = False

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": str(self.severity),
            "share": self.share,
            "account": {"name": self.account, "key": self.key},
            "path": self.path,
            "places": list(self.places or (self.path,)),
            "text": self.text,
            "cure": list(self.cure),
            "nsc": list(self.nsc),
            "fixable": self.fix is not None,
            "follows": self.follows,
        }


_Cured = TypeVar("_Cured", Rule, Finding)


def fill(templates: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """Command lines with the real names in them, quoted for a shell where they need it.

    A line that needs a name which is not known is left as a whole pattern in capitals.
    """
    quoted = {name: shlex.quote(value) for name, value in names.items() if value}
    return tuple(line.format_map(_Known(quoted)) for line in templates)


def in_own_words(lines: Iterable[str]) -> tuple[str, ...]:
    """Command lines of nsc and nats, in words that jetshare takes as well: ``jetshare nsc …``."""
    return tuple(line if line.startswith("#") else f"jetshare {line}" for line in lines)


def worded(cured: _Cured) -> _Cured:
    """The same, with jetshare's own cure also where it is the other tool's by other words."""
    return cured if cured.cure else replace(cured, cure=in_own_words(cured.nsc))


def once(lines: Iterable[str]) -> tuple[str, ...]:
    """Each line once, where it stood last: what is pushed is pushed at the end."""
    kept = dict.fromkeys(reversed(list(lines)))
    return tuple(reversed(list(kept)))


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper().replace("_", "-")
