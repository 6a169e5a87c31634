"""Finds the command, runs it, and says what went wrong as nsc would."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from jetshare.cli.nsc.commands import ALIASES, COMMANDS, NOT_THERE, Command
from jetshare.cli.nsc.flags import Flag, UsageError, parse, switch, text
from jetshare.cli.nsc.output import note, say
from jetshare.errors import JetshareError

EVERYWHERE = (
    text("private-key", "K", "Key to sign with: a role, a public key, or a file.", "KEY"),
    text("config-dir", "", "Folder of nsc.json.", "DIR"),
    text("data-dir", "", "Folder of the stores.", "DIR"),
    text("keystore-dir", "", "Folder of the keys.", "DIR"),
    text("all-dirs", "H", "One folder for all three.", "DIR"),
    switch("interactive", "i", hidden=True),
    switch("help", "h", "Show the words of a command."),
)
_USAGE, _FAILED, _INTERRUPTED = 2, 1, 130


def run(argv: Sequence[str]) -> int:
    """Run one command line of nsc, and return its exit code.

    0 where it was done, 1 where it was not, 2 for words that nsc does not have.
    """
    try:
        code = _run(list(argv))
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _report(str(error), error.hint or "nsc --help shows the words", _USAGE)
    except JetshareError as error:
        return _report(str(error), error.hint, _FAILED)
    except KeyboardInterrupt:
        note("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; what was asked for is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _report(
            f"{error.filename or 'the output'}: {os.strerror(error.errno or 0)}",
            "check that the place is there, and that it can be read and written",
            _FAILED,
        )
    except Exception as error:  # the last line of defence: a fault of ours, not a traceback
        if os.environ.get("JETSHARE_TRACEBACK"):
            raise
        return _report(
            f"a fault in jetshare itself: {type(error).__name__}",
            "run it again with JETSHARE_TRACEBACK=1 and report what it prints",
            _FAILED,
        )


def _run(argv: list[str]) -> int:
    for word in argv:
        if any("\ud800" <= char <= "\udfff" for char in word):
            # Python's stand-ins for bytes that are no text; documents and nsc.json are text.
            raise UsageError(f"{word!r} is not UTF-8", hint="write it in UTF-8")
    if argv in (["--version"], ["-v"]):
        from importlib.metadata import version

        say(f"nsc of jetshare {version('jetshare')}")
        return 0
    if argv[:1] == ["help"]:
        argv = [*argv[1:], "--help"]
    name, rest = _find(argv)
    if name not in COMMANDS:
        return _help(name)
    command = _load(name)
    flags = (*command.flags, *EVERYWHERE)
    words = parse(rest, flags, arguments=command.arguments)
    if words.on("help"):
        return _help(name)
    if words.on("interactive"):
        raise UsageError("-i: no questions are asked here", hint=f"nsc {name} --help shows flags")
    from jetshare.cli.nsc.report import render
    from jetshare.cli.nsc.world import World

    lines = list(command.run(World(words, os.environ), words) or ())
    failed = any(line.failed for line in lines)
    for line in render(lines):
        (note if failed else say)(line)
    return _FAILED if failed else 0


def _find(argv: list[str]) -> tuple[str, list[str]]:
    """The command that the words name, or the group, and the words that are left."""
    name, rest = "", list[str]()
    words = list(argv)
    while words and name not in COMMANDS:
        word = words.pop(0)
        if word.startswith("-"):
            rest.append(word)
            if words and _takes_value(word, name, words[0]):
                rest.append(words.pop(0))
            continue
        longer = f"{name} {word}".strip()
        longer = ALIASES.get(longer, longer)
        if longer not in COMMANDS and not _children(longer):
            raise _unknown(name, word)
        name = longer
    if name not in COMMANDS:
        _check_group_words(name, rest)
    return name, rest + words


def _takes_value(word: str, group: str, following: str) -> bool:
    if "=" in word:
        return False
    for flag in EVERYWHERE:
        if word in (f"--{flag.name}", f"-{flag.short}"):
            return flag.implied is None
    return following not in _children(group) and not following.startswith("-")


def _check_group_words(name: str, rest: list[str]) -> None:
    words = parse(rest, EVERYWHERE, arguments=0)
    if name and not words.on("help"):
        raise UsageError(
            f'"nsc {name}" needs a command: {", ".join(_children(name))}',
            hint=f"nsc {name} --help shows them",
        )


def _unknown(group: str, word: str) -> UsageError:
    full = f"{group} {word}".strip()
    if full in NOT_THERE:
        return UsageError(f'"nsc {full}" is not there', hint=NOT_THERE[full])
    from difflib import get_close_matches

    known = _children(group)
    near = [each for each in known if each.startswith(word)] or get_close_matches(word, known, n=1)
    where = f"nsc {group}".strip()
    return UsageError(
        f'unknown command "{word}" for "{where}"',
        hint=f'did you mean "{near[0]}"?' if near else f"{where} --help lists the commands",
    )


def _children(group: str) -> list[str]:
    start = f"{group} " if group else ""
    names = [*COMMANDS, *ALIASES]
    return list(dict.fromkeys(n[len(start) :].split()[0] for n in names if n.startswith(start)))


def _load(name: str) -> Command:
    module, attribute, _ = COMMANDS[name]
    command: Command = getattr(import_module(f"jetshare.cli.nsc.{module}"), attribute)
    return command


def _help(name: str) -> int:
    from jetshare.cli.nsc import usage

    if name in COMMANDS:
        say(usage.of_command(name, _load(name), _shown(EVERYWHERE)))
    else:
        say(usage.of_group(name))
    return 0


def _shown(flags: Sequence[Flag]) -> list[Flag]:
    return [flag for flag in flags if not flag.hidden]


def _report(message: str, hint: str, code: int) -> int:
    note(f"nsc: error: {message}")
    if hint:
        note(f"hint: {hint}")
    return code
