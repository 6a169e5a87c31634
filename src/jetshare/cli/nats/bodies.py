"""What is sent: the body from the line or from stdin, the headers, and their templates."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jetshare.cli.nats.output import log
from jetshare.cli.nats.templates import Moment, expand
from jetshare.errors import InputError

if TYPE_CHECKING:
    from jetshare.net.core import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as the words describe it, before its templates are expanded."""

    subject: str
    body: bytes
    headers: Headers
    templates: bool

    def message(self, number: int) -> tuple[str, bytes, Headers]:
        """The ``number``-th message; a body that is no text is sent as it is."""
        moment = Moment(count=number, now=datetime.now().astimezone())
        headers = tuple((name, expand(value, moment)) for name, value in self.headers)
        if not self.templates:
            return self.subject, self.body, headers
        subject = expand(self.subject, moment)
        if b"{{" not in self.body:
            return subject, self.body, headers
        try:
            text = self.body.decode()
        except UnicodeDecodeError:
            return subject, self.body, headers
        return subject, expand(text, moment).encode(), headers


def parse_headers(lines: Sequence[str]) -> Headers:
    """``NAME:VALUE`` of each ``-H``."""
    found = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise InputError(f'"{line}" is no header', hint="write -H NAME:VALUE")
        found.append((name.strip(), value.strip()))
    return tuple(found)


def bodies(given: str | None, *, force_stdin: bool, send_on: str, quiet: bool) -> Iterator[bytes]:
    """The body on the line; without one, stdin: whole, or with ``newline`` line by line.

    A terminal that nobody was asked to read gives one empty body.
    """
    if given is not None:
        yield given.encode("utf-8", "surrogateescape")
        return
    if sys.stdin.isatty() and not force_stdin:
        yield b""
        return
    if not quiet:
        log("Reading payload from STDIN")
    if send_on == "newline":
        for line in sys.stdin.buffer:
            yield line.rstrip(b"\r\n")
    else:
        yield sys.stdin.buffer.read()
