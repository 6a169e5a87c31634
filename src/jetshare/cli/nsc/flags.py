"""Flags as Go's pflag reads them: ``--name x``, ``--name=x``, ``-n x``, ``-nx``, ``-RD``.

A switch takes a value only with ``=``. A list may be named many times and may hold
commas. Words that are no flags are arguments, and all are after ``--``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jetshare.cli.nsc import values
from jetshare.errors import InputError
from jetshare.identity.record import record


class UsageError(InputError):
    """Words that are none of the command's: nothing was looked at, nothing is changed."""


@record
class Flag:
    """``implied`` is the value of a flag that stands alone; None where it needs one.

    ``many`` flags gather what they are given. ``hidden`` ones work and are not shown.
    """

    name: str
    short: str = ""
    help: str = ""
    metavar: str = ""
    convert: Callable[[str], object] = str
    implied: str | None = None
    many: bool = False
    hidden: bool = False


def text(name: str, short: str = "", help: str = "", metavar: str = "TEXT") -> Flag:
    return Flag(name=name, short=short, help=help, metavar=metavar)


def switch(name: str, short: str = "", help: str = "", *, hidden: bool = False) -> Flag:
    return Flag(
        name=name, short=short, help=help, convert=values.switch, implied="true", hidden=hidden
    )


def several(name: str, short: str = "", help: str = "", metavar: str = "TEXT,…") -> Flag:
    return Flag(
        name=name, short=short, help=help, metavar=metavar, convert=values.several, many=True
    )


def number(name: str, short: str = "", help: str = "", *, implied: str | None = None) -> Flag:
    return Flag(
        name=name, short=short, help=help, metavar="N", convert=values.number, implied=implied
    )


def size(name: str, help: str = "", *, hidden: bool = False) -> Flag:
    return Flag(name=name, help=help, metavar="SIZE", convert=values.size, hidden=hidden)


def duration(name: str, help: str = "") -> Flag:
    return Flag(name=name, help=help, metavar="DURATION", convert=values.duration)


@record
class Words:
    """What the command line said. A flag that was not given has no value here."""

    arguments: tuple[str, ...]
    given: Mapping[str, Any]

    def has(self, *names: str) -> bool:
        return any(name in self.given for name in names)

    def text(self, name: str) -> str:
        """The text of a flag, empty where it was not given."""
        found: str = self.given.get(name, "")
        return found

    def text_or_none(self, name: str) -> str | None:
        found: str | None = self.given.get(name)
        return found

    def on(self, name: str) -> bool:
        return bool(self.given.get(name, False))

    def switch(self, name: str) -> bool | None:
        """Whether a switch is on, or None where it was not given."""
        found: bool | None = self.given.get(name)
        return found

    def list(self, name: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.given.get(name, ())
        return found

    def number(self, name: str) -> int | None:
        found: int | None = self.given.get(name)
        return found

    def name(self, flag: str = "name") -> str:
        """The flag, else the first argument: nsc takes a name in both ways."""
        return self.text(flag) or (self.arguments[0] if self.arguments else "")


def parse(argv: Sequence[str], flags: Sequence[Flag], *, arguments: int) -> Words:
    """Raises UsageError for a flag that is not among ``flags``, and for too many words."""
    by_name = {flag.name: flag for flag in flags}
    by_short = {flag.short: flag for flag in flags if flag.short}
    given: dict[str, Any] = {}
    plain: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            plain.extend(rest)
            break
        if word.startswith("--"):
            _long(word, rest, by_name, given)
        elif word.startswith("-") and word != "-":
            _short(word, rest, by_short, given)
        else:
            plain.append(word)
    if len(plain) > arguments:
        raise UsageError(f'unknown argument "{plain[arguments]}"', hint="quote what has spaces")
    return Words(arguments=tuple(plain), given=given)


def _long(word: str, rest: list[str], flags: Mapping[str, Flag], given: dict[str, Any]) -> None:
    name, sign, value = word[2:].partition("=")
    flag = flags.get(name)
    if flag is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [each for each in flags if not flags[each].hidden], n=1)
        raise UsageError(
            f"unknown flag: --{name}", hint=f"did you mean --{near[0]}?" if near else ""
        )
    _take(flag, f"--{name}", value if sign else None, rest, given)


def _short(word: str, rest: list[str], flags: Mapping[str, Flag], given: dict[str, Any]) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = flags.get(letter)
        if flag is None:
            raise UsageError(f'unknown shorthand flag: "{letter}" in {word}')
        value: str | None = None
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif letters and flag.implied is None:
            value, letters = letters, ""
        _take(flag, f"-{letter}", value, rest, given)


def _take(
    flag: Flag, shown: str, value: str | None, rest: list[str], given: dict[str, Any]
) -> None:
    if value is None:
        value = flag.implied
    if value is None:
        if not rest:
            raise UsageError(f"flag needs an argument: {shown}")
        value = rest.pop(0)
    try:
        found: Any = flag.convert(value)
    except ValueError as error:
        raise UsageError(f'invalid argument "{value}" for {shown}: {error}') from None
    if flag.many:
        found = (*given.get(flag.name, ()), *found)
    given[flag.name] = found
