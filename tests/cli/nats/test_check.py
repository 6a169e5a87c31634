from __future__ import annotations

from pathlib import Path

from support.nats_face import Nats


def test_a_stream(nats: Nats, stream: str) -> None:
    words = ("server", "check", "stream", "--stream", stream)
    nats.ok("pub", "-J", f"{stream}.a", "x")
    done = nats(*words)
    assert (done.exit, done.stdout) == (0, f"OK {stream} OK:0 sources | sources=0\n")
    assert nats(*words, "--msgs-warn", "5").exit == 1
    done = nats(*words, "--msgs-critical", "5")
    assert (done.exit, done.stdout.startswith(f"CRITICAL {stream} Crit:1 messages")) == (2, True)
    nats.ok("str", "edit", stream, "-f", "--metadata", "io.nats.monitor.msgs-critical=5")
    assert nats(*words).exit == 2
    assert nats(*words, "--msgs-critical", "0").exit == 0


def test_a_consumer(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "C", "--metadata", "io.nats.monitor.unprocessed-critical=1")
    nats.ok("pub", "-J", f"{stream}.a", "x")
    words = ("server", "check", "consumer", "--stream", stream, "--consumer", "C")
    done = nats(*words)
    assert done.exit == 2
    assert done.stdout.startswith(f"CRITICAL {stream}_C Crit:Unprocessed Messages: 1 | ")
    assert "pending=1;;1" in done.stdout
    assert nats(*words, "--unprocessed-critical", "2").exit == 0


def test_what_is_not_there_is_critical(nats: Nats, stream: str) -> None:
    for words, why in (
        (["consumer", "--stream", stream, "--consumer", "N"], "consumer not found (10014)"),
        (["stream", "--stream", "NONE"], "stream not found (10059)"),
    ):
        done = nats("server", "check", *words)
        assert (done.exit, done.stderr) == (2, "")
        assert f"Crit:could not load info: {why}" in done.stdout


def test_forms_before_and_after_the_check_and_a_file(
    nats: Nats, stream: str, tmp_path: Path
) -> None:
    words = ("stream", "--stream", stream)
    before = nats.ok("server", "check", "--format", "json", *words)
    assert before.json()["status"] == "OK"
    assert nats.ok("server", "check", *words, "--format", "json").json() == before.json()
    out = tmp_path / "out"
    done = nats.ok(
        *("server", "check", *words, "--format", "prometheus", "--namespace", "mine"),
        *("--outfile", out),
    )
    assert done.stdout == ""
    assert f'mine_stream_status_code{{item="{stream}",status="OK"}} 0' in out.read_text()
