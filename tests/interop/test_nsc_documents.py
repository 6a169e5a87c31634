"""Every document that the nsc face writes, read, judged and written again by Go.

The sessions are those recorded with nsc, one of what they leave out, and one with an
operator that others manage. After each command every token that is new, in any file or on
stdout, goes to the library that servers use.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jetshare.cli.nsc.commands import ALIASES, COMMANDS
from jetshare.errors import NotFound
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Body, Claims
from jetshare.identity.nkeys import KeyPair, parse_public
from support.account_server import account_server
from support.go_jwt import GoJwt, running
from support.nsc import TOKEN, Nsc, make_nsc

pytestmark = pytest.mark.go

VECTORS = Path(__file__).parents[1] / "vectors"


def recorded(name: str) -> tuple[str, ...]:
    """Without pushes, which go to a server that may be there today."""
    lines = (VECTORS / f"nsc-{name}.jsonl").read_text().splitlines()
    commands = (json.loads(line)["command"].removeprefix("nsc ") for line in lines)
    return tuple(line.replace("\\$", "$") for line in commands if not line.startswith("push"))


# With $URL for an account server.
SESSIONS = {
    "transcript": recorded("transcript"),
    "alternating": recorded("alternating"),
    "more": (
        "init --name mine",
        "add account A --expiry 1y",
        "add account B",
        "add user -a A late --start 1d",
        "add export -a A -s a.> --private",
        "add export -a A -s b.* --account-token-position 2 --advertise",
        "edit export -a A -s b.* --allow-trace=false --description 'a <b> & c'",
        "generate activation -a A -s a.b -t B -o ab.tok",
        "edit account A --sk generate",
        "generate activation -a A -s a.c -t B -o later.tok --start 1d --expiry 1y",
        "generate activation -a A -s a.d -t B",
        "add import -a B --token ab.tok --local-subject from.a.b",
        "edit account B --conns 7 --disallow-bearer --wildcard-exports=false",
        "delete import -a B -s a.b",
        "delete export -a A -s b.*",
        "revocations add-activation -a A -s a.> -t '*'",
        "revocations delete-activation -a A -s a.> -t '*'",
        "generate config --mem-resolver --config-file mem.conf",
        "generate config --nats-resolver --sys-account A --config-file full.conf",
        "generate config --nats-resolver-cache --sys-account A --config-file cache.conf",
        "describe account A --raw --output-file a.jwt",
        "delete account B --rm-creds",
        "reissue operator",
    ),
    "managed": (
        "init -n first -u $URL/operator",
        "add operator --url $URL/operator --force",
        "add account A",
        "add account B",
        "edit account A --conns 5 --description mine --sk generate",
        "edit signing-key -a A --sk generate --role r --allow-pub x",
        "add export -a A -s a.> --private --service",
        "edit export -a A -s a.> --service --response-type stream",
        "generate activation -a A -s a.b --target-account B -o ab.tok --push",
        "add import -a B --token ab.tok --local-subject from.a.b",
        "add mapping -a A --from x --to y",
        "delete mapping -a A --from x",
        "revocations add-user -a A -u '*'",
        "revocations delete-user -a A -u '*'",
        "add user -a A u",
        "edit user -a A u --tag t",
        "add user -a A r -K r",
        "delete user -a A u --revoke",
        "delete import -a B -s a.b",
        "delete export -a A -s a.>",
        "pull -A",
        "delete account B --force",
    ),
}

WRITING = re.compile(
    r"init|(add|edit|delete) \w.*|pull|reissue operator|generate (activation|creds|config)"
    r"|revocations (add|delete)-.*"
)


@dataclass
class Judge:
    """Asks Go about each token once."""

    go: GoJwt
    nsc: Nsc
    seen: set[str] = field(default_factory=set)

    def look(self, said: str, after: str) -> None:
        texts = [said, *(content.decode() for content in self.nsc.files().values())]
        for token in TOKEN.findall("\n".join(texts)):
            self.judge(token, after)

    def judge(self, token: str, after: str) -> None:
        if token in self.seen:
            return
        self.seen.add(token)
        document = jwt.decode(token)
        claims = document.claims
        assert self.go.ask("validate", token=token)["blocking"] is False, after
        key = self.signer(claims.iss)
        theirs = self.go.ask("recode", token=token, seed=key.seed())["token"]
        # Go dates what it signs by its own clock.
        assert jwt.encode(claims, key, jwt.decode(theirs).claims.iat).token == theirs, after
        if key.public == claims.iss:
            assert jwt.encode(claims, key, claims.iat).token == token, after
        for inlined in activations(claims):
            self.judge(inlined, after)

    def signer(self, public: str) -> KeyPair:
        """The key that signed it; one of the same kind where that is with the operator."""
        try:
            held = self.nsc.store().key(public)
        except NotFound:  # the operator's file is what was looked at
            held = None
        return held or KeyPair.generate(parse_public(public))


def activations(claims: Claims[Body]) -> Iterator[str]:
    if isinstance(claims.nats, Account):
        yield from (each.token for each in claims.nats.imports if each.token)


@pytest.fixture(scope="module")
def go() -> Iterator[GoJwt]:
    with running() as process:
        yield process


@pytest.fixture
def nsc(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Nsc:
    return make_nsc(fresh_home, monkeypatch, capsys)


@pytest.mark.shows_seed("output", reason="the recorded session prints creds and a new key")
@pytest.mark.parametrize("name", SESSIONS)
def test_go_reads_what_was_written_and_writes_the_same(
    go: GoJwt, nsc: Nsc, tmp_path: Path, name: str
) -> None:
    judge = Judge(go, nsc)
    with account_server(tmp_path) as server:
        for command in SESSIONS[name]:
            line = command.replace("$URL", server.url)
            line = re.sub(r"\$K_(\w+)", lambda found: nsc.account(found[1]).sub, line)
            done = nsc.run(shlex.split(line))
            if name in ("more", "managed"):
                assert done.exit == 0, (command, done)
            judge.look(done.stdout, command)
    assert len(judge.seen) > 15


def test_the_sessions_have_every_command_that_writes_a_document() -> None:
    run = {name for lines in SESSIONS.values() for line in lines if (name := command_of(line))}
    assert {name for name in COMMANDS if WRITING.fullmatch(name)} <= run


def command_of(line: str) -> str:
    words = line.split()
    names = (" ".join(words[:count]) for count in (1, 2))
    return next(
        (ALIASES.get(name, name) for name in names if ALIASES.get(name, name) in COMMANDS), ""
    )
