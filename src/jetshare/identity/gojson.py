"""JSON as Go's encoding/json writes it, and read without losing a digit.

Tokens are signed over text, so what NATS tools and jetshare write has to be the same
text: compact, with ``<``, ``>``, ``&``, U+2028 and U+2029 escaped. Numbers that Python
would round keep the digits with which they came.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring as _quote
from typing import Final, NoReturn

NESTING_LIMIT: Final = 100
"""How deep objects and arrays may lie in one another. Go stops at 10,000, Python earlier."""

_INT_DIGITS: Final = 4000  # Python converts no longer text, to keep the time bounded

# What Go escapes beyond the JSON grammar, so that the text can stand within HTML and
# JavaScript. A lone surrogate is no character; Go writes the mark of a broken one.
_ESCAPES: Final = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class Number(float):
    """A JSON number that is not a plain integer, with the text in which it came."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return (Number, (self.text,))


def loads(text: str) -> object:
    """The value of a JSON text: objects as dicts in their order, arrays as lists.

    Raises ValueError for what is not JSON (RFC 8259), for a name that stands twice in
    an object, and for text nested too deeply. A lone surrogate becomes U+FFFD, as it
    does for every Go program that reads the same text.
    """
    try:
        value: object = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos}") from None
    # Few documents have as many brackets as they may have levels.
    if text.count("[") + text.count("{") > NESTING_LIMIT and _depth(value) > NESTING_LIMIT:
        raise ValueError("nested too deeply")
    return _mended(value) if _SURROGATE_ESCAPE.search(text) else value


def dumps(value: object) -> str:
    """``value`` as compact JSON; the members of an object are written in their order.

    Raises ValueError for what JSON cannot hold, and for values nested too deeply.
    """
    parts: list[str] = []
    _write(value, parts.append, 1)
    text = "".join(parts).translate(_ESCAPES)
    return text if text.isascii() else _SURROGATE.sub(r"\\ufffd", text)


def in_order(value: object) -> object:
    """``value`` with the members of every object in the order in which Go writes a map."""
    if isinstance(value, Mapping):
        return {name: in_order(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [in_order(item) for item in value]
    return value


def _write(value: object, out: Callable[[str], None], depth: int) -> None:
    if value is None:
        out("null")
    elif value is True:
        out("true")
    elif value is False:
        out("false")
    elif isinstance(value, str):
        out(_quote(value))
    elif isinstance(value, int):
        out(int.__repr__(value))
    elif isinstance(value, float):
        out(value.text if isinstance(value, Number) else _shortest(value))
    elif depth > NESTING_LIMIT:
        raise ValueError("nested too deeply")
    elif isinstance(value, Mapping):
        before = "{"
        for name, item in value.items():
            if not isinstance(name, str):
                raise ValueError(f"a name of type {type(name).__name__} is not JSON")
            out(f"{before}{_quote(name)}:")
            _write(item, out, depth + 1)
            before = ","
        out("}" if value else "{}")
    elif isinstance(value, list | tuple):
        before = "["
        for item in value:
            out(before)
            _write(item, out, depth + 1)
            before = ","
        out("]" if value else "[]")
    else:
        raise ValueError(f"a value of type {type(value).__name__} is not JSON")


def _shortest(value: float) -> str:
    """A float as ECMAScript spells it (section 6.1.6.1.20), which is Go's way too."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is not JSON")
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # The number is 0.DIGITS times ten to the power of `point`.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return f"{sign}0"
    if not -5 <= point <= 21:
        rest = f".{digits[1:]}" if digits[1:] else ""
        return f"{sign}{digits[0]}{rest}e{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _depth(value: object) -> int:
    levels = 0
    items = [value]
    while holders := [item for item in items if isinstance(item, dict | list)]:
        levels += 1
        items = [
            inner
            for item in holders
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return levels


def _mended(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return _object([(_SURROGATE.sub("\ufffd", k), _mended(v)) for k, v in value.items()])
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def _integer(text: str) -> int | Number:
    # Zero has no sign in Python, and a number this long no integer.
    return Number(text) if text == "-0" or len(text) > _INT_DIGITS else int(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"not JSON: {text} is no number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=Number,
    parse_int=_integer,
    parse_constant=_constant,
)
