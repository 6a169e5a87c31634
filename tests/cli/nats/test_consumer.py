from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.nats_face import Nats

PULL = {
    "deliver_policy": "all",
    "ack_policy": "explicit",
    "replay_policy": "instant",
    "max_deliver": -1,
}
NAMED = {"name": "C", "durable_name": "C"}


def drafted(nats: Nats, path: Path, *words: str) -> dict[str, Any]:
    """The configuration that the words describe, without a server."""
    nats.ok("con", "add", "S", *words, "--output", str(path))
    config: dict[str, Any] = json.loads(path.read_text())
    return config


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return tmp_path / "draft.json"


FLAGS: list[tuple[list[str], dict[str, object]]] = [
    ([], {}),
    (["--pull", "--defaults"], {}),
    (["--description", "x"], {"description": "x"}),
    (["--ack", "All"], {"ack_policy": "all"}),
    (["--ack", "none", "--max-deliver", "5"], {"ack_policy": "none"}),
    (["--max-deliver", "5"], {"max_deliver": 5}),
    (["--max-pending", "100"], {"max_ack_pending": 100}),
    (["--max-waiting", "9"], {"max_waiting": 9}),
    (["--max-pull-batch", "3", "--max-pull-bytes", "9"], {"max_batch": 3, "max_bytes": 9}),
    (["--max-pull-expire", "5s"], {"max_expires": 5_000_000_000}),
    (["--wait", "1m"], {"ack_wait": 60_000_000_000}),
    (["--wait=-1s"], {}),
    (["--sample", "50"], {"sample_freq": "50"}),
    (["--sample", "0"], {}),
    (["--filter", "a.>"], {"filter_subject": "a.>"}),
    (["--filter", "a", "--filter", "b"], {"filter_subjects": ["a", "b"]}),
    (["--deliver", "new"], {"deliver_policy": "new"}),
    (["--deliver", "last"], {"deliver_policy": "last"}),
    (["--deliver", "subject"], {"deliver_policy": "last_per_subject", "filter_subject": ">"}),
    (["--deliver", "42"], {"deliver_policy": "by_start_sequence", "opt_start_seq": 42}),
    (["--replay", "original"], {"replay_policy": "original"}),
    (["--inactive-threshold", "1h"], {"inactive_threshold": 3_600_000_000_000}),
    (["--memory", "--replicas", "3"], {"mem_storage": True, "num_replicas": 3}),
    (["--headers-only"], {"headers_only": True}),
    (["--metadata", "k=v"], {"metadata": {"k": "v"}}),
    (
        ["--backoff", "linear", "--backoff-steps", "3", "--backoff-min", "1s", "--backoff-max=4s"],
        {"backoff": [1_000_000_000, 2_000_000_000, 3_000_000_000], "max_deliver": 4},
    ),
    (
        ["--pinned-groups", "g", "--pinned-ttl", "10s"],
        {
            "priority_policy": "pinned_client",
            "priority_groups": ["g"],
            "priority_timeout": 10_000_000_000,
        },
    ),
    (["--overflow-groups", "g"], {"priority_policy": "overflow", "priority_groups": ["g"]}),
    (["--heartbeat", "-1"], {}),
]


@pytest.mark.parametrize(("words", "fields"), FLAGS, ids=lambda each: " ".join(each))
def test_flags_are_fields(
    offline: Nats, draft: Path, words: list[str], fields: dict[str, object]
) -> None:
    assert drafted(offline, draft, "C", *words) == {**PULL, **fields, **NAMED}


def test_one_that_pushes(offline: Nats, draft: Path) -> None:
    words = ("--target", "t", "--deliver-group", "g", "--heartbeat", "5s", "--flow-control")
    assert drafted(offline, draft, "C", *words) == {
        **PULL,
        **NAMED,
        "ack_policy": "none",
        "deliver_subject": "t",
        "deliver_group": "g",
        "idle_heartbeat": 5_000_000_000,
        "flow_control": True,
    }


def test_from_a_time_on(offline: Nats, draft: Path) -> None:
    config = drafted(offline, draft, "C", "--deliver", "1h")
    start = datetime.fromisoformat(config.pop("opt_start_time"))
    assert abs(datetime.now(UTC) - timedelta(hours=1) - start) < timedelta(minutes=1)
    assert config == {**PULL, **NAMED, "deliver_policy": "by_start_time"}


def test_an_ephemeral_one_has_a_name_and_is_not_durable(offline: Nats, draft: Path) -> None:
    assert drafted(offline, draft, "C", "--ephemeral") == {**PULL, "name": "C"}
    assert drafted(offline, draft, "--ephemeral")["name"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the consumer has no name"),
        (["C", "--pull", "--target", "t"], "exclude one another"),
        (["C", "--bps", "5"], "--bps is of push consumers"),
        (["C", "--heartbeat", "5s"], "--heartbeat is of push consumers"),
        (["C", "--deliver", "soon"], '"soon" is no duration'),
        (["C", "--pinned-groups", "a", "--overflow-groups", "b"], "one priority policy"),
        (["C", "--backoff", "linear", "--backoff-min", "1h"], "--backoff-min"),
        (["C", "--pause", "soon"], "neither a time nor a duration"),
        (["C", "--sample", "101"], "101 is not in the range"),
    ],
)
def test_what_is_no_consumer(offline: Nats, words: list[str], message: str) -> None:
    done = offline("con", "add", "S", *words)
    assert (done.exit, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("config", "words", "expected"),
    [
        ({"durable_name": "D"}, [], {"name": "D", "durable_name": "D"}),
        ({"durable_name": "D"}, ["E"], {"name": "E", "durable_name": "E"}),
        ({"name": "N"}, [], {"name": "N"}),  # ephemeral, as the server takes it
        ({}, ["E"], {"name": "E", "durable_name": "E"}),
        (
            {"durable_name": "D", "ack_wait": 5, "from_the_future": [1], "filter_subjects": ["a"]},
            ["--wait", "1s", "--filter", "b"],
            {
                "name": "D",
                "durable_name": "D",
                "ack_wait": 1_000_000_000,
                "from_the_future": [1],
                "filter_subject": "b",
            },
        ),
    ],
)
def test_files(
    offline: Nats,
    tmp_path: Path,
    config: dict[str, object],
    words: list[str],
    expected: dict[str, object],
) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps(config))
    assert drafted(offline, tmp_path / "d.json", *words, "--config", str(file)) == expected


def test_one_is_made_shown_and_removed(nats: Nats, stream: str) -> None:
    done = nats("con", "add", stream, "C", "--defaults", "--pull")
    assert done.exit == 0
    assert done.stdout.startswith(f"Information for Consumer {stream} > C created ")
    for line in ("Pull Mode: true", "Ack Policy: Explicit", "Waiting Pulls: 0 of maximum 512"):
        assert f"{line}\n" in done.stdout
    assert nats.ok("con", "info", stream, "C").stdout == done.stdout
    assert nats.ok("con", "info", stream, "C", "-j").json()["name"] == "C"
    shown = nats.ok("con", "state", stream, "C").stdout
    assert shown.startswith(f"State for Consumer {stream} > C created ")
    assert "Waiting Pulls: 0 of maximum 512\n" in shown
    assert "Pull Mode" not in shown
    assert nats.ok("con", "state", stream, "C", "-j").json()["name"] == "C"
    assert nats.ok("con", "ls", stream, "-n").stdout == "C\n"
    assert nats.ok("con", "ls", stream, "-j").json() == ["C"]
    assert "│ C    │" in nats.ok("con", "ls", stream).stdout
    assert "│ C        │ Pull │ Explicit   │ 30.00s" in nats.ok("con", "report", stream).stdout
    raw = nats.ok("con", "report", stream, "-r", "-a").stdout
    assert "│ Explicit   │ 30s      │           0 │" in raw
    assert "cannot ask" in nats("con", "rm", stream, "C").stderr
    nats.ok("con", "rm", stream, "C", "-f")
    assert nats.ok("con", "ls", stream).stdout == "No Consumers defined\n"
    assert "consumer not found (10014)" in nats("con", "rm", stream, "C", "-f").stderr
    assert "stream not found (10059)" in nats("con", "info", "NONE", "C").stderr


def test_one_from_the_json_of_the_guide_with_nanoseconds(
    nats: Nats, stream: str, tmp_path: Path
) -> None:
    file = tmp_path / "c.json"
    file.write_text(
        json.dumps(
            {
                "durable_name": f"{stream}-C1",
                "ack_policy": "explicit",
                "ack_wait": 30_000_000_000,
                "deliver_policy": "all",
                "max_ack_pending": 100,
            }
        )
    )
    assert "Ack Wait: 30.00s" in nats.ok("con", "add", stream, "--config", str(file)).stdout
    file.write_text(nats.ok("con", "info", stream, f"{stream}-C1", "-j").stdout)
    again = nats.ok("con", "add", stream, "C2", "--config", str(file), "-j").json()
    assert (again["name"], again["config"]["max_ack_pending"]) == ("C2", 100)


def test_adding_does_not_change_one_that_is_there(nats: Nats, stream: str) -> None:
    """The real tool's ``add`` changes it."""
    nats.ok("con", "add", stream, "C", "--wait", "30s")
    assert nats("con", "add", stream, "C", "--wait", "30s").exit == 0
    done = nats("con", "add", stream, "C", "--wait", "5s")
    assert done.exit == 1
    assert "consumer already exists (10148)" in done.stderr
    assert nats.ok("con", "info", stream, "C", "-j").json()["config"]["ack_wait"] == 30_000_000_000


def test_editing(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "C", "--metadata", "k=v", "--filter", f"{stream}.a")
    before = nats.ok("con", "info", stream, "C", "-j").json()["config"]
    words = ("con", "edit", stream, "C", "--wait", "5s", "--filter", f"{stream}.b")
    dry = nats(*words, "--dry-run")
    assert (dry.exit, "- ack_wait: 30000000000\n+ ack_wait: 5000000000\n" in dry.stdout) == (
        1,
        True,
    )
    assert "cannot ask" in nats(*words).stderr
    assert nats.ok("con", "info", stream, "C", "-j").json()["config"] == before
    after = nats.ok(*words, "-f", "-j").json()["config"]
    assert after == before | {"ack_wait": 5_000_000_000, "filter_subject": f"{stream}.b"}
    assert nats(*words, "-f").stdout == "No difference in configuration\n"
    assert "consumer not found" in nats("con", "edit", stream, "D", "--wait", "5s", "-f").stderr


def test_pausing_and_resuming(nats: Nats, stream: str) -> None:
    nats.ok("con", "add", stream, "C")
    assert "consumer is not paused" in nats("con", "resume", stream, "C", "-f").stderr
    done = nats("con", "pause", stream, "C", "1h", "-f")
    assert done.stdout.startswith(f"Paused {stream} > C until 2")
    assert done.stdout.endswith("(1h0m0s)\n")
    assert "(1h0m0s remaining)" in nats.ok("con", "info", stream, "C").stdout
    assert "cannot ask" in nats("con", "resume", stream, "C").stderr
    done = nats("con", "resume", stream, "C", "-f")
    assert f"Consumer {stream} > C was resumed while previously paused until 2" in done.stdout
    past = nats("con", "pause", stream, "C", "2020-01-01 00:00:00", "-f")
    assert (past.exit, "was not paused" in past.stderr) == (1, True)
