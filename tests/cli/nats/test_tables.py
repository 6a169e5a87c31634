from __future__ import annotations

from jetshare.cli.nats.tables import table


def test_as_nats_draws_it() -> None:
    drawn = table("Known Contexts", ["Name", "Description"], [["A", "x y"], ["B*", ""]])
    assert drawn.splitlines() == [
        "╭────────────────────╮",
        "│   Known Contexts   │",
        "├──────┬─────────────┤",
        "│ Name │ Description │",
        "├──────┼─────────────┤",
        "│ A    │ x y         │",
        "│ B*   │             │",
        "╰──────┴─────────────╯",
    ]


def test_numbers_stand_right_and_a_long_title_widens_the_last_column() -> None:
    drawn = table("A title of twenty-three", ["N", "W"], [[5, "a"], [100, "b"]])
    assert drawn.splitlines()[1:7] == [
        "│ A title of twenty-three │",
        "├─────┬───────────────────┤",
        "│   N │ W                 │",
        "├─────┼───────────────────┤",
        "│   5 │ a                 │",
        "│ 100 │ b                 │",
    ]


def test_without_a_title() -> None:
    assert table("", ["A"], []).splitlines()[0] == "╭───╮"
