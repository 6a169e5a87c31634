"""What nats-server says against a configuration file, as one line that may be shown.

The server quotes what it read: passwords, and values of environment variables. What it quotes
is shown only in sentences that quote nothing but subjects, accounts, and the names of settings,
and there only what stands in the file itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from jetshare.errors import InvalidDocument

_POSITION = re.compile(r"(?P<file>[^\"]+?):(?P<line>\d+):(?P<column>\d+): (?P<what>.*)")
_INCLUDED = re.compile(
    r"error parsing include file '(?P<file>.+?)',"
    r" (?P<what>(?:error parsing|Parse error|variable|open|integer|float|expected|config) .*)"
)
_PARSE_ERROR = re.compile(r"Parse error on line (?P<line>\d+): '(?P<what>.*)'")
_VARIABLE = re.compile(r"variable reference for '.*' on line (?P<line>\d+) (?P<what>.*)")

_OPENED = re.compile(r"open (\S+): [a-z ]+")
# Subjects and accounts, and settings as they are spelt everywhere.
_HARMLESS = re.compile(
    r'Error adding (?:service|stream) (?:import|export) "\S*": [a-z ]+'
    r'|Duplicate service import subject "\S*", previously used in import for account "[^"]*",'
    r' subject "\S*"'
    r'|"[^"]*" account not defined for (?:service|stream) (?:import|export)'
    r'|(?i:unknown field) "[A-Za-z_]{1,32}"'
    rf"|{_OPENED.pattern}"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|["\'].*')
_SIGN = 3  # a single character and its quotes: what the grammar wants there
# From here on it prints a value without quotes, or what Go's formatting could make nothing of.
_VALUE = re.compile(
    r",? (?:but )?got .*|(?<=Duplicate Account Entry:) .*|(?<=weight of) .*|\S*%!.*"
)
# Words of a sentence; what has digits or other signs in it is a value that is not quoted.
_WORD = re.compile(r"[A-Za-z_'/-]+[.,:;]?|[….,:;(){}]+|\"[^\"]\"[.,:;]?|'[^']'[.,:;]?")
_LAST_WORDS = re.compile(
    r'no_auth_user: "[^"]*" not present as user(?: or nkey)?'
    r" in authorization block or account configuration"
    r"|error resolving system account: account missing"
    r"|max_payload \(\d+\) cannot be higher than max_pending \(\d+\)"
    r"|lame duck grace period \(\w+\) should be strictly lower than lame duck duration \(\w+\)"
)

_STORIES = (
    (re.compile("import not authorized"), "JS401"),
    (re.compile("forms a cycle"), "JS207"),
    (re.compile("Duplicate service import|import overlaps"), "JS220"),
)


def refusal(
    lines: Sequence[str], *, file: Path, read: Path, folder: Path, written: str
) -> InvalidDocument:
    """The first of what was said, with its place.

    ``file`` is what the user named and ``read`` the same as it was read; ``folder`` is what
    the names of files are relative to. ``written`` is what the file and its includes have.
    """
    first = lines[0].removeprefix("nats-server: ")
    place, what = _located(first, folder)
    if place == str(folder):
        place = str(file)
    elif place.startswith(str(read)):
        place = f"{file}{place.removeprefix(str(read))}"
    told = shown(what, written)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    code = next((code for pattern, code in _STORIES if pattern.search(told)), "")
    hint = f"jetshare explain {code} tells more" if code else f"nats-server -t -c {file} checks it"
    return InvalidDocument(f"nats-server refuses {place}: {told}{more}", hint=hint)


def shown(what: str, written: str) -> str:
    """``what`` the server said, without what it may quote from the file or the environment."""
    if _HARMLESS.fullmatch(what) and all(each in written for each in _quoted(what)):
        return what
    return _without_values(what)


def last_words(what: str) -> str:
    """``what`` a server said when it ended, if that is known to hold no secret but in quotes."""
    if _LAST_WORDS.fullmatch(what):
        return _QUOTED.sub("…", what)
    return "what it says may quote a secret and is not shown"


def _without_values(what: str) -> str:
    without = _VALUE.sub("", what)
    sentence = _QUOTED.sub(lambda found: found[0] if len(found[0]) <= _SIGN else "…", without)
    return " ".join(word if _WORD.fullmatch(word) else "…" for word in sentence.split())


def _quoted(what: str) -> list[str]:
    """What a harmless sentence says of the file."""
    opened = _OPENED.fullmatch(what)
    return [Path(opened[1]).name] if opened else [each[1:-1] for each in _QUOTED.findall(what)]


def _located(said: str, folder: Path) -> tuple[str, str]:
    """Where it is, as ``file:line:column`` as far as it is known, and what."""
    file = folder
    while included := _INCLUDED.fullmatch(said):
        beside = file if file == folder else file.parent
        file, said = _joined(beside, included["file"]), included["what"]
    if found := _PARSE_ERROR.fullmatch(said) or _VARIABLE.fullmatch(said):
        said = found["what"]
        if said.startswith("can not be"):
            said = f"a variable {said}"
        return f"{file}:{found['line']}", said
    if found := _POSITION.fullmatch(said):
        return f"{_joined(folder, found['file'])}:{found['line']}:{found['column']}", found["what"]
    return str(file), said


def _joined(folder: Path, name: str) -> Path:
    """As Go joins paths: without asking the disk what a link leads to."""
    return Path(os.path.normpath(folder / name))
