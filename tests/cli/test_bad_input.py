"""Words and files that cannot be used: one line, a hint, an exit code, and nothing written."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jetshare.identity.claims import Claims, User
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.jwt import encode
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle
from support.cli import Finished, Jetshare
from support.offline import SHARE, folder_store
from support.servers import Realm, serving

NAME = str(SHARE)
ACCOUNT_KEY = "AC5VEN46JJ6PBGIZQTM56P2N3XLIUTNDJXRPD2H3Z3SU3XJBU5OIB4Y5"
USER_KEY = "UAP263D6AIV2LTB64NGW3NUJSPZ7O5PHIKCNKEANLTDS4KAQ5ZELCSZ2"


class Desk:
    """A store in a folder, and the command line on it."""

    def __init__(self, folder: Path, cli: Jetshare) -> None:
        self.folder, self.cli = folder, cli
        self.store = folder_store(folder / "store")
        self.work = folder / "work"
        self.work.mkdir()

    def __call__(self, *words: str | Path) -> Finished:
        return self.cli(*words, "-H", self.folder / "store", cwd=self.work)

    def bundle(self, *more: str) -> Path:
        path = self.work / "b.share"
        done = self(
            *("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--no-push", "-o", path), *more
        )
        assert done.exit == 0, done.stderr
        return path

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "lock"
        }


@pytest.fixture
def desk(tmp_path: Path, jetshare_cli: Jetshare) -> Desk:
    return Desk(tmp_path, jetshare_cli)


def refused(done: Finished, code: int, *says: str) -> None:
    assert done.exit == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("jetshare: error: ")]
    assert len(errors) == 1, done.stderr
    assert "hint: " in done.stderr
    for text in says:
        assert text in errors[0]


GRANT = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--no-push")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("grant", NAME, "--from", "ACCTX", "--to", "ACCTB"), "ACCTX"),
        (("grant", NAME, "--from", "ACCTC", "--to", "ACCTBX"), "ACCTBX"),
        (("grant", "A.B/C", "--from", "ACCTC", "--to", "ACCTB"), '"."'),
        (("grant", "A B/C", "--from", "ACCTC", "--to", "ACCTB"), "white space"),
        (("grant", "A/C*", "--from", "ACCTC", "--to", "ACCTB"), '"*"'),
        (("grant", "A/C>", "--from", "ACCTC", "--to", "ACCTB"), '">"'),
        (("grant", "A", "--from", "ACCTC", "--to", "ACCTB"), "does not name"),
        (("grant", NAME, "--from", "ACCTC", "--to", USER_KEY), "user"),
        (("grant", NAME, "--from", "ACCTC", "--to", ACCOUNT_KEY[:-1] + "B"), "checksum"),
        ((*GRANT, "--expires", "2020-01-01"), "past"),
        ((*GRANT, "--expires", "soon"), "soon"),
        ((*GRANT, "--prefix", "$JS.API"), "reserved"),
        ((*GRANT, "--prefix", "a.*"), "wildcard"),
        ((*GRANT, "--to-file", "missing.txt"), "missing.txt"),
        ((*GRANT, "--signing-key", "missing.nk"), "missing.nk"),
        (("accept", "missing.share", "--account", "ACCTB"), "missing.share"),
        (("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB"), "does not offer"),
        (("verify", NAME), "imports"),
        (("inspect", "missing"), "missing"),
        (("grnat", NAME), '"grant"'),
        (("grant", NAME), "--from"),
        (("grant", NAME, "--form", "ACCTC"), "--form"),
        (("verify", NAME, "--timeout", "0"), "--timeout"),
        (("verify", NAME, "--context", "nowhere"), "nowhere"),
        (("verify", NAME, "--creds", "missing.creds"), "missing.creds"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_unusable_words(desk: Desk, words: tuple[str, ...], says: str) -> None:
    before = desk.files()
    refused(desk(*words), 2, says)
    assert desk.files() == before


def test_two_bundles_in_one_file_are_refused_before_anything_is_stored(desk: Desk) -> None:
    before = desk.files()
    refused(desk(*GRANT, "--to", "ACCTA", "-o", "one.share"), 2, "is one file")
    assert desk.files() == before


def test_a_file_without_an_end_is_not_read_to_it(desk: Desk) -> None:
    refused(desk("inspect", "/dev/zero"), 2, "1,048,576 bytes")


def test_a_terminal_is_not_told_what_to_do_by_a_name(desk: Desk) -> None:
    signer = KeyPair.generate(Kind.ACCOUNT)
    text = bundle.make(
        SHARE,
        provider=signer.public,
        provider_name="AC\x1b[2J\x9bCTC",
        importer="",
        prefix="ACCTC.API",
        activations=(),
        signer=signer,
        now=int(time.time()),
    )
    path = desk.work / "b.share"
    path.write_text(text)
    for words in (("inspect", path), ("accept", path, "--account", "ACCTB", "--dry-run")):
        done = desk(*words)
        assert done.exit == 0, done.stderr
        assert "AC\\x1b[2J\\x9bCTC" in done.stdout
        assert done.stdout.replace("\n", "").isprintable()


def test_a_seed_in_the_words_is_not_repeated(desk: Desk, tmp_path: Path) -> None:
    seed_file = tmp_path / "foreign.nk"
    seed_file.write_text(KeyPair.generate(Kind.ACCOUNT).seed())
    refused(
        desk(*GRANT, "--signing-key", seed_file), 2, "not a key that may sign for account ACCTC"
    )


def test_a_missing_operator_is_told_with_what_to_do(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    refused(jetshare_cli("ls", "-H", tmp_path / "nothing"), 2)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda text: text[: len(text) // 2], 2),
        (lambda text: text[:200] + ("A" if text[200] != "A" else "B") + text[201:], 2),
        (lambda text: text + "x", 2),
        (lambda _: "", 2),
        (lambda _: "\x00\xff" * 100, 2),
        (lambda _: "x" * (1 << 21), 2),
    ],
    ids=["cut", "flipped", "longer", "empty", "binary", "over 1 MiB"],
)
def test_a_damaged_bundle(desk: Desk, damage: Callable[[str], str], code: int) -> None:
    path = desk.bundle()
    path.write_text(damage(path.read_text()), "latin-1")
    before = desk.files()
    refused(desk("accept", path, "--account", "ACCTB", "--yes", "--no-push"), code)
    refused(desk("inspect", path), code)
    assert desk.files() == before


def test_another_importers_bundle(desk: Desk) -> None:
    path = desk.bundle()
    before = desk.files()
    refused(desk("accept", path, "--account", "ACCTA", "--yes"), 2, "not to ACCTA")
    assert desk.files() == before


def test_an_unconfirmed_change_is_not_made(desk: Desk) -> None:
    path = desk.bundle()
    before = desk.files()
    refused(desk("accept", path, "--account", "ACCTB", "--no-push"), 2, "not confirmed")
    assert desk.files() == before


def test_errors_are_json_where_json_is_asked_for(desk: Desk) -> None:
    done = desk("ls", "--json", "--account", "ACCTX")
    assert done.exit == 2
    error = done.json()["error"]
    assert error["kind"] == "NotFound"
    assert error["hint"]
    assert error["exit"] == 2


# The store itself.


def test_a_store_that_is_half_there(desk: Desk) -> None:
    (desk.store.folder / "accounts" / "ACCTB" / "ACCTB.jwt").write_text("torn")
    refused(desk("ls"), 5, "ACCTB.jwt")


def test_a_store_from_a_newer_version(desk: Desk) -> None:
    marker = desk.store.folder / ".nsc"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"version": "99"}))
    refused(desk("ls"), 5, "99")


def test_a_store_that_somebody_else_is_editing(desk: Desk) -> None:
    with desk.store.edit():
        refused(desk(*GRANT, "--timeout", "0.3"), 5, "lock")


# Servers.


def test_a_server_that_is_down(desk: Desk) -> None:
    url = f"nats://127.0.0.1:{_free_port()}"
    done = desk(*GRANT[:-1], "--server", url)
    assert done.exit == 3
    assert "stored, but not pushed" in done.stderr
    assert "hint: " in done.stderr
    desk.bundle()
    path = desk.work / "b.share"
    assert desk("accept", path, "--account", "ACCTB", "--yes", "--no-push").exit == 0
    refused(desk("verify", NAME, "--server", url), 4, "nobody listens")


def test_a_server_that_answers_late(desk: Desk) -> None:
    path = desk.bundle()
    assert desk("accept", path, "--account", "ACCTB", "--yes", "--no-push").exit == 0
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"nats://127.0.0.1:{silent.getsockname()[1]}"
        refused(desk("verify", NAME, "--server", url, "--timeout", "0.3"), 4, "within")


async def test_a_server_of_another_operator(desk: Desk, tmp_path: Path) -> None:
    path = desk.bundle()
    assert desk("accept", path, "--account", "ACCTB", "--yes", "--no-push").exit == 0
    async with serving(Realm(), tmp_path / "node") as server:
        done = await asyncio.to_thread(desk, "verify", NAME, "--server", server.url)
        refused(done, 4, "refuses")


def test_creds_of_another_account(desk: Desk, tmp_path: Path) -> None:
    path = desk.bundle()
    assert desk("accept", path, "--account", "ACCTB", "--yes", "--no-push").exit == 0
    creds = tmp_path / "other.creds"
    account, user = KeyPair.generate(Kind.ACCOUNT), KeyPair.generate(Kind.USER)
    claims = Claims(name="u", sub=user.public, nats=User())
    token = encode(claims, account, int(time.time())).token
    creds.write_text(format_creds(Creds(jwt=token, key=user)))
    url = f"nats://127.0.0.1:{_free_port()}"
    refused(desk("verify", NAME, "--creds", creds, "--server", url), 2, account.public)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
