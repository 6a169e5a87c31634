"""Tables in the form that nsc prints: a title, a head, rows, and lines between groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COLOUR = re.compile("\033\\[[0-9;]*m")


class Table:
    """Gathers rows, then renders them all to one width."""

    def __init__(self, title: str, head: Sequence[str] = ()) -> None:
        self._title = title
        self._head = tuple(head)
        self._rows: list[tuple[str, ...] | None] = []

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(row is not None for row in self._rows)

    def row(self, *cells: object) -> None:
        self._rows.append(tuple(str(cell) for cell in cells))

    def list(self, label: str, items: Sequence[str]) -> None:
        """One row an item, the label before the first."""
        for index, item in enumerate(items):
            self.row("" if index else label, item)

    def line(self) -> None:
        """A line between groups of rows; two together are one."""
        if self._rows and self._rows[-1] is not None:
            self._rows.append(None)

    def render(self) -> str:
        rows = [row for row in (self._head, *self._rows) if row]
        count = max((len(row) for row in rows), default=1)
        widths = [
            max((_width(row[i]) for row in rows if i < len(row)), default=0) for i in range(count)
        ]
        missing = _width(self._title) - (sum(widths) + 3 * (count - 1))
        if missing > 0:
            widths[-1] += missing
        line = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
        inner = sum(widths) + 3 * (count - 1)
        lines = ["+" + "-" * (inner + 2) + "+", f"| {_centre(self._title, inner)} |"]
        if self._head:
            lines += [line, _row(self._head, widths)]
        lines.append(line)
        lines += [line if row is None else _row(row, widths) for row in self._rows]
        if self._rows and self._rows[-1] is not None:
            lines.append(line)
        return "\n".join(lines) + "\n"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + " " * (width - _width(cell))
        for cell, width in zip((*cells, *[""] * len(widths)), widths, strict=False)
    ]
    return "| " + " | ".join(padded) + " |"


def _centre(text: str, width: int) -> str:
    left = (width - _width(text)) // 2
    return " " * left + text + " " * (width - _width(text) - left)


def _width(text: str) -> int:
    return len(_COLOUR.sub("", text))
