"""Reports in nats' form: labels right-aligned before a colon, in titled sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jetshare.cli.nats.figures import show_number


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    value: str
    indent: int


@dataclass(frozen=True, slots=True)
class _Title:
    text: str
    indent: int


class Columns:
    """Rows are added in order; ``text`` puts them together."""

    def __init__(self, heading: str) -> None:
        self._heading = heading
        self._rows: list[_Row | _Title | str] = []
        self._indent = 0

    def row(self, label: str, value: object) -> None:
        self._rows.append(_Row(label, show(value), self._indent))

    def row_if(self, label: str, value: object, wanted: object = None) -> None:
        """The row, where ``wanted`` (without it, the value itself) is not empty."""
        if value if wanted is None else wanted:
            self.row(label, value)

    def rows(self, label: str, values: Sequence[object]) -> None:
        """Values one under the other, the label beside the first."""
        for value in values:
            self.row(label, value)
            label = ""

    def mapping(self, values: Mapping[str, object]) -> None:
        for name, value in sorted(values.items()):
            self.row(name, value)

    def title(self, text: str) -> None:
        self._rows.append(_Title(text if text.endswith(":") else f"{text}:", self._indent))

    def line(self, text: str = "") -> None:
        self._rows.append(text)

    def indent(self, width: int) -> None:
        """Move all that follows to the right; 0 moves it back."""
        self._indent = width

    def text(self) -> str:
        width = max((len(row.label) for row in self._rows if isinstance(row, _Row)), default=0)
        lines = [self._heading, ""]
        before: _Row | _Title | str | None = None
        for row in self._rows:
            match row:
                case _Row(label, value, indent):
                    left = f"{label.rjust(width + 2)}:" if label else " " * (width + 3)
                    lines.append(f"{' ' * indent}{left} {value}")
                case _Title(text, indent):
                    if isinstance(before, _Row) or (isinstance(before, str) and before):
                        lines.append("")
                    lines += [" " * indent + text, ""]
                case str(text):
                    if text or not isinstance(before, _Title):
                        lines.append(text)
            before = row
        return "\n".join(lines)


def show(value: object) -> str:
    """A value in a report: numbers with commas, lists joined, ``true`` and ``false``."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return show_number(value)
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)
