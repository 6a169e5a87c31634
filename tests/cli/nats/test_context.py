"""Contexts by the face; what is in their files is the business of tests/store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetshare.identity.nkeys import KeyPair, Kind
from support.nats_face import House, Nats
from support.seed_guard import SeedGuard


@pytest.fixture
def folder(fresh_home: Path) -> Path:
    return fresh_home / ".config/nats"


def stored(folder: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / f"context/{name}.json").read_text())
    return found


def test_one_is_added_and_shown(offline: Nats, folder: Path) -> None:
    done = offline("context", "add", "A", "--description", "x y", "--server", "nats://h")
    assert (done.exit, done.stderr) == (0, "")
    assert done.stdout == (
        'NATS Configuration Context "A"\n\n'
        "  Description: x y\n"
        "  Server URLs: nats://h\n"
        f"         Path: {folder}/context/A.json\n\n"
    )
    assert (stored(folder, "A")["description"], stored(folder, "A")["url"]) == ("x y", "nats://h")
    assert offline("ctx", "ls", "--names").stdout == "A\n"


def test_it_is_changed_where_flags_say_so(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--server", "nats://h", "--js-domain", "d", "--user", "u")
    assert stored(folder, "A")["token"] == "u"  # a user without a password is a token
    offline.ok("ctx", "add", "A", "--js-api-prefix", "P", "--inbox-prefix", "I")
    after = stored(folder, "A")
    assert (after["url"], after["jetstream_domain"]) == ("nats://h", "")
    assert (after["jetstream_api_prefix"], after["inbox_prefix"]) == ("P", "I")


def test_a_flag_can_blank_a_field(offline: Nats, folder: Path) -> None:
    """The real tool takes an empty flag for one that was not given."""
    offline.ok("ctx", "add", "A", "--js-api-prefix", "P")
    offline.ok("ctx", "add", "A", "--js-api-prefix", "")
    assert stored(folder, "A")["jetstream_api_prefix"] == ""


def test_new_credentials_take_the_place_of_the_old(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--user", "u", "--password", "p")
    offline.ok("ctx", "add", "A", "--password", "q")
    assert (stored(folder, "A")["user"], stored(folder, "A")["password"]) == ("u", "q")
    offline.ok("ctx", "add", "A", "--creds", "/c")
    after = stored(folder, "A")
    assert (after["user"], after["password"], after["creds"]) == ("", "", "/c")


def test_the_environment_stands_for_flags(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", env={"NATS_URL": "nats://e", "NATS_CREDS": "/e"})
    assert (stored(folder, "A")["url"], stored(folder, "A")["creds"]) == ("nats://e", "/e")


def test_copying(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--server", "nats://h", "--description", "first")
    offline.ok("ctx", "copy", "A", "B", "--description", "second")
    assert (stored(folder, "B")["url"], stored(folder, "B")["description"]) == (
        "nats://h",
        "second",
    )
    assert 'context "B" already exists' in offline("ctx", "cp", "A", "B").stderr
    assert 'context "N" is not in' in offline("ctx", "cp", "N", "M").stderr


def test_selecting_back_and_forth(offline: Nats) -> None:
    assert offline("ctx", "previous").exit == 1
    offline.ok("ctx", "add", "A", "--select")
    offline.ok("ctx", "add", "B")
    offline.ok("ctx", "select", "B")
    assert "│ B*   │" in offline("ctx", "ls").stdout
    assert 'Context "A"' in offline("ctx", "previous").stdout
    assert offline("ctx", "unselect").stdout == 'Unselected the "A" context\n'
    assert offline("ctx", "unselect").stdout == "No context currently selected\n"


def test_an_unknown_name_is_not_selected(offline: Nats) -> None:
    offline.ok("ctx", "add", "ACCTB", "--select")
    done = offline("ctx", "select", "ACCTC")
    assert done.exit == 1
    assert 'did you mean "ACCTB"?' in done.stderr
    assert "ACCTB*" in offline("ctx", "ls").stdout


def test_removing(offline: Nats) -> None:
    offline.ok("ctx", "add", "A", "--select")
    offline.ok("ctx", "add", "B")
    assert "is the selected one" in offline("ctx", "rm", "A").stderr
    done = offline("ctx", "rm", "B")
    assert "cannot ask for confirmation without a terminal" in done.stderr
    assert offline("ctx", "ls", "--names").stdout == "A\nB\n"
    offline.ok("ctx", "rm", "B", "-f")
    offline.ok("ctx", "rm", "A", "-f")
    assert offline("ctx", "ls").stdout == "No known contexts\n"
    assert 'context "A" is not in' in offline("ctx", "rm", "A", "-f").stderr


def test_the_one_in_use_is_that_of_the_environment(offline: Nats) -> None:
    """The real tool's ``ctx info`` does not look at NATS_CONTEXT."""
    offline.ok("ctx", "add", "A", "--select")
    offline.ok("ctx", "add", "B")
    done = offline("ctx", "info", env={"NATS_CONTEXT": "B", "NATS_URL": "nats://e"})
    assert 'Context "B"' in done.stdout
    assert "overrides in place using NATS_URL, NATS_CONTEXT" in done.stdout
    assert 'Context "A"' in offline("ctx", "show").stdout
    assert offline("--no-context", "ctx", "show").exit == 1


def test_secrets_are_masked_and_references_are_shown(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--server", "nats://u:hush1@h,nats://h2", "--user", "u")
    offline.ok("ctx", "add", "A", "--user", "u", "--password", "hush2", "--token", "hush3")
    assert stored(folder, "A")["token"] == "hush3"
    offline.ok("ctx", "add", "B", "--token", "env://TOKEN", "--creds", "nsc://O/A/U")
    shown = "".join(
        offline.ok("ctx", *words).stdout
        for words in (["info", "A"], ["info", "A", "-j"], ["ls", "-j"], ["info", "B"])
    )
    assert "hush" not in shown
    assert "nats://h,nats://h2" in shown
    assert "env://TOKEN" in shown
    assert "nsc://O/A/U (nsc)" in shown


def test_a_seed_in_the_wrong_place_is_not_shown(
    offline: Nats, folder: Path, seed_guard: SeedGuard
) -> None:
    seed_guard.may_hold_seed(folder)
    seed = KeyPair.generate(Kind.USER).seed()
    offline.ok("ctx", "add", "A", "--nkey", seed, "--description", f"key {seed}")
    offline.ok("ctx", "add", "B", "--creds", seed, "--socks-proxy", f"socks5://u:{seed}@h")
    for words in (["info", "A"], ["info", "B"], ["info", "A", "-j"], ["ls"], ["ls", "-j"]):
        done = offline.ok("ctx", *words)
        assert seed not in done.stdout + done.stderr
        assert "a secret key" in done.stdout
    done = offline("--context", "A", "pub", "x", "y")
    assert done.exit != 0
    assert seed not in done.stdout + done.stderr


def test_as_json(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--creds", "/c")
    assert offline.ok("ctx", "info", "A", "-j").json() == {"name": "A", **stored(folder, "A")}
    assert offline.ok("ctx", "ls", "-j").json() == [{"name": "A", **stored(folder, "A")}]


def test_editing(offline: Nats, folder: Path) -> None:
    offline.ok("ctx", "add", "A", "--description", "old", "--creds", "/c")
    assert offline("ctx", "edit", "A", env={"EDITOR": ""}).exit == 2
    done = offline.ok("ctx", "edit", "A", env={"EDITOR": "sed -i s/old/new/"})
    assert "Description: new" in done.stdout
    kept = stored(folder, "A")
    assert (kept["description"], kept["creds"]) == ("new", "/c")
    for editor in ("sed -i s/new//;s/{//", "false", "/no/such/editor", "truncate -s 0"):
        done = offline("ctx", "edit", "A", env={"EDITOR": editor})
        assert done.exit == 1, done
        assert done.stderr.startswith("nats: error: ")
        assert stored(folder, "A") == kept
    assert offline("ctx", "edit", "B", env={"EDITOR": "true"}).exit == 1


def test_validating(offline: Nats, at_home: House, folder: Path) -> None:
    creds = str(at_home.creds["ACCTC"])
    offline.ok("ctx", "add", "GOOD", "--creds", creds, "--server", at_home.url)
    assert offline("ctx", "validate").exit == 0
    connected = offline("ctx", "validate", "--connect")
    assert connected.exit == 0
    assert "Connection: OK" in connected.stdout
    offline.ok("ctx", "add", "LOST", "--creds", "/no/such")
    offline.ok("ctx", "add", "DEAF", "--server", "nats://127.0.0.1:1")
    (folder / "context/BROKEN.json").write_text("{")
    lost = offline("ctx", "validate", "LOST")
    assert (lost.exit, "/no/such (ERROR)" in lost.stdout) == (1, True)
    assert offline("ctx", "validate", "DEAF").exit == 0
    deaf = offline("ctx", "validate", "DEAF", "--connect")
    assert (deaf.exit, "nobody listens there" in deaf.stdout) == (1, True)
    every = offline("ctx", "validate")
    assert every.exit == 1
    assert "Could not load BROKEN" in every.stdout
    assert "nats: error: validation failed" in every.stderr


def test_embedded_credentials_need_no_file(
    offline: Nats, at_home: House, folder: Path, tmp_path: Path
) -> None:
    creds = tmp_path / "u.creds"
    creds.write_bytes(at_home.creds["ACCTC"].read_bytes())
    done = offline.ok("ctx", "add", "E", "--creds", str(creds), "--server", at_home.url, "--embed")
    assert "Credentials: embedded data" in done.stdout
    creds.unlink()
    assert offline("--context", "E", "stream", "ls").exit == 0
    (folder / "context/E.json").unlink()  # it holds a key of a user, and files are looked into


def test_the_precedence_of_flag_environment_and_context(offline: Nats, at_home: House) -> None:
    """Flags go before the environment, and that before the context."""
    creds = str(at_home.creds["ACCTC"])
    offline.ok("ctx", "add", "A", "--server", "nats://127.0.0.1:1", "--creds", creds, "--select")
    assert offline("stream", "ls").exit == 1
    assert offline("stream", "ls", env={"NATS_URL": at_home.url}).exit == 0
    assert offline("-s", at_home.url, "stream", "ls", env={"NATS_URL": "nats://[::1"}).exit == 0
    assert "Authorization" in offline("--no-context", "-s", at_home.url, "stream", "ls").stderr
