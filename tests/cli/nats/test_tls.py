"""Encrypted connections of the nats face: a server that asks for a client's certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.nats_face import Nats
from support.plain_server import plain_server

FILES = Path(__file__).with_name("tls")
CA, OTHER_CA = FILES / "ca.pem", FILES / "other-ca.pem"
CERT, KEY = FILES / "client.pem", FILES / "client-key.pem"
IDENTITY = ("--tlscert", CERT, "--tlskey", KEY)


def block(more: str) -> str:
    return (
        f'tls {{ cert_file: "{FILES / "server.pem"}", key_file: "{FILES / "server-key.pem"}",'
        f' ca_file: "{CA}", {more} }}'
    )


@pytest.fixture(scope="module")
def mutual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with plain_server(tmp_path_factory.mktemp("mutual") / "node", block("verify: true")) as url:
        yield url


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that says nothing before the handshake."""
    folder = tmp_path_factory.mktemp("first") / "node"
    with plain_server(folder, block("handshake_first: true")) as url:
        yield url


def published(nats: Nats, *words: str | Path, **how: dict[str, str]) -> None:
    assert 'Published 1 bytes to "subject"' in nats.ok(*words, "pub", "subject", "x", **how).stderr


def refused(nats: Nats, *words: str | Path) -> str:
    done = nats(*words, "pub", "subject", "x")
    assert done.exit == 1
    assert done.stdout == ""
    line, *hints = done.stderr.splitlines()
    assert line.startswith("nats: error: ")
    assert len(hints) == 1
    assert hints[0].startswith("hint: ")
    return done.stderr


def test_files_by_flags(offline: Nats, mutual: str) -> None:
    published(offline, "--server", mutual, "--tlsca", CA, *IDENTITY)


def test_files_by_the_environment(offline: Nats, mutual: str) -> None:
    named = {"NATS_CA": CA, "NATS_CERT": CERT, "NATS_KEY": KEY}
    environment = {name: str(path) for name, path in named.items()}
    published(offline, env={**environment, "NATS_URL": mutual})
    # A flag goes before it.
    done = offline(
        "--tlsca", OTHER_CA, "pub", "subject", "x", env={**environment, "NATS_URL": mutual}
    )
    assert done.exit == 1


def test_files_by_a_context(offline: Nats, mutual: str) -> None:
    offline.ok("ctx", "add", "secure", "--server", mutual, "--tlsca", CA, *IDENTITY)
    published(offline, "--context", "secure")
    assert "OK" in offline.ok("ctx", "validate", "secure", "--connect").stdout


def test_files_below_the_home_folder(offline: Nats, mutual: str, fresh_home: Path) -> None:
    for path in (CA, CERT, KEY):
        (fresh_home / path.name).write_bytes(path.read_bytes())
    words = ("--tlsca", "~/ca.pem", "--tlscert", "$HOME/client.pem", "--tlskey", "~/client-key.pem")
    offline.ok("ctx", "add", "secure", "--server", mutual, *words)
    published(offline, "--context", "secure")


def test_the_handshake_comes_first_where_that_is_asked_for(offline: Nats, first: str) -> None:
    published(offline, "--server", first, "--tlsca", CA, "--tlsfirst")
    offline.ok("ctx", "add", "first", "--server", first, "--tlsca", CA, "--tlsfirst")
    published(offline, "--context", "first")


@pytest.mark.parametrize("ca", [("--tlsca", OTHER_CA), ()], ids=["another", "none"])
def test_a_server_that_another_authority_signed(
    offline: Nats, mutual: str, ca: tuple[str | Path, ...]
) -> None:
    said = refused(offline, "--server", mutual, *ca, *IDENTITY)
    assert "certificate" in said
    assert "--tlsca" in said


@pytest.mark.parametrize(
    "identity",
    [(), ("--tlscert", FILES / "server.pem", "--tlskey", FILES / "server-key.pem")],
    ids=["none", "one for servers"],
)
def test_a_client_without_a_certificate_that_the_server_takes(
    offline: Nats, mutual: str, identity: tuple[str | Path, ...]
) -> None:
    said = refused(offline, "--server", mutual, "--tlsca", CA, *identity)
    assert "takes clients with a certificate that it trusts" in said
    assert "--tlscert" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--tlsca", "missing.pem"), "missing.pem"),
        (("--tlsca", KEY), "no certificate"),
        (("--tlscert", CERT, "--tlskey", FILES / "server-key.pem"), "belong together"),
        (("--tlscert", CERT), "--tlskey"),
        (("--tlskey", KEY), "--tlscert"),
    ],
)
def test_files_that_cannot_be_used(
    offline: Nats, mutual: str, words: tuple[str | Path, ...], says: str
) -> None:
    done = offline("--server", mutual, *words, "pub", "subject", "x")
    assert done.exit in (1, 2)
    assert done.stderr.startswith("nats: error: ")
    assert says in done.stderr
