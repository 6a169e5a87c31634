"""A configuration file as the server reads it, and nothing of what it would do."""

from __future__ import annotations

import json
import os
import socket
import stat
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jetshare.errors import InputError, InvalidDocument, ServerError
from jetshare.server.view import View, viewing
from support.processes import arguments, descendants
from support.servers import binary, free_ports

PASSWORD = "s3cret-of-all"


def everything(folder: Path, ports: tuple[int, ...], spell: str) -> str:
    """A configuration that listens everywhere, calls other servers and writes files."""
    client, http, cluster, gateway, leaf, mqtt, websocket, other = ports
    gone = folder / "gone"
    text = f"""
        my_port = {client}
        Host: "0.0.0.0"
        Port: $my_port
        Http: "0.0.0.0:{http}"
        Http_base_path: "/nats"
        Server_name: production
        Log_file: "{gone}.log"
        Pid_file: "{gone}.pid"
        Ports_file_dir: "{gone}.ports"
        Syslog: true
        Remote_syslog: "udp://127.0.0.1:{other}"
        Prof_port: {other}
        Tls {{ cert_file: "{gone}.pem", key_file: "{gone}.key" }}
        Jetstream {{ store_dir: "{gone}.streams", max_file: 1G, domain: hub }}
        Client_advertise: "nats://u:{PASSWORD}@127.0.0.1"
        Cluster {{ name: x, listen: "0.0.0.0:{cluster}"
                   routes: ["nats://u:{PASSWORD}@127.0.0.1:{other}"] }}
        Gateway {{ name: x, listen: "0.0.0.0:{gateway}" }}
        Leafnodes {{ listen: "0.0.0.0:{leaf}"
                     remotes: [{{ url: "nats://u:{PASSWORD}@127.0.0.1:{other}" }}] }}
        Mqtt {{ listen: "0.0.0.0:{mqtt}" }}
        Websocket {{ listen: "0.0.0.0:{websocket}", no_tls: true }}
        include "more/accounts.conf"
    """
    lines = (line.strip() for line in text.splitlines() if line.strip())
    return "".join(f"{_spelt(line, spell)}\n" for line in lines)


def _spelt(line: str, spell: str) -> str:
    """The name at the head of a line: as it stands, or in small or in capital letters."""
    name, space, rest = line.partition(" ")
    if not name[0].isupper() or spell == "mixed":
        return line
    return f"{name.lower() if spell == 'small' else name.upper()}{space}{rest}"


ACCOUNTS = """
accounts {
  A { jetstream: { max_file: 900T }, users: [{ user: a, password: $TEST_PASSWORD }]
      exports: [{ service: "$JS.API.CONSUMER.INFO.S.C", accounts: [B] }] }
  B { users: [{ user: b, password: "HIDDEN" }]
      imports: [{ service: { account: A, subject: "$JS.API.CONSUMER.INFO.S.C" }, to: "A.INFO" }] }
}
"""


def asked(url: str, path: str) -> Mapping[str, Any]:
    with urllib.request.urlopen(f"{url}/{path}") as answer:  # noqa: S310 - a server of ours
        found: Mapping[str, Any] = json.load(answer)
    return found


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("spell", ["small", "mixed", "capital"])
async def test_nothing_of_the_file_happens_but_its_accounts(
    spell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    file = tmp_path / "prod server's.conf"
    file.write_text(everything(tmp_path, free_ports(8), spell))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "accounts.conf").write_text(ACCOUNTS.replace("HIDDEN", PASSWORD))
    before = files(tmp_path)
    async with viewing(file, binary()) as url:
        varz = asked(url, "varz")
        assert varz["server_name"] == "doctor"
        assert (varz["host"], varz["http_host"]) == ("127.0.0.1", "127.0.0.1")
        assert varz["https_port"] == 0
        for door in ("cluster", "gateway", "leaf", "mqtt", "websocket"):
            assert varz[door] == {}, door
        assert "domain" not in varz["jetstream"]["config"]
        folder = Path(varz["jetstream"]["config"]["store_dir"]).parents[1]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (ports,) = (folder / "ports").glob("*.ports")
        opened = json.loads(ports.read_text())
        assert set(opened) == {"nats", "monitoring"}
        lines = [" ".join(arguments(pid)) for pid in descendants(os.getpid())]
        written = [path for path in folder.rglob("*") if path.is_file()]
        for shown in (*lines, *(path.read_text(errors="replace") for path in written)):
            assert PASSWORD not in shown
        detail = asked(url, "accountz?acc=B")["account_detail"]
        assert "A.INFO" in {item["local_subject"] for item in detail["imports"]}
    assert not folder.exists()
    assert files(tmp_path) == before


async def test_a_variable_in_capitals_does_not_bring_its_port_back(tmp_path: Path) -> None:
    """As nats-server sees it, PORT is a port too."""
    (port,) = free_ports(1)
    file = tmp_path / "a.conf"
    file.write_text(f"PORT = {port}\nport: $PORT\naccounts {{ A {{}} }}\n")
    for _ in range(4):  # of two spellings the server takes either, as it comes
        async with viewing(file, binary()) as url:
            assert asked(url, "varz")["port"] != port


async def test_the_folder_of_streams_may_stand_at_the_top(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text(f'Store_Dir: "{tmp_path}/x"\nJetStream {{ max_file: 1G }}\naccounts {{}}\n')
    for _ in range(4):
        async with viewing(file, binary()):
            assert not (tmp_path / "x").exists()


async def test_a_file_behind_a_link_includes_what_is_beside_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "prod.conf").write_text('include "accounts.conf"\n')
    (tmp_path / "accounts.conf").write_text("accounts { A {} }\n")
    link = tmp_path / "link.conf"
    link.symlink_to(tmp_path / "real" / "prod.conf")
    async with viewing(link, binary()) as url:
        assert "A" in asked(url, "accountz")["accounts"]


# Each names the setting so that the server does not report it, or in a spelling of its own.
INCLUDED = 'LeafNodes: { remotes: [ { url: "nats-leaf://127.0.0.1:PORT", account: A } ] }\n'
SLY = {
    "a setting that is a variable too": f"{INCLUDED} mqtt: $LeafNodes",
    "the same in an included file": "INCLUDE sly/other.conf; mqtt: $LeafNodes",
    "a letter that is small as i": """
        pİd_fİle: "FOLDER/owned"
        pİd_file: "FOLDER/owned"
        pid_fİle: "FOLDER/owned"
        PİD_FİLE: "FOLDER/owned"
        server_tags: [$pİd_fİle, $pİd_file, $pid_fİle, $PİD_FİLE]
    """,
    "a resolver that is a variable too": """
        resolver: { type: full, dir: "FOLDER/owned" }
        mqtt: $resolver
    """,
    "a resolver in the net": """
        resolver: "URL(http://127.0.0.1:PORT/jwt/)"
        server_name: $resolver
    """,
}


@pytest.mark.parametrize("what", SLY)
async def test_a_sly_file_makes_the_server_do_nothing_either(what: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as called:
        called.setblocking(False)
        words = {"PORT": str(called.getsockname()[1]), "FOLDER": str(tmp_path)}
        (tmp_path / "sly").mkdir()
        for name, text in {"a.conf": SLY[what], "sly/other.conf": INCLUDED}.items():
            for word, meant in words.items():
                text = text.replace(word, meant)
            accounts = "\naccounts { A { users: [{user: a, password: x}] } }\n"
            (tmp_path / name).write_text(text + accounts, encoding="utf-8")
        before = files(tmp_path)
        for _ in range(4):  # of two spellings the server takes either, as it comes
            async with viewing(tmp_path / "a.conf", binary()) as url:
                assert "A" in asked(url, "accountz")["accounts"]
                assert asked(url, "varz")["leaf"] == {}
                assert files(tmp_path) == before
            assert files(tmp_path) == before
        with pytest.raises(BlockingIOError):
            called.accept()


async def test_a_setting_with_a_letter_of_another_alphabet_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text(f'pİd_fİle: "{tmp_path}/owned"\naccounts {{ A {{}} }}\n', encoding="utf-8")
    with pytest.raises(InputError, match="another letter than a to z"):
        async with viewing(file, binary()):
            pass
    assert files(tmp_path) == [file]


async def test_words_of_settings_in_a_comment_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    words = "operator Root trusted_keys Resolver OCSP proxy_protocol StoreDir # store_dir"
    file.write_text(f"# {words}\nSTORE_DIR: x\naccounts {{ A {{}} }}\n")
    async with viewing(file, binary()) as url:
        assert "A" in asked(url, "accountz")["accounts"]


USED = {
    "accounts { A {}, B { imports: [{service: {account: A, subject: $CI_TOKEN}}] } }": (
        "Error adding service import …: service import not authorized"
    ),
    "accounts: [$CI_TOKEN, $CI_TOKEN]": "Duplicate Account Entry:",
    "accounts { A { users: [{user: a, permissions: {publish: [$CI_TOKEN, $CI_TOKEN, 1]}}] } }": "",
    "accounts { A { exports: [{service: a, response: $CI_TOKEN}] } }": "Unknown response type: …",
    "ping_interval: $CI_TOKEN": "invalid duration …",
    "default_js_domain: {A: $CI_TOKEN}": "",
}


@pytest.mark.parametrize("used", USED)
async def test_a_value_of_the_environment_is_not_told(
    used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_TOKEN", "ghpSECRET")  # as plain as a word of a sentence
    file = tmp_path / "a.conf"
    file.write_text(f"{used}\n")
    with pytest.raises((InvalidDocument, ServerError)) as told:
        async with viewing(file, binary()):
            pass
    assert USED[used] in str(told.value)
    assert "ghpSECRET" not in f"{told.value}{told.value.hint}"


REFUSED = {
    "a user as text": f'accounts {{\n  A {{ users: ["a:{PASSWORD}"] }}\n}}\n',
    "a password like a variable": f"accounts {{\n  A {{ users: [{{user: a, password: ${PASSWORD}",
    "a password that does not end": f'accounts {{\n  A {{ users: [{{user: a, password: "{PASSWORD}',
    "a password and a half": f'accounts {{\n  A {{ users: [{{password: "{PASSWORD}" {PASSWORD}}}',
    "two of one name": f"accounts {{\n A {{ users: [{{user: {PASSWORD}}}, {{user: {PASSWORD}}}]}}",
    "an unknown field": f'accounts {{\n  A {{ users: [{{user: a, passwort: "{PASSWORD}"}}]}}\n}}\n',
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_broken_file_is_told_in_one_line_without_its_secrets(
    what: str, tmp_path: Path
) -> None:
    file = tmp_path / "broken.conf"
    file.write_text(REFUSED[what])
    with pytest.raises(InvalidDocument) as refused:
        async with viewing(file, binary()):
            pass
    said = str(refused.value)
    assert said.startswith(f"nats-server refuses {file}:"), said
    assert "\n" not in said
    assert PASSWORD not in f"{said}{refused.value.hint}"


async def test_a_server_that_does_not_start_is_told_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text(f'no_auth_user: "{PASSWORD}"\naccounts {{ A {{ users: [{{user: a}}] }} }}\n')
    with pytest.raises(ServerError, match="no_auth_user: … not present") as failed:
        async with viewing(file, binary()):
            pass
    assert PASSWORD not in f"{failed.value}{failed.value.hint}"


@pytest.mark.parametrize("name", ["operator", "Operator", "trusted_keys", "RESOLVER"])
async def test_accounts_of_an_operator_are_not_in_the_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text(f'{name}: "{PASSWORD}"\n')
    with pytest.raises(InputError, match=f"a.conf has {name}: its accounts are documents"):
        async with viewing(file, binary()):
            pass


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        async with viewing(tmp_path / "none.conf", binary()):
            pass


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a file"):
        async with viewing(tmp_path, binary()):
            pass


def test_a_name_that_cannot_be_included(tmp_path: Path) -> None:
    view = View.of(tmp_path / "a\"b'c.conf", tmp_path)
    with pytest.raises(InputError, match="cannot include"):
        view.text()
