"""Tables in the form that nsc prints."""

from __future__ import annotations

from jetshare.cli.nsc.table import Table


def test_a_table() -> None:
    table = Table("Things", ("Name", "Count"))
    table.row("a", 1)
    table.line()
    table.row("bcd", 22)
    assert table.render() == (
        "+--------------+\n"
        "|    Things    |\n"
        "+------+-------+\n"
        "| Name | Count |\n"
        "+------+-------+\n"
        "| a    | 1     |\n"
        "+------+-------+\n"
        "| bcd  | 22    |\n"
        "+------+-------+\n"
    )


def test_a_title_that_is_wider_than_its_rows() -> None:
    table = Table("A rather long title")
    table.row("a", "b")
    assert table.render() == (
        "+---------------------+\n"
        "| A rather long title |\n"
        "+---+-----------------+\n"
        "| a | b               |\n"
        "+---+-----------------+\n"
    )


def test_two_lines_together_are_one_and_the_last_closes_the_table() -> None:
    table = Table("T")
    table.line()
    table.row("a")
    table.line()
    table.line()
    assert table.render() == "+---+\n| T |\n+---+\n| a |\n+---+\n"


def test_colours_take_no_room() -> None:
    plain, bold = Table("T"), Table("T")
    plain.row("abc")
    bold.row("\033[1mabc\033[0m")
    assert bold.render().replace("\033[1m", "").replace("\033[0m", "") == plain.render()


def test_a_list_has_its_label_once() -> None:
    table = Table("T")
    table.list("Tags", ["a", "b"])
    assert "| Tags | a |\n|      | b |" in table.render()
    assert table.rows == 2
