"""What was done, line by line, as nsc says it: ``[ OK ] added account "A"``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jetshare.identity.record import record

_MARKS = {"ok": "[ OK ]", "warning": "[WARN]", "error": "[ERR ]", "server": ">"}
_INDENT = " " * 7


@record
class Line:
    level: str
    text: str
    below: tuple[Line, ...] = ()

    @property
    def failed(self) -> bool:
        return self.level == "error" or any(line.failed for line in self.below)


def ok(text: str, *below: Line) -> Line:
    return Line(level="ok", text=text, below=below)


def warning(text: str, *below: Line) -> Line:
    return Line(level="warning", text=text, below=below)


def error(text: str, *below: Line) -> Line:
    return Line(level="error", text=text, below=below)


def server(text: str) -> Line:
    """Something that a server said of itself."""
    return Line(level="server", text=text)


def render(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield from _render(line, "")


def _render(line: Line, indent: str) -> Iterator[str]:
    mark = _MARKS[line.level]
    if line.below and line.level == "ok" and line.failed:
        mark = _MARKS["error"]
    text = line.text.replace("\n", f"\n{indent}{_INDENT}")
    yield f"{indent}{mark} {text}{':' if line.below else ''}"
    for each in line.below:
        yield from _render(each, indent + _INDENT)
