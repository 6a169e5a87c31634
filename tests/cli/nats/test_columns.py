from __future__ import annotations

from jetshare.cli.nats.columns import Columns, show


def test_the_form_that_nats_gives_a_report() -> None:
    report = Columns("Account Information")
    report.row("User", "u")
    report.row("Maximum Payload", 1048576)
    report.row_if("Nothing", "")
    report.row_if("Shown as", True, 0)
    report.title("Usage")
    report.title("Streams")
    report.rows("Names", ["a", "b"])
    report.line()
    report.indent(2)
    report.title("Tier:")
    report.row("R1", ["x", "y"])
    assert report.text() == (
        "Account Information\n"
        "\n"
        "             User: u\n"
        "  Maximum Payload: 1,048,576\n"
        "\n"
        "Usage:\n"
        "\n"
        "Streams:\n"
        "\n"
        "            Names: a\n"
        "                   b\n"
        "\n"
        "  Tier:\n"
        "\n"
        "                 R1: x, y"
    )


def test_values() -> None:
    assert [show(each) for each in (True, False, 1000, ["a", 1], "x", 1.5)] == [
        *("true", "false", "1,000", "a, 1", "x", "1.5")
    ]
