"""Tables with rounded corners, as nats draws them."""

from __future__ import annotations

from collections.abc import Sequence

Cell = str | int


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table; a column of whole numbers is right-aligned. ``title`` may be empty."""
    shown = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in (head, *shown)) for i in range(len(head))]
    room = sum(widths) + 3 * (len(widths) - 1)
    if len(title) > room:  # the last column takes what the title needs
        widths[-1] += len(title) - room
        room = len(title)
    numeric = [
        bool(rows) and all(isinstance(row[i], int) for row in rows) for i in range(len(head))
    ]

    def rule(left: str, cross: str, right: str) -> str:
        return left + cross.join("─" * (width + 2) for width in widths) + right

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        return "│ " + " │ ".join(padded) + " │"

    lines = []
    if title:
        free = room - len(title)
        centred = " " * (free - free // 2) + title + " " * (free // 2)
        lines += [rule("╭", "─", "╮"), f"│ {centred} │", rule("├", "┬", "┤")]
    else:
        lines += [rule("╭", "┬", "╮")]
    lines += [line(head), rule("├", "┼", "┤"), *map(line, shown), rule("╰", "┴", "╯")]
    return "\n".join(lines)
