"""The words of a line: commands, flags, their nearest, and what an error looks like."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jetshare.cli.main import run as run_jetshare
from support.cli import environment
from support.nats_face import House, Nats


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["strem"], 'unknown command "strem"; did you mean "stream"?'),
        (["stream", "inf"], 'unknown command "stream inf"; did you mean "info"?'),
        (["con", "nxt", "S", "C"], 'unknown command "consumer nxt"; did you mean "next"?'),
        (["zzz"], 'unknown command "zzz"'),
        (["kv", "ls"], '"kv" is a command of nats that is not here'),
        (["stream", "seal"], '"stream seal" is a command of nats that is not here'),
        (["pub", "--jetsream", "x", "y"], "did you mean '--jetstream'?"),
        (["sub", "--no-such", "x"], "No such option '--no-such'"),
        (["pub"], "Missing argument 'SUBJECT'"),
        (["con", "next", "S"], "Missing argument 'CONSUMER'"),
        (["pub", "x", "y", "z"], "unexpected extra argument"),
        (["pub", "x", "--count", "many"], "'many' is not a valid integer"),
    ],
)
def test_words_that_there_are_not(offline: Nats, words: list[str], message: str) -> None:
    done = offline(*words)
    assert done.exit == 2
    assert done.stdout == ""
    assert done.stderr.lower().startswith("nats: error: ")
    assert message.lower() in done.stderr.lower()
    assert "--help shows the words" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pub", "x", "y", "--sleep", "5"], '"5" is no duration'),
        (["pub", "x", "y", "--timeout", "0"], "the timeout must be more than 0"),
        (["pub", "x", "y", "-H", "nope"], '"nope" is no header'),
        (["str", "add", "X", "--subjects", "x", "--max-bytes", "1X"], "no amount of bytes"),
        (["pub", "x", "y", "--js-domain", "d", "--js-api-prefix", "p"], "exclude one another"),
        (["pub", "x", "y", "--creds", "/no/such.creds"], "/no/such.creds cannot be read"),
        (["pub", "x", "y", "--socks-proxy", "socks5://h"], "SOCKS"),
        (["pub", "x", "y", "--tlsca", "/no/such.pem"], "/no/such.pem cannot be used"),
    ],
)
def test_values_that_cannot_be_used(offline: Nats, words: list[str], message: str) -> None:
    done = offline(*words)
    assert (done.exit, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("nats: error: ")


def test_a_place_that_cannot_be(offline: Nats) -> None:
    done = offline("ctx", "add", "x" * 300)
    assert (done.exit, done.stdout) == (1, "")
    assert done.stderr.startswith("nats: error: ")
    assert "File name too long" in done.stderr


def test_global_flags_stand_anywhere(nats: Nats, at_home: House) -> None:
    server, creds = at_home.words()[1], at_home.words()[3]
    bare = Nats(nats.guard)
    for words in (
        ["-s", server, "--creds", creds, "stream", "ls"],
        ["stream", "-s", server, "--creds", creds, "ls"],
        ["stream", "ls", f"--server={server}", f"--creds={creds}"],
    ):
        assert bare(*words).exit == 0


def test_the_help_of_every_command(offline: Nats) -> None:
    for words in (
        [],
        *(["pub"], ["req"], ["sub"], ["reply"], ["rtt"], ["account", "info"], ["account"]),
        *(["ctx", each] for each in ("add", "ls", "select", "show", "rm", "copy", "validate")),
        *(["str", each] for each in ("add", "edit", "info", "ls", "get", "view", "report")),
        *(["str", each] for each in ("rm", "purge")),
        *(["con", each] for each in ("add", "edit", "info", "ls", "next", "sub", "pause")),
        *(["con", each] for each in ("resume", "rm", "report")),
        *(["server", "check", each] for each in ("stream", "consumer")),
    ):
        done = offline(*words, "--help")
        assert (done.exit, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: nats")


def test_help_is_a_word_too(offline: Nats) -> None:
    for words in ((), ("stream",), ("consumer", "next")):
        assert offline.ok("help", *words).stdout == offline.ok(*words, "--help").stdout


def test_a_group_alone_shows_its_commands(offline: Nats) -> None:
    done = offline("stream")
    assert done.exit == 2
    assert "purge" in done.stderr
    assert "error" not in done.stderr.splitlines()[0]


def test_it_is_a_verb_of_jetshare(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_jetshare(["nats", "strem", "--json"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()[0]) == (
        "",
        'nats: error: unknown command "strem"; did you mean "stream"?',
    )


def test_nobody_listens(offline: Nats) -> None:
    done = offline("-s", "nats://u:secret-word@127.0.0.1:1", "--trace", "pub", "x", "y")
    assert done.exit == 1
    assert "nats: error: nats://127.0.0.1:1 cannot be reached: nobody listens there" in done.stderr
    assert "secret-word" not in done.stderr


def test_whoever_is_not_let_in(offline: Nats, at_home: House) -> None:
    done = offline("-s", at_home.url, "pub", "x", "y")
    assert done.exit == 1
    assert "Authorization Violation" in done.stderr


def test_the_timeout_of_the_environment(offline: Nats) -> None:
    assert '"soon" is no duration' in offline("pub", "x", "y", env={"NATS_TIMEOUT": "soon"}).stderr


def test_where_there_is_no_context_it_is_said_who_makes_them(offline: Nats) -> None:
    done = offline("--context", "ACCTC", "pub", "x", "y")
    assert done.exit == 1
    assert 'context "ACCTC" is not in' in done.stderr
    assert "hint: `jetshare up` makes contexts, and so does: nats context add NAME" in done.stderr


def test_an_unknown_context_is_named_with_its_nearest_and_stays_unselected(offline: Nats) -> None:
    offline.ok("context", "add", "ACCTB", "--select")
    done = offline("--context", "acctb2", "pub", "x", "y")
    assert done.exit == 1
    assert 'context "acctb2" is not in' in done.stderr
    assert 'did you mean "ACCTB"?' in done.stderr
    # The real tool unselects the context in use when another one is not found.
    assert "ACCTB*" in offline("context", "ls").stdout


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from jetshare.cli.nats.main import run; run(['context', 'ls'])\n"
        "print(*sorted({'nats', 'nacl', 'ssl'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment({"HOME": "/nonexistent"}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "\n"
