"""The real nats beside this one: contexts, streams and shares that either of them made."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jetshare.identity.creds import format_creds
from support.nats_face import PREFIX, SHARE, SUBJECT, House, Nats, house
from support.plain_server import plain_server
from support.scene import scene
from support.seed_guard import SeedGuard

pytestmark = pytest.mark.go

TLS = Path(__file__).parents[1] / "cli" / "nats" / "tls"
_CLOCK = re.compile(r"^(\[?)\d\d:\d\d:\d\d", re.MULTILINE)


@dataclass(frozen=True)
class Real:
    """``real("ctx", "ls")`` runs the real tool to its end, on the same contexts as ours.

    It finds them by XDG_CONFIG_HOME alone: it does not look at HOME.
    """

    program: Path
    guard: SeedGuard
    always: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [self.program, *self.always, *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done
        self.guard.watch_output("the stdout of the real nats", done.stdout)
        return done.stdout

    def at(self, *words: str) -> Real:
        return Real(self.program, self.guard, words)


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture
def ours(seed_guard: SeedGuard, fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Nats:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(fresh_home / "config"))
    return Nats(seed_guard)


@pytest.fixture
def real(real_nats: Path, ours: Nats) -> Real:
    return Real(real_nats, ours.guard)


CONTEXTS = [
    [],
    ["--server", "nats://a,nats://b", "--description", "a <b> & ünï"],
    ["--user", "u", "--password", "p", "--tlsfirst"],
    ["--user", "u"],
    ["--creds", "/k/u.creds", "--js-domain", "d", "--inbox-prefix", "_I"],
    ["--nkey", "/k/u.nk", "--js-api-prefix", "A.API", "--js-event-prefix", "A.EVENT"],
    # The real tool wants these files to be there. Its --token is lost on the way, ours not.
    ["--tlscert", __file__, "--tlskey", __file__, "--tlsca", __file__, "--colors", "cyan"],
    ["--socks-proxy", "socks5://h", "--jwt", "env://J", "--seed", "env://S"],
]


@pytest.mark.parametrize("words", CONTEXTS, ids=lambda words: words[0] if words else "nothing")
def test_contexts_are_the_same_byte_for_byte(
    ours: Nats, real: Real, fresh_home: Path, words: list[str]
) -> None:
    ours.ok("ctx", "add", "OURS", *words)
    real("ctx", "add", "REAL", *words)
    folder = fresh_home / "config/nats/context"
    assert (folder / "OURS.json").read_bytes() == (folder / "REAL.json").read_bytes()
    assert real("ctx", "ls", "--names") == ours.ok("ctx", "ls", "--names").stdout
    theirs = json.loads(real("ctx", "info", "OURS", "-j"))
    mine = ours.ok("ctx", "info", "OURS", "-j").json()
    masked = {name for name in theirs if mine[name] != theirs[name]}
    assert masked <= {"password", "token"}


def test_each_uses_what_the_other_selected(ours: Nats, real: Real, at_home: House) -> None:
    ours.ok("ctx", "add", "A", *at_home.words(), "--select")
    assert "CTX-A" not in real("stream", "ls", "--names")
    ours.ok("stream", "add", "CTX-A", "--subjects", "ctx-a.>")
    assert "CTX-A" in real("stream", "ls", "--names").split()
    real("ctx", "add", "B", *at_home.words(), "--select")
    assert "B*" in ours.ok("ctx", "ls").stdout
    assert "CTX-A" in ours.ok("stream", "ls", "-n").stdout.split()
    assert ours.ok("ctx", "previous").stdout.startswith('NATS Configuration Context "A"')
    assert "A*" in real("ctx", "ls")


def test_credentials_embedded_by_either(ours: Nats, real: Real, at_home: House) -> None:
    ours.ok("ctx", "add", "OURS", *at_home.words(), "--embed")
    real("ctx", "add", "REAL", *at_home.words(), "--embed")
    try:
        assert real("--context", "OURS", "stream", "ls", "-n") is not None
        assert ours("--context", "REAL", "stream", "ls", "-n").exit == 0
    finally:  # both hold a user's key, and files are looked into
        for name in ("OURS", "REAL"):
            ours.ok("ctx", "rm", name, "-f")


def test_certificates_in_a_context_of_ours(ours: Nats, real: Real, tmp_path: Path) -> None:
    config = (
        f'tls {{ cert_file: "{TLS / "server.pem"}", key_file: "{TLS / "server-key.pem"}",'
        f' ca_file: "{TLS / "ca.pem"}", verify: true }}'
    )
    files = {"--tlsca": "ca.pem", "--tlscert": "client.pem", "--tlskey": "client-key.pem"}
    words = [word for flag, name in files.items() for word in (flag, str(TLS / name))]
    with plain_server(tmp_path / "node", config) as url:
        ours.ok("ctx", "add", "OURS", "--server", url, *words, "--select")
        assert "Connection: OK" in real("ctx", "validate", "OURS", "--connect")
        real("ctx", "add", "REAL", "--server", url, *words)
        assert "Connection: OK" in ours.ok("ctx", "validate", "REAL", "--connect").stdout


@pytest.fixture
def pair(ours: Nats, real: Real, at_home: House) -> tuple[Nats, Real]:
    """Both of them as a user of ACCTC."""
    return Nats(ours.guard, at_home.words()), real.at(*at_home.words())


STREAMS = [
    ["--subjects", "a.>,b"],
    ["--subjects", "a", "--storage", "memory", "--retention", "work", "--discard", "new"],
    ["--subjects", "a", "--max-age", "1d", "--max-bytes", "1GB", "--max-msgs", "5"],
    ["--subjects", "a", "--max-age", "1m", "--max-msg-size", "1KB", "--max-msgs-per-subject", "2"],
    ["--subjects", "a", "--no-ack", "--deny-delete", "--deny-purge", "--allow-rollup"],
    ["--subjects", "a", "--description", "x y", "--compression", "s2", "--dupe-window", "5s"],
    ["--subjects", "a", "--tag", "t", "--tag", "u", "--cluster", "c", "--replicas", "3"],
    ["--subjects", "a", "--metadata", "k=v", "--max-consumers", "5", "--no-allow-direct"],
    ["--subjects", "a", "--transform-source", "a", "--transform-destination", "b"],
    ["--subjects", "a", "--republish-source", ">", "--republish-destination", "r.>"],
    ["--subjects", "a", "--limit-consumer-inactive", "1h", "--limit-consumer-max-pending", "5"],
    ["--subjects", "a", "--allow-msg-ttl", "--subject-del-markers-ttl", "1m", "--allow-batch"],
    ["--mirror", '{"name":"M","external":{"api":"X.API","deliver":""}}'],
    ["--source", '{"name":"A","opt_start_seq":5}'],
]


@pytest.mark.parametrize("words", STREAMS, ids=" ".join)
def test_the_same_words_are_the_same_stream(
    pair: tuple[Nats, Real], tmp_path: Path, words: list[str]
) -> None:
    ours, real = pair
    ours.ok("stream", "add", "S", *words, "--defaults", "--output", tmp_path / "ours")
    real("stream", "add", "S", *words, "--defaults", "--output", tmp_path / "real")
    assert _said(tmp_path / "ours") == _said(tmp_path / "real")


CONSUMERS = [
    ["--pull"],
    ["--pull", "--ack", "all", "--wait", "1m", "--max-deliver", "5", "--max-pending", "10"],
    ["--pull", "--filter", "a", "--filter", "b", "--deliver", "new", "--replay", "original"],
    ["--pull", "--filter", "a", "--deliver", "5", "--max-waiting", "7", "--sample", "50"],
    ["--pull", "--deliver", "subject", "--headers-only", "--memory", "--replicas", "1"],
    ["--pull", "--max-pull-batch", "5", "--max-pull-expire", "5s", "--max-pull-bytes", "9"],
    ["--pull", "--backoff", "linear", "--backoff-steps", "4", "--backoff-min", "1s"],
    ["--pull", "--pinned-groups", "g", "--pinned-ttl", "10s", "--inactive-threshold", "1h"],
    ["--pull", "--description", "x", "--metadata", "k=v", "--ack", "none"],
    ["--target", "t", "--deliver-group", "g", "--ack", "explicit", "--bps", "1024"],
    ["--target", "t", "--heartbeat", "5s", "--flow-control"],
]


@pytest.mark.parametrize("words", CONSUMERS, ids=" ".join)
def test_the_same_words_are_the_same_consumer(
    pair: tuple[Nats, Real], tmp_path: Path, words: list[str]
) -> None:
    ours, real = pair
    ours("stream", "add", "WORDS", "--subjects", "words.>")
    ours.ok("con", "add", "WORDS", "C", *words, "--defaults", "--output", tmp_path / "ours")
    real("con", "add", "WORDS", "C", *words, "--defaults", "--output", tmp_path / "real")
    assert _said(tmp_path / "ours") == _said(tmp_path / "real")


def _said(path: Path) -> dict[str, Any]:
    """What a configuration says, without the zeros that stand for what is not said."""
    config: dict[str, Any] = json.loads(path.read_text())
    nothing: tuple[object, ...] = (0, "", False, None, {}, [], "none", "0001-01-01T00:00:00Z")
    said = {name: value for name, value in config.items() if value not in nothing}
    for name in ("mirror", "sources"):
        if name in said:
            said[name] = json.dumps(said[name], sort_keys=True).replace(', "deliver": ""', "")
    if said.get("durable_name") == said.get("name"):
        said.pop("name", None)
    # No acknowledgement and no deliveries again are the same, and -1 is what a server takes
    # for a missing count.
    return {name: value for name, value in said.items() if (name, value) != ("max_deliver", -1)}


def test_reports_are_the_same(pair: tuple[Nats, Real]) -> None:
    ours, real = pair
    real("stream", "add", "R", "--subjects", "r.>", "--defaults", "--metadata", "k=v")
    ours.ok("con", "add", "R", "PULL", "--pull", "--max-deliver", "5", "--filter", "r.a")
    real("con", "add", "R", "PUSH", "--target", "t", "--ack", "explicit", "--defaults")
    real("pub", "r.a", "hello", "-H", "A:b")
    for words in (
        ["stream", "info", "R"],
        ["stream", "info", "R", "--state"],
        ["stream", "state", "R"],
        ["stream", "subjects", "R"],
        ["stream", "ls", "--names"],
        ["stream", "report"],
        ["stream", "get", "R", "1", "--json"],
        ["con", "info", "R", "PULL"],
        ["con", "info", "R", "PUSH"],
        ["con", "ls", "R", "--json"],
        ["con", "state", "R", "PULL"],
        ["con", "report", "R"],
        ["server", "check", "stream", "--stream", "R", "--format", "json"],
        [
            "server",
            "check",
            "stream",
            "--stream",
            "R",
            "--msgs-warn",
            "1",
            "--format",
            "prometheus",
        ],
        ["server", "check", "consumer", "--stream", "R", "--consumer", "PULL"],
    ):
        assert _lines(ours(*words).stdout) == _lines(real(*words)), words


def _lines(text: str) -> list[str]:
    """Lines without trailing space, and without those that tell how long ago something was."""
    return [line.rstrip() for line in text.strip().splitlines() if " ago" not in line]


def test_what_info_prints_for_programs(pair: tuple[Nats, Real]) -> None:
    ours, real = pair
    ours("stream", "add", "J", "--subjects", "j.>")
    ours("con", "add", "J", "C")
    for words in (["stream", "info", "J", "-j"], ["con", "info", "J", "C", "-j"]):
        mine, theirs = ours.ok(*words).json(), json.loads(real(*words))
        for document in (mine, theirs):
            document.pop("ts")
        missing = {
            name: value
            for name, value in theirs.items()
            if name != "config" and mine.get(name) != value
        }
        assert missing == {}
        config = {
            name: value
            for name, value in theirs["config"].items()
            if value and mine["config"].get(name) != value
        }
        assert config.keys() <= {"pause_until"}  # Go's zero time, which is no time


def test_a_message_looks_the_same(pair: tuple[Nats, Real]) -> None:
    ours, real = pair
    ours("stream", "add", "M", "--subjects", "m.>")
    for name in ("OURS", "REAL"):
        ours("con", "add", "M", name, "--pull")
    real("pub", "m.a", "hello", "-H", "A:b")
    ours.ok("pub", "m.a", "plain")
    for words in ((), ("--raw",)):
        ours.ok("pub", "m.a", "more")
        mine = ours.ok("con", "next", "M", "OURS", *words).stdout
        theirs = real("con", "next", "M", "REAL", *words)
        assert _CLOCK.sub(r"\1TIME", mine) == _CLOCK.sub(r"\1TIME", theirs)
    mine, theirs = ours.ok("req", "m.a", "x").stdout, real("req", "m.a", "x")
    assert re.sub(r'"seq":\d+', "SEQ", mine) == re.sub(r'"seq":\d+', "SEQ", theirs)


def test_each_takes_the_others_info_for_a_configuration(
    pair: tuple[Nats, Real], tmp_path: Path
) -> None:
    ours, real = pair
    file = tmp_path / "info.json"
    ours("stream", "add", "I1", "--subjects", "i1.>", "--max-age", "1h", "--metadata", "k=v")
    file.write_text(ours.ok("stream", "info", "I1", "--json").stdout)
    real("stream", "add", "I2", "--config", file, "--subjects", "i2.>")
    file.write_text(real("stream", "info", "I2", "--json"))
    ours.ok("stream", "add", "I3", "--config", file, "--subjects", "i3.>")
    configs = [
        ours.ok("stream", "info", name, "-j").json()["config"] for name in ("I1", "I2", "I3")
    ]
    for config in configs:
        del config["name"], config["subjects"], config["allow_direct"]
    assert configs[0] == configs[1] == configs[2]


def test_the_real_tool_pulls_through_the_share(
    ours: Nats, real: Real, pair: tuple[Nats, Real], at_home: House
) -> None:
    provider, _ = pair
    provider("stream", "add", SHARE.stream, "--subjects", "retail.v1.restock.>")
    provider("con", "add", SHARE.stream, SHARE.consumer)
    provider.ok("req", SUBJECT, "Restock for item 5678 pronto!")
    words = [*at_home.words("ACCTB"), "--js-api-prefix", PREFIX]
    ours.ok("ctx", "add", "ACCTB", *words)
    shown = real("--context", "ACCTB", "con", "next", SHARE.stream, SHARE.consumer)
    assert "Restock for item 5678 pronto!\n\nAcknowledged message\n" in shown
    real("ctx", "add", "REAL", *words)
    provider.ok("req", SUBJECT, "again")
    done = ours("--context", "REAL", "con", "next", SHARE.stream, SHARE.consumer)
    assert "again\n\nAcknowledged message\n" in done.stdout


async def test_the_real_tool_pulls_from_a_share_that_jetshare_made(
    real: Real, tmp_path: Path
) -> None:
    async with scene(tmp_path) as shared:
        await shared.make_stream()
        await shared.publish(b"Restock for item 5678 pronto!")
        await shared.share_with("ACCTB")
        creds = tmp_path / "b.creds"
        creds.write_text(format_creds(shared.members["ACCTB"].user()))
        importer = real.at("-s", shared.servers[0].url, "--creds", str(creds))
        shown = await asyncio.to_thread(
            importer, "con", "next", SHARE.stream, SHARE.consumer, "--js-api-prefix", PREFIX
        )
        assert "Restock for item 5678 pronto!\n\nAcknowledged message\n" in shown
        assert (await shared.counts())["ack_floor"]["stream_seq"] == 1
