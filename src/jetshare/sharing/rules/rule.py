"""What a rule is, and what it finds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum

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
    the real names. ``shown`` says how the failure was made to happen on a server, and ended.
    """

    code: str
    title: str
    severity: Severity
    symptom: str
    cause: str
    cure: tuple[str, ...] = ()
    nsc: tuple[str, ...] = ()
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
    ``key`` its public key, ``path`` the place in it; ``share`` is empty where no single
    share is meant. ``names`` are those that stand in its cures."""

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

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": str(self.severity),
            "share": self.share,
            "account": {"name": self.account, "key": self.key},
            "path": self.path,
            "text": self.text,
            "cure": list(self.cure),
            "nsc": list(self.nsc),
            "fixable": self.fix is not None,
        }


def fill(templates: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """Command lines with the real names in them, quoted for a shell where they need it.

    A line that needs a name which is not known is left as a whole pattern in capitals.
    """
    quoted = {name: shlex.quote(value) for name, value in names.items() if value}
    return tuple(line.format_map(_Known(quoted)) for line in templates)


def once(lines: Iterable[str]) -> tuple[str, ...]:
    """Each line once, where it stood last: what is pushed is pushed at the end."""
    kept = dict.fromkeys(reversed(list(lines)))
    return tuple(reversed(list(kept)))


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper().replace("_", "-")
