"""What a server says against a file, without what it quotes from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.errors import InvalidDocument
from jetshare.server.refusal import last_words, refusal, shown

FOLDER = Path("/tmp/made")
READ = Path("/etc/nats/prod.conf")
WRITTEN = 'include "users/a.conf" pasword: x C { subject: "$JS.ACK.S.C.>" }'


def refused(line: str, *, written: str = WRITTEN) -> InvalidDocument:
    return refusal([line], file=Path("prod.conf"), read=READ, folder=FOLDER, written=written)


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
    (
        '/etc/nats/prod.conf:4:9: Error adding service import "s3cret": '
        "service import not authorized",
        "prod.conf:4:9: Error adding service import …: service import not authorized",
    ),
    (
        '/etc/nats/prod.conf:4:9: "s3cret" account not defined for service import',
        "prod.conf:4:9: … account not defined for service import",
    ),
    ('/etc/nats/prod.conf:4:9: unknown field "secret"', "prod.conf:4:9: unknown field …"),
    ("open /run/s3cret: no such file or directory", "prod.conf: open … no such file or directory"),
    (
        "/etc/nats/prod.conf:2:1: invalid user %!q(*conf.token=&{{5 s3cret 1 2} x})",
        "prod.conf:2:1: invalid user",
    ),
    (
        "/etc/nats/prod.conf:2:1: error parsing nats://u:s3cret@h: no port, s3cret:1:2: odd",
        "prod.conf:2:1: error parsing … no port, … odd",
    ),
    ('bad "s3cret:1:2: a b"', "prod.conf: bad …"),
    ("something without a place", "prod.conf: something without a place"),
]


@pytest.mark.parametrize(("said", "told"), SAID)
def test_the_place_and_what_is_wrong(said: str, told: str) -> None:
    error = refused(f"nats-server: {said}")
    assert str(error) == f"nats-server refuses {told}"
    assert "s3cret" not in f"{error}{error.hint}".lower()


def test_of_several_the_first_is_told_and_the_others_counted() -> None:
    lines = ["nats-server: /a.conf:1:2: one", "/a.conf:3:4: two", "/a.conf:5:6: three"]
    error = refusal(lines, file=Path("a.conf"), read=Path("/a.conf"), folder=FOLDER, written="")
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
    error = refused(f"/etc/nats/prod.conf:1:0: {what}", written="A { a } Q")
    assert what in str(error)
    assert code in error.hint


def test_a_sign_of_the_grammar_is_shown_and_a_value_is_not() -> None:
    assert shown('Expected ";" after "s3cret"', "") == 'Expected ";" after …'
    assert shown("what 's3cret is it", "") == "what …"
    assert shown("integer 's3cret' is out of the range", "") == "integer … is out of the range"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'no_auth_user: "s3cret" not present as user or nkey in authorization block or account'
            " configuration",
            "no_auth_user: … not present as user or nkey in authorization block or account"
            " configuration",
        ),
        (
            "max_payload (8) cannot be higher than max_pending (4)",
            "max_payload (8) cannot be higher than max_pending (4)",
        ),
        ("error of s3cret", "what it says may quote a secret and is not shown"),
    ],
)
def test_the_last_words_of_a_server_are_told_where_they_are_known(said: str, told: str) -> None:
    assert last_words(said) == told
