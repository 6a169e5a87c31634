from __future__ import annotations

from pathlib import Path

from jetshare.server import log

LINES = """\
[4711] 2026/01/31 10:00:00.123456 [INF] Starting nats-server

[4711] 2026/01/31 10:00:00.123457 [FTL] Can't start JetStream: no space left
[4711] 2026/01/31 10:00:00.123458 [INF] Server Exiting..
"""


def test_lines_come_without_time_and_blanks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(LINES)
    assert log.last_lines(path)[-2:] == (
        "[FTL] Can't start JetStream: no space left",
        "[INF] Server Exiting..",
    )


def test_lines_of_an_earlier_run_are_not_told(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(LINES)
    before = log.size(path)
    assert log.last_lines(path, since=before) == ()
    with path.open("a") as file:
        file.write("nats-server: unknown field\n")
    assert log.last_lines(path, since=before) == ("nats-server: unknown field",)


def test_a_seed_does_not_get_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    seed, private, public = "SU" + "A" * 56, "P" + "B" * 57, "U" + "C" * 55
    path.write_text(f"nats-server: seed {seed} or {private} of {public}\n")
    assert log.last_lines(path) == (f"nats-server: seed <secret> or <secret> of {public}",)


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("x" * 1_000_000 + "\nthe end\n" + "y" * 1000 + "\n")
    end, long = log.last_lines(path)[-2:]
    assert end == "the end"
    assert long == "y" * 300 + "…"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert log.size(tmp_path / "none") == 0
    assert log.last_lines(tmp_path / "none") == ()


def test_the_cause_is_the_fatal_line_or_the_last() -> None:
    assert log.cause(("[INF] a", "[FTL] why", "[INF] exiting")) == "why"
    assert log.cause(("nats-server: why", "[INF] exiting")) == "why"
    assert log.cause(("panic: why", "", "goroutine 1 [running]:")) == "panic: why"
    assert log.cause(("[INF] a", "[INF] b")) == "[INF] b"
    assert log.cause(()) == "it said nothing"
