from __future__ import annotations

import re
from pathlib import Path

from support.nats_face import House, Nats


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


def test_a_connection(nats: Nats, offline: Nats) -> None:
    words = ("server", "check", "connection")
    done = nats.ok(*words)
    assert done.stdout.startswith("OK Connection OK:connected to nats://127.0.0.1:")
    assert re.search(r"OK:rtt time \S+ OK:round trip took \S+s \| connect_time=", done.stdout)
    late = nats(*words, "--connect-critical", "1ns", "--rtt-warn", "1ns", "--req-critical", "0")
    assert late.exit == 2
    assert "Crit:connected to nats://127.0.0.1" in late.stdout
    assert "connect time exceeded 1e-09 Warn:rtt time exceeded 1e-09 OK:round" in late.stdout
    warned = nats(*words, "--req-warn", "1ns", "--format", "json")
    assert warned.exit == 1
    assert [each["name"] for each in warned.json()["perf_data"]] == [
        "connect_time",
        "rtt",
        "request_time",
    ]
    gone = offline("-s", "nats://127.0.0.1:1", *words)
    assert (gone.exit, gone.stderr) == (2, "")
    assert "Crit:connection failed: nats://127.0.0.1:1" in gone.stdout


def test_a_connection_that_may_not_listen_to_itself(offline: Nats, at_home: House) -> None:
    done = offline(*at_home.words("LIMITED"), "--inbox-prefix", "closed", "server", "check", "conn")
    assert done.exit == 2
    assert "Crit:connection failed: " in done.stdout


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
