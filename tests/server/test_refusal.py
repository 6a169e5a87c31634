"""What a server says against a file, without what it quotes from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.server.refusal import refusal, shown

FOLDER = Path("/tmp/made")
READ = Path("/etc/nats/prod.conf")

SAID = [
    (
        "error parsing include file '../../etc/nats/prod.conf', Parse error on line 2: "
        "'Expected a map value terminator \",\" or a map terminator \"}\", but got 's' instead.'",
        'prod.conf:2: Expected a map value terminator "," or a map terminator "}"',
    ),
    (
        "error parsing include file '../../etc/nats/prod.conf', error parsing include file "
        "'users/a.conf', variable reference for 's3cret' on line 1 can not be found",
        "/etc/nats/users/a.conf:1: a variable can not be found",
    ),
    (
        "error parsing include file '../it's', mine.conf', variable reference for '$'s3cret' on"
        " line 3 can not be found",
        "/tmp/it's', mine.conf:3: a variable can not be found",
    ),
    (
        "error parsing include file '../../etc/nats/prod.conf', error parsing include file "
        "'a.conf', open /etc/nats/a.conf: no such file or directory",
        "/etc/nats/a.conf: open /etc/nats/a.conf: no such file or directory",
    ),
    (
        "/etc/nats/prod.conf:1:24: Expected user entry to be a map/struct, got foo:s3cret",
        "prod.conf:1:24: Expected user entry to be a map/struct",
    ),
    (
        '/etc/nats/prod.conf:3:5: unknown field "pasword"',
        'prod.conf:3:5: unknown field "pasword"',
    ),
    ('/etc/nats/prod.conf:3:5: unknown field "s3cret"', "prod.conf:3:5: unknown field …"),
    (
        '/etc/nats/prod.conf:1:0: Error adding service import "$JS.ACK.S.C.>": '
        "service import not authorized",
        'prod.conf:1:0: Error adding service import "$JS.ACK.S.C.>": service import not authorized',
    ),
    (
        '/etc/nats/prod.conf:1:0: "C" account not defined for service import',
        'prod.conf:1:0: "C" account not defined for service import',
    ),
    (
        '/etc/nats/prod.conf:2:16: Duplicate user "s3cret \\"x" detected',
        "prod.conf:2:16: Duplicate user … detected",
    ),
    ("something without a place", "prod.conf: something without a place"),
]


@pytest.mark.parametrize(("said", "told"), SAID)
def test_the_place_and_what_is_wrong(said: str, told: str) -> None:
    error = refusal([f"nats-server: {said}"], file=Path("prod.conf"), read=READ, folder=FOLDER)
    assert str(error) == f"nats-server refuses {told}"
    assert "s3cret" not in f"{error}{error.hint}"


def test_of_several_the_first_is_told_and_the_others_counted() -> None:
    lines = ["nats-server: /a.conf:1:2: one", "/a.conf:3:4: two", "/a.conf:5:6: three"]
    error = refusal(lines, file=Path("a.conf"), read=Path("/a.conf"), folder=FOLDER)
    assert str(error) == "nats-server refuses a.conf:1:2: one (and 2 more)"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ('Error adding service import "a": import forms a cycle', "JS207"),
        ('Error adding stream import "a": stream import not authorized', "JS401"),
        (
            'Duplicate service import subject "Q", previously used in import for account "A",'
            ' subject "a"',
            "JS220",
        ),
    ],
)
def test_a_rule_that_tells_more_is_named(what: str, code: str) -> None:
    line = f"/a.conf:1:0: {what}"
    error = refusal([line], file=Path("a.conf"), read=Path("/a.conf"), folder=FOLDER)
    assert what in str(error)
    assert code in error.hint


def test_a_sign_of_the_grammar_is_shown_and_a_value_is_not() -> None:
    assert shown('Expected ";" after "s3cret"') == 'Expected ";" after …'
    assert shown("what 's3cret is it") == "what …"
    assert shown("integer 's3cret' is out of the range") == "integer … is out of the range"
