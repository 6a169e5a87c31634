"""The functions that a message's body, subject and headers may call.

natscli runs Go's templates there. These are its functions, called alone or as fields:
``{{Count}}``, ``{{.Count}}``, ``{{ Random 10 100 }}``; the rest of that language
(conditions, pipes) is not here, and a text that uses it stays as it is.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from jetshare.errors import InputError

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LETTERS = string.ascii_letters
_MOST_RANDOM = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the functions tell of: the number of the message, the time, the request.

    ``tokens`` are those of the request's subject: ``{{0}}``, ``{{1}}`` …
    """

    count: int
    now: datetime
    request: str | None = None
    tokens: tuple[str, ...] = ()


def expand(text: str, moment: Moment) -> str:
    """``text`` with every function called. Raises InputError for one that is not known."""
    if "{{" not in text:
        return text
    return _ACTION.sub(lambda action: _call(action[1], moment), text)


def _call(action: str, moment: Moment) -> str:
    name, *arguments = action.split() or [""]
    functions: dict[str, Callable[[], str]] = {
        "Count": lambda: str(moment.count),
        "Cnt": lambda: str(moment.count),
        "Unix": lambda: str(int(moment.now.timestamp())),
        "UnixNano": lambda: str(int(moment.now.timestamp() * 1e9)),
        "TimeStamp": lambda: _rfc3339(moment.now),
        "Time": lambda: _kitchen(moment.now),
        "ID": lambda: _letters(22, string.ascii_uppercase + string.digits),
    }
    if moment.request is not None:
        functions["Request"] = lambda: moment.request or ""
    functions |= {str(number): partial(str, token) for number, token in enumerate(moment.tokens)}
    called = name.removeprefix(".")
    if called == "Random":
        return _random(action, arguments)
    if called not in functions or arguments:
        raise InputError(
            f"there is no template function {{{{{action}}}}}",
            hint=f"there are {', '.join(functions)} and Random MIN MAX;"
            " --no-templates turns them off",
        )
    return functions[called]()


def _random(action: str, arguments: Sequence[str]) -> str:
    numbers = [int(each) for each in arguments if each.isascii() and each.isdigit()]
    if len(arguments) != 2 or len(numbers) != 2 or not numbers[0] <= numbers[1] <= _MOST_RANDOM:
        raise InputError(f"{{{{{action}}}}} cannot be read", hint="write {{ Random 10 100 }}")
    least, most = numbers
    return _letters(least + secrets.randbelow(most - least + 1), _LETTERS)


def _letters(count: int, of: str) -> str:
    return "".join(secrets.choice(of) for _ in range(count))


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _kitchen(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M%p}"
