from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.nats_face import Nats

DEFAULTS = {
    "retention": "limits",
    "max_consumers": -1,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_age": 0,
    "max_msgs_per_subject": -1,
    "max_msg_size": -1,
    "discard": "old",
    "storage": "file",
    "num_replicas": 1,
    "duplicate_window": 120_000_000_000,
    "allow_direct": True,
}


def drafted(nats: Nats, path: Path, *words: str) -> dict[str, Any]:
    """The configuration that the words describe, without a server."""
    nats.ok(*words, "--output", str(path))
    config: dict[str, Any] = json.loads(path.read_text())
    return config


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    return tmp_path / "draft.json"


def test_what_is_not_said_has_nats_defaults(offline: Nats, draft: Path) -> None:
    config = drafted(offline, draft, "str", "add", "S", "--subjects", "a.>,b c", "--defaults")
    assert config == {"name": "S", "subjects": ["a.>", "b", "c"], **DEFAULTS}


FLAGS: list[tuple[list[str], dict[str, object]]] = [
    (["--description", "x"], {"description": "x"}),
    (["--storage", "m"], {"storage": "memory"}),
    (["--retention", "WORK"], {"retention": "workqueue"}),
    (["--discard", "New"], {"discard": "new"}),
    (["--discard-per-subject"], {"discard_new_per_subject": True, "discard": "new"}),
    (["--no-ack"], {"no_ack": True}),
    (["--replicas", "3"], {"num_replicas": 3}),
    (["--max-age", "1d"], {"max_age": 86_400_000_000_000}),
    (["--max-age", "-1"], {"max_age": 0}),
    (["--max-age", "1m"], {"max_age": 60_000_000_000, "duplicate_window": 60_000_000_000}),
    (["--max-bytes", "1GB"], {"max_bytes": 1 << 30}),
    (["--max-msg-size", "1KB"], {"max_msg_size": 1024}),
    (
        ["--max-msgs", "5", "--max-msgs-per-subject", "2"],
        {"max_msgs": 5, "max_msgs_per_subject": 2},
    ),
    (["--max-consumers", "7"], {"max_consumers": 7}),
    (["--dupe-window", "5s"], {"duplicate_window": 5_000_000_000}),
    (["--compression", "s2"], {"compression": "s2"}),
    (["--first-sequence", "9"], {"first_seq": 9}),
    (["--no-allow-direct"], {"allow_direct": False}),
    (["--allow-rollup", "--deny-delete"], {"allow_rollup_hdrs": True, "deny_delete": True}),
    (["--deny-purge", "--allow-msg-ttl"], {"deny_purge": True, "allow_msg_ttl": True}),
    (["--tag", "a", "--tag", "b"], {"placement": {"tags": ["a", "b"]}}),
    (["--cluster", "c"], {"placement": {"cluster": "c"}}),
    (["--metadata", "k=v", "--metadata", "l:w"], {"metadata": {"k": "v", "l": "w"}}),
    (
        ["--transform-source", "a.*", "--transform-destination", "b.$1"],
        {"subject_transform": {"src": "a.*", "dest": "b.$1"}},
    ),
    (
        ["--republish-source", ">", "--republish-destination", "r.>", "--republish-headers"],
        {"republish": {"src": ">", "dest": "r.>", "headers_only": True}},
    ),
    (
        ["--limit-consumer-inactive", "1h", "--limit-consumer-max-pending", "5"],
        {"consumer_limits": {"inactive_threshold": 3_600_000_000_000, "max_ack_pending": 5}},
    ),
    (["--source", "A", "--source", '{"name":"B"}'], {"sources": [{"name": "A"}, {"name": "B"}]}),
]


@pytest.mark.parametrize(("words", "fields"), FLAGS, ids=lambda each: " ".join(each))
def test_flags_are_fields(
    offline: Nats, draft: Path, words: list[str], fields: dict[str, object]
) -> None:
    config = drafted(offline, draft, "str", "add", "S", "--subjects", "s", *words)
    assert config == {"name": "S", "subjects": ["s"], **DEFAULTS, **fields}


def test_a_mirror_has_neither_subjects_nor_duplicates(offline: Nats, draft: Path) -> None:
    config = drafted(offline, draft, "str", "add", "M", "--mirror", "S")
    expected = {name: value for name, value in DEFAULTS.items() if name != "duplicate_window"}
    assert config == {"name": "M", "mirror": {"name": "S"}, **expected}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the stream has no name"),
        (["S"], "the stream has no subjects"),
        (["S", "--subjects", "s", "--transform-source", "a"], "belong together"),
        (["S", "--subjects", "s", "--republish-headers"], "of no use alone"),
        (["S", "--mirror", "{}"], "describes no stream"),
        (["--config", "/no/such.json"], "/no/such.json cannot be read"),
    ],
)
def test_what_is_no_stream(offline: Nats, words: list[str], message: str) -> None:
    done = offline("str", "add", *words)
    assert (done.exit, done.stdout) == (2, "")
    assert message in done.stderr


def test_flags_go_before_a_file_and_unknown_fields_pass(offline: Nats, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(
        json.dumps(
            {
                "name": "F",
                "subjects": ["f"],
                "max_age": 5,
                "placement": {"cluster": "c", "preferred": "n1"},
                "from_the_future": {"deep": [1]},
            }
        )
    )
    config = drafted(
        offline,
        tmp_path / "draft.json",
        *("str", "add", "G", "--config", str(file), "--max-age", "1s", "--tag", "t"),
    )
    assert config == {
        "name": "G",
        "subjects": ["f"],
        "max_age": 1_000_000_000,
        "placement": {"cluster": "c", "preferred": "n1", "tags": ["t"]},
        "from_the_future": {"deep": [1]},
    }


def test_one_from_a_file_and_one_from_its_info(nats: Nats, stream: str, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    first, second = f"{stream}-A", f"{stream}-B"
    file.write_text(
        json.dumps({"name": first, "subjects": [f"{first}.>"], "max_age": 3_600_000_000_000})
    )
    done = nats("str", "add", "--config", str(file))
    assert done.exit == 0
    assert done.stdout.startswith(f"Stream {first} was created\n\nInformation for Stream {first}")
    assert "Maximum Age: 1h0m0s" in done.stdout
    file.write_text(nats.ok("str", "info", first, "-j").stdout)
    made = nats.ok(
        *("str", "add", second, "--config", str(file), "--subjects", second, "--json")
    ).json()
    assert (made["config"]["name"], made["config"]["subjects"]) == (second, [second])
    assert made["config"]["max_age"] == 3_600_000_000_000


def test_a_server_is_asked_to_judge_what_it_alone_knows(nats: Nats, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"name": "BAD", "subjects": ["bad"], "max_age": "1h"}))
    done = nats("str", "add", "--config", str(file))
    assert done.exit == 1
    assert "nats: error: " in done.stderr
    assert "BAD" not in nats.ok("str", "ls", "-n").stdout.split()


def test_another_of_the_same_name_is_refused(nats: Nats, stream: str) -> None:
    done = nats("str", "add", stream, "--subjects", f"{stream}.other")
    assert done.exit == 1
    assert "stream name already in use with a different configuration (10058)" in done.stderr


def test_a_name_that_is_none(nats: Nats) -> None:
    for words in (["add", "a.b", "--subjects", "x"], ["info", "a b"], ["rm", ">", "-f"]):
        done = nats("str", *words)
        assert (done.exit, done.stdout) == (2, "")
        assert "stream name" in done.stderr


def test_editing_changes_what_is_said_and_nothing_else(nats: Nats, stream: str) -> None:
    nats.ok("str", "edit", stream, "-f", "--no-ack", "--metadata", "k=v", "--deny-purge")
    before = nats.ok("str", "info", stream, "-j").json()["config"]
    dry = nats("str", "edit", stream, "--max-age", "1h", "--dry-run")
    assert dry.exit == 1
    assert dry.stdout == ("Differences (-old +new):\n- max_age: 0\n+ max_age: 3600000000000\n")
    refused = nats("str", "edit", stream, "--max-age", "1h")
    assert "cannot ask for confirmation without a terminal" in refused.stderr
    assert nats.ok("str", "info", stream, "-j").json()["config"] == before
    done = nats("str", "edit", stream, "--max-age", "1h", "-f")
    assert f"Stream {stream} was updated" in done.stdout
    # The real tool sets no_ack to false here: its flag has a default.
    after = nats.ok("str", "info", stream, "-j").json()["config"]
    assert after == before | {"max_age": 3_600_000_000_000}
    assert nats("str", "edit", stream, "--max-age", "1h", "-f").stdout == (
        "No difference in configuration\n"
    )
    assert nats("str", "edit", stream, "--max-age", "1h", "--dry-run").exit == 0


def test_editing_by_a_file_and_taking_things_away(nats: Nats, stream: str, tmp_path: Path) -> None:
    words = ("--republish-source", ">", "--republish-destination", f"again.{stream}.>")
    nats.ok("str", "edit", stream, "-f", *words)
    assert f"Republishing: > to again.{stream}.>" in nats.ok("str", "info", stream).stdout
    file = tmp_path / "c.json"
    file.write_text(nats.ok("str", "info", stream, "-j").stdout)
    done = nats.ok(
        *("str", "edit", stream, "--config", str(file), "--no-republish", "-f", "--json")
    )
    assert "republish" not in done.json()["config"]


def test_lists(nats: Nats, stream: str) -> None:
    nats.ok("str", "add", f"KV_{stream}", "--subjects", f"$KV.{stream}.>")
    assert stream in nats.ok("str", "ls", "-n").stdout.splitlines()
    assert nats.ok("str", "ls", "--subject", f"{stream}.x", "-j").json() == [stream]
    shown = nats.ok("str", "ls").stdout
    assert f"│ {stream} " in shown
    assert f"KV_{stream}" not in shown
    for words in (("-a", "ls"), ("ls", "-a"), ("ls", "--all")):
        assert f"KV_{stream}" in nats.ok("str", *words).stdout
    report = nats.ok("str", "report", "--subject", f"{stream}.x").stdout
    assert f"│ {stream} " in report
    assert "Stream Report" in report
    assert nats.ok("str", "ls", "--subject", "nobody.x").stdout == "No Streams defined\n"


def test_subjects(nats: Nats, stream: str) -> None:
    assert nats.ok("str", "subjects", stream).stdout == "No subjects found matching >\n"
    for subject, count in (("a", "3"), ("b", "1"), ("c", "2")):
        nats.ok("pub", f"{stream}.{subject}", "x", "--count", count, "-J")
    a, b, c = (f"{stream}.{each}" for each in "abc")
    counts = nats.ok("str", "subjects", stream, "-j").json()
    assert counts == {a: 3, b: 1, c: 2}
    names = nats.ok("str", "subj", stream, "--names").stdout
    assert names.split() == [b, c, a]
    names = nats.ok("str", "subj", stream, "--names", "--sort", "name", "-R").stdout
    assert names.split() == [c, b, a]
    shown = nats.ok("str", "subjects", stream, f"{stream}.*").stdout
    assert f"3 Subjects in stream {stream}" in shown
    assert f"│ {b} │ 1 │ {c} │ 2 │ {a} │ 3 │" in " ".join(shown.split())
    nats.ok("pub", f"{stream}.{'long.' * 6}x", "x", "-J")
    one_a_line = nats.ok("str", "subjects", stream).stdout.split()
    assert one_a_line.count("Subject") == one_a_line.count("Count") == 1


def test_removing_one_message(nats: Nats, stream: str) -> None:
    nats.ok("pub", "-J", f"{stream}.a", "x", "--count", "2")
    assert "cannot ask" in nats("str", "rmm", stream, "1").stderr
    nats.ok("str", "rmm", stream, "1", "-f")
    assert nats("str", "get", stream, "1").exit == 1
    assert nats.ok("str", "get", stream, "2").exit == 0
    assert nats("str", "rmm", stream, "1", "-f").exit == 1


def test_the_state_alone(nats: Nats, stream: str) -> None:
    shown = nats.ok("str", "state", stream).stdout
    assert shown == nats.ok("str", "info", stream, "--state").stdout
    assert shown.startswith(f"State for Stream {stream} created ")
    assert nats.ok("str", "state", stream, "-j").json()["config"]["name"] == stream


def test_purging_and_removing(nats: Nats, stream: str) -> None:
    for subject in ("a", "a", "b", "b"):
        nats.ok("pub", "-J", f"{stream}.{subject}", "x")
    assert "cannot ask" in nats("str", "purge", stream).stderr
    assert nats("str", "purge", stream, "-f", "--seq", "2", "--keep", "1").exit == 2
    done = nats("str", "purge", stream, "-f", "--subject", f"{stream}.a")
    assert done.stdout.startswith(f"Purged 2 messages from {stream}\n\nState for Stream {stream}")
    kept = nats.ok("str", "purge", stream, "-f", "--keep", "1", "-j").json()
    assert (kept["purged"], kept["state"]["messages"]) == (1, 1)
    assert "cannot ask" in nats("str", "rm", stream).stderr
    assert (nats("str", "rm", stream, "-f").stdout, nats("str", "rm", stream, "-f").exit) == ("", 1)
    assert "stream not found (10059)" in nats("str", "info", stream).stderr


def test_messages_one_by_one(nats: Nats, stream: str) -> None:
    nats.ok("pub", "-J", f"{stream}.a", "hello", "-H", "A:b")
    shown = nats.ok("str", "get", stream, "1").stdout
    assert shown.startswith(f"Item: {stream}#1 received 20")
    assert f") on Subject {stream}.a\n\nHeaders:\n  A: b\n\nhello\n\n\n" in shown
    assert nats.ok("str", "get", stream, "-S", f"{stream}.a", "-j").json()["seq"] == 1
    missing = nats("str", "get", stream, "7")
    assert f"could not retrieve {stream}#7: no message found (10037)" in missing.stderr
    assert nats("str", "get", stream).exit == 2


def test_a_view_without_a_terminal_shows_all_and_makes_no_consumer(nats: Nats, stream: str) -> None:
    for number in range(12):
        nats.ok("pub", "-q", "-J", f"{stream}.{number % 2}", str(number))
    shown = nats.ok("str", "view", stream, "3")
    assert shown.stdout.count("Subject: ") == 12
    assert "Reached apparent end of data" in shown.stderr
    some = nats.ok("str", "view", stream, "--raw", "--id", "4", "--subject", f"{stream}.1")
    assert some.stdout.split() == ["3", "5", "7", "9", "11"]
    assert len(nats.ok("str", "view", stream, "--raw", "--since", "1h").stdout.split()) == 12
    assert nats.ok("str", "view", stream, "--raw", "--since", "1ns").stdout == ""
    assert nats.ok("str", "info", stream, "-j").json()["state"]["consumer_count"] == 0


def test_requests_are_traced(nats: Nats, stream: str) -> None:
    done = nats("--trace", "str", "info", stream)
    assert f">>> $JS.API.STREAM.INFO.{stream}" in done.stderr
    assert f'<<< $JS.API.STREAM.INFO.{stream}\n{{"type":' in done.stderr


def test_the_domain_and_the_prefix_of_requests(nats: Nats, stream: str) -> None:
    domain = nats("--trace", "--js-domain", "ngstest", "str", "info", stream)
    assert (domain.exit, f">>> $JS.ngstest.API.STREAM.INFO.{stream}" in domain.stderr) == (0, True)
    away = nats("--js-domain", "elsewhere", "str", "info", stream)
    assert away.exit == 1
    assert "nothing answers on $JS.elsewhere.API.STREAM.INFO" in away.stderr
    prefix = nats("str", "info", stream, "--js-api-prefix", "NO.API")
    assert f"nothing answers on NO.API.STREAM.INFO.{stream}" in prefix.stderr
    assert "imports no such service under NO.API" in prefix.stderr
