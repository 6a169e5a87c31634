"""A session that was recorded with nsc 2.13, command by command.

Each command must end as nsc's did, with the same documents in the same files, and with
the same words or better ones.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import re
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.nsc import PUBLIC_KEY, TOKEN, Names, Nsc, payload

TRANSCRIPT = Path(__file__).parents[2] / "vectors/nsc-transcript.jsonl"
PORT = ":4222"  # where nobody listened as the session was recorded

# Words that nsc does not know: here they are told apart from work that failed.
USAGE = {"nsc frobnicate", "nsc add export --frob"}

# What nsc says, and what is said here in its place.
BETTER = {
    'stream export subject "public.>" already exports "public.a"': "lies within stream export",
    'subject "bad subject" cannot have spaces': "holds white space",
    '"NOPE" not in accounts for operator': 'account "NOPE" is not in operator OP',
    "stat ~/work/missing.tok: no such file": "error loading `missing.tok`",
    "no servers available for connection": "nobody listens there",
}

# Commands whose output has the same content in other words, or a content that varies.
OTHER_WORDS = {
    "nsc env": ["Current Operator         |     | OP"],
    "nsc expirations": ["OP/ACCTB import RESTOCKEVENTS-GRANT-ACK", "| Never"],
    "nsc generate config --mem-resolver --sys-account SYS": ["resolver: MEMORY", "// Account"],
    "nsc generate config --nats-resolver --sys-account SYS": ["type: full", "allow_delete: false"],
    "nsc generate diagram component": ["@startuml", "<< private service >>", "@enduml"],
    'nsc delete mapping --account ACCTC --from "retail.v0.>" --to "retail.v2.>"': [
        "[WARN] there is no mapping retail.v0.> -> retail.v2.>"
    ],
}


@dataclass
class Replay:
    nsc: Nsc
    theirs: Names = field(default_factory=Names)
    ours: Names = field(default_factory=Names)

    def line(self, command: str) -> str:
        """The command as it was typed, with our keys for theirs."""
        command = re.sub(r"\$K_(\w+)", lambda found: self.nsc.account(found[1]).sub, command)
        return command.replace("\\$", "$")

    def check(self, recorded: dict[str, Any]) -> None:
        command = recorded["command"]
        before = self.nsc.files()
        done = self.nsc.run(shlex.split(self.line(command))[1:])
        assert done.exit == (2 if command in USAGE else recorded["exit"]), done.stderr
        after = self.nsc.files()
        self.check_files(recorded, before, after)
        self.check_words(command, recorded, done.stdout, done.stderr)

    def check_files(
        self, recorded: dict[str, Any], before: dict[str, bytes], after: dict[str, bytes]
    ) -> None:
        written = {
            self.place(change["path"])
            for change in recorded["changed"]
            if not change.get("removed")
        }
        removed = {self.place(c["path"]) for c in recorded["changed"] if c.get("removed")}
        ours = {self.place(name) for name in after if before.get(name) != after[name]}
        assert ours - {"nsc.json"} == written - {"nsc.json"}
        assert {self.place(name) for name in before.keys() - after.keys()} == removed
        for change in recorded["changed"]:
            if "payload" not in change:
                continue
            token = TOKEN.search(after[change["path"]].decode())
            assert token
            assert (self.nsc.home / change["path"]).stat().st_mode & 0o777 == 0o600
            assert self.ours.document(whole(payload(token[0]))) == self.theirs.document(
                whole(change["payload"])
            )

    def place(self, path: str) -> str:
        """A path that does not tell one key from another."""
        return "nsc.json" if path.endswith("nsc.json") else PUBLIC_KEY.sub("KEY", shard(path))

    def check_words(self, command: str, recorded: dict[str, Any], stdout: str, stderr: str) -> None:
        said = bare(stdout + stderr, str(self.nsc.home))
        wanted = bare(recorded["stdout"] + recorded["stderr"], "~")
        if command in OTHER_WORDS:
            for text in OTHER_WORDS[command]:
                assert text in stdout + stderr
            return
        for text, better in BETTER.items():
            if text in "\n".join(wanted):
                assert better in stderr
                return
        if recorded["exit"]:
            assert said[0] == f"nsc: error: {wanted[0].removeprefix('Error: ')}"
            assert stdout == ""
            return
        assert said == wanted, "\n".join(difflib.unified_diff(wanted, said, lineterm=""))


def shard(path: str) -> str:
    """Keys lie in folders named by two of their letters, which differ as keys do."""
    return re.sub(r"(keys/keys/[OAUX])/..(?=/)", r"\1/XX", path)


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """A role's template with the limits that nsc leaves out, and reads as no limit."""
    for key in document["nats"].get("signing_keys", []):
        if isinstance(key, dict):
            key["template"] = {"subs": -1, "data": -1, "payload": -1, **key["template"]}
    return document


def bare(text: str, home: str) -> list[str]:
    """Lines without keys, tokens, times and colours; without empty ones, and without the
    line that sums up the others.
    """
    text = TOKEN.sub("TOKEN", text.replace(home, "~"))
    text = PUBLIC_KEY.sub("KEY", re.sub("\033\\[[0-9;]*m", "", text))
    text = re.sub(r"\bS[OAUX][A-Z2-7]{56}\b", "SEED", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC( - In \d+ Months)?", "DATE", text)
    text = re.sub(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC", "DATE", text)
    text = re.sub(r'"(jti|iat|exp)": .*', r'"\1"', text)
    text = re.sub(r"(Hash ID +\|) \S+", r"\1 HASH", text)
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if line != "all jobs succeeded"]
    # A table has one line at its end here, where nsc has two at times.
    return [
        line
        for index, line in enumerate(kept)
        if not (line.startswith("+-") and index and kept[index - 1] == line)
    ]


@pytest.fixture
def recorded_session() -> Iterator[list[dict[str, Any]]]:
    """The session's commands, with a port of as many digits that is surely closed."""
    with socket.socket() as place:
        for port in range(4223, 10000):
            with contextlib.suppress(OSError):
                place.bind(("127.0.0.1", port))
                break
        text = TRANSCRIPT.read_text().replace(PORT, f":{port}")
        yield [json.loads(line) for line in text.splitlines()]


@pytest.mark.shows_seed("output", reason="creds and a new key are printed on demand")
def test_every_command_of_the_session_ends_as_with_nsc(
    nsc: Nsc, recorded_session: list[dict[str, Any]]
) -> None:
    replay = Replay(nsc)
    assert len(recorded_session) == 77
    for recorded in recorded_session:
        try:
            replay.check(recorded)
        except AssertionError as error:
            raise AssertionError(f"{recorded['command']}: {error}") from error
