"""How the names of settings may be spelt in a configuration file and in what it includes.

A server takes a setting in capital and in small letters, and does not report one whose value
the file uses as a variable too. So the text itself is searched, for more than can be settings:
a name in a comment or a password is found as well. The language knows no escapes in names, so
a name that is in force stands in the text. Source: nats-server ``conf/lex.go`` (lexKey,
lexInclude), ``conf/parse.go``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_INCLUDE = re.compile(
    r"""include\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s;}']+))""", re.IGNORECASE
)


def lower(name: str) -> str:
    """In small letters as Go has them, for which İ is one letter and not two."""
    return name.replace("İ", "i").lower()


def spelt_in(text: str, name: str) -> set[str]:
    """Everything in ``text`` that a server takes for ``name``."""
    # Ignoring case takes more letters for one than Go does.
    found: list[str] = re.findall(re.escape(name), text, re.IGNORECASE)
    return {each for each in found if lower(each) == name}


def all_text(file: Path) -> str:
    """The file and all that it may include, one after the other."""
    texts: dict[Path, str] = {}
    left = [file]
    while left:
        path = left.pop()
        if path not in texts and (text := _text(path)) is not None:
            texts[path] = text
            left += _included(path, text)
    return "\n".join(texts.values())


def _included(path: Path, text: str) -> Iterator[Path]:
    for found in _INCLUDE.finditer(text):
        name = found["single"] or found["double"] or found["bare"] or ""
        # As Go joins paths: without asking the disk, and below the folder also from the root.
        yield Path(os.path.normpath(f"{path.parent}/{name}"))


def _text(path: Path) -> str | None:
    """None for what is no file or cannot be read; the server then says so."""
    try:
        return os.fsdecode(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError):  # a name may hold what no path can
        return None
