"""nsc describe, list, env and select; keys; creds and contexts; diagrams."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Account
from jetshare.identity.creds import parse_creds, parse_token_file
from jetshare.identity.nkeys import KeyPair, Kind
from support.cli import environment
from support.nsc import Nsc, payload


@pytest.fixture
def full(house: Nsc) -> Nsc:
    """An account with everything that can be described."""
    house(
        "edit account A --description d --info-url https://e --js-disk-storage 1G --leaf-conns 0"
        " --data 10M --sk generate --tag t --trace-context-subject tr --expiry 2040-01-01"
    )
    house("edit signing-key -a A --sk generate --role r --allow-pub x --conn-type mqtt")
    house("add export -a A -s 'q.*' -r --latency lat --sampling 20 --account-token-position 2")
    house("edit export -a A --description 'asks things' --info-url https://q")
    house("add export -a A -s p -r --private --response-type Stream --name p")
    house("add mapping -a A --from a --to b --weight 30")
    house("revocations add-user -a A -u '*'")
    house("generate activation -a A -s p -t B --expiry 2035-01-01 -o p.tok")
    house("add import -a B --token p.tok")
    house("add user -a A u --allow-pub-response=2 --response-ttl 1m30s")
    house("edit user -a A u --subs 3 --payload 2048")
    house("add user -a A scoped -K r")
    return house


def test_an_account_as_a_table(full: Nsc) -> None:
    shown = full("describe account A").stdout
    for row in (
        "Description               | d ",
        "Info Url                  | https://e ",
        "Max Leaf Node Connections | Not Allowed",
        "Max Data                  | 10 MB (10000000 bytes)",
        "Max Disk Storage          | 1.0 GB ",
        "Max Mem Storage           | Disabled",
        "Max Streams               | Unlimited",
        "Imports                   | None",
        "Revocations               | 1 ",
        "Tracing Context           | Enabled",
        "Sampling                  | 100%",
        "Expires                   | 2040-01-01 00:00:00 UTC",
        "Tags                      | t ",
    ):
        assert row in shown
    assert "| q.*  | Service          | q.*     | 2 " in shown
    assert "| lat (20%) | No " in shown
    assert "| p    | Service [Stream] | p       | - " in shown
    assert "| q.*  | asks things | https://q |" in shown
    assert "| a    | b  | 30         |" in shown
    assert "Scoped Signing Key - Details" in shown
    assert "| Allowed Connection Types | MQTT" in shown


def test_an_import_shows_when_it_ends_and_from_whom_it_is(full: Nsc) -> None:
    shown = full("describe account B").stdout
    assert "| 2035-01-01 00:00:00 UTC | A            | No     | N/A " in shown
    assert full.account("A").sub in full("describe account B -W").stdout


def test_a_user_as_a_table(full: Nsc) -> None:
    shown = full("describe user u -a A").stdout
    assert "| Max Responses           | 2 " in shown
    assert "| Response Permission TTL | 1m30s " in shown
    assert "| Max Msg Payload         | 2048 bytes (≈2.0 kB)" in shown
    shown = full("describe user scoped -a A").stdout
    assert "| Issuer Scoped  | Yes" in shown
    assert "Scoped Signing Key - Details" in shown
    key = full.user("A", "u").sub
    assert full(f"describe user {key} -a A").stdout == full("describe user u -a A").stdout
    full.refused("describe user -a A", "user is required", "scoped, u")
    full.refused(f"describe user {KeyPair.generate(Kind.USER).public}", "no user found with")


def test_an_operator_by_its_key_and_of_several(full: Nsc) -> None:
    key = full.operator().sub
    full("add operator O2")
    assert full("describe operator").stdout.split().count("O2") == 1
    assert json.loads(full(f"describe operator {key} -J").stdout)["name"] == "OP"
    assert json.loads(full("describe operator -n OP -J").stdout)["sub"] == key
    other = KeyPair.generate(Kind.OPERATOR).public
    full.refused(f"describe operator {other}", "no operator found with public key")


def test_the_payload_and_the_token(full: Nsc) -> None:
    shown = full("describe account A -J").stdout
    token = full("describe account A -R").stdout.strip()
    assert token == full.store().account("A").token
    assert json.loads(shown) == payload(token)
    assert shown.startswith('{\n "exp": ')
    assert full("describe account A -F nats.limits.subs").stdout == "-1\n"
    assert full("describe account A -F nats.cluster_traffic").stdout == "null\n"
    assert full("describe account SYS -F nats.mappings").stdout == "null\n"
    assert full("describe account SYS -F nats.exports[0].revocations").stdout == "null\n"
    assert full("describe account SYS -F nats.trace.dest").stdout == "null\n"
    assert full("describe account A -F sub").stdout == f'"{full.account("A").sub}"\n'


@pytest.mark.parametrize(("flag", "name"), [("-J", "a.json"), ("-R", "a.jwt"), ("", "a.txt")])
def test_a_description_in_a_file(full: Nsc, flag: str, name: str) -> None:
    done = full(f"describe account A {flag} -o {name}")
    what = "jwt" if flag == "-R" else "description"
    assert done.stdout == f"[ OK ] wrote account {what} to `{name}`\n"
    text = (full.work / name).read_text()
    if flag == "-R":
        assert text.startswith("-----BEGIN NATS ACCOUNT JWT-----\n")
        assert jwt.decode(parse_token_file(text), Account) == full.store().account("A")


def test_any_token_can_be_described(full: Nsc) -> None:
    shown = full("describe jwt --file p.tok").stdout
    assert "Activation" in shown.splitlines()[1]
    assert "| Import Subject | p " in shown
    creds = full.keystore / "creds/OP/A/u.creds"
    assert "| Name " in full(f"describe jwt --file {creds}").stdout
    path = full.home / "data/nats/nsc/stores/OP/OP.jwt"
    assert "Operator Details" in full(f"describe jwt -f {path}").stdout
    full.refused("describe jwt", "file is required")
    full.refused("describe jwt --file missing", "error loading `missing`")


def test_lists(full: Nsc) -> None:
    full("add operator O2")
    assert "| O2 " in full("list operators").stdout
    assert "No entries defined" in full("list accounts").stdout
    names = [entry["name"] for entry in json.loads(full("list accounts -o OP -J").stdout)]
    assert names == ["A", "B", "SYS"]
    users = json.loads(full("list users -o OP -a A -J").stdout)
    assert [entry["name"] for entry in users] == ["scoped", "u"]
    full.refused("list users", "an account is required")
    full.refused("list accounts -o NOPE", 'operator "NOPE" is not in')


def test_choosing(house: Nsc) -> None:
    house("add operator O2 -s")
    house("select operator OP")
    house.refused("describe account", "an account is required")
    house("select account A")
    assert "| Current Account          |     | A " in house("env").stdout
    house("env -o O2")
    assert "| Current Account          |     | SYS " in house("env").stdout
    house("env --operator OP --account B")
    config = json.loads((house.home / "config/nats/nsc/nsc.json").read_text())
    assert (config["operator"], config["account"]) == ("OP", "B")
    house.refused("select account NOPE", 'account "NOPE" is not in operator OP')
    house.refused("select account", "an account is required", "A, B, SYS")
    house.refused("select operator NOPE", 'operator "NOPE" is not in')
    house.refused("env -s nowhere", "is no folder")


def test_another_folder_of_stores(house: Nsc) -> None:
    house(f"--data-dir {house.home}/other add operator O3")
    assert json.loads(house("list operators -J").stdout)[0]["name"] == "O3"
    house(f"env -s {house.home}/data/nats/nsc/stores")
    assert "| Current Operator         |     | OP " in house("env").stdout


def test_standing_in_a_folder_chooses(house: Nsc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house.home / "data/nats/nsc/stores/OP/accounts/A")
    house("add user u")
    assert house.store().users("A") == ["u"]
    monkeypatch.setenv("NSC_CWD_ONLY", "1")
    house.refused("env -a B", "$NSC_CWD_ONLY is set")
    before = house.files()
    monkeypatch.chdir(house.home / "data/nats/nsc/stores/OP")
    house("add account C")
    name = "config/nats/nsc/nsc.json"
    assert house.files()[name] == before[name]


def test_keys(full: Nsc) -> None:
    shown = full("list keys --all").stdout
    assert shown.count(" *      |\n") == 10
    assert "|   u " in shown
    current = full("list keys").stdout
    assert "|  B " in current
    assert "|  A " not in current
    key = full.account("A").sub
    assert key in full("list keys -A --filter " + key[10:20].lower()).stdout
    assert full("list keys -A --filter QQQQQQQQ").stdout == "no keys matched query\n"
    entries = json.loads(full("list keys -A -J").stdout)
    by_name = {entry["name"]: entry for entry in entries if not entry["signing"]}
    assert by_name["u"]["parent"] == key
    assert by_name["u"]["expected_kind"] == "user"
    assert Path(by_name["u"]["key_path"]).is_file()


def test_keys_that_nobody_speaks_of(full: Nsc) -> None:
    done = full("generate nkey --account --user --store")
    public = done.stdout.split()[0]
    assert "account key stored" in done.stdout
    shown = full("list keys --not-referenced").stdout
    assert f"| ?      | {public} |" in shown
    assert full.account("A").sub not in shown
    full.refused("list keys --not-referenced -S", "specify one of")


@pytest.mark.shows_seed("output", reason="secrets are shown on demand")
def test_secrets_are_shown_on_demand(full: Nsc) -> None:
    key = full.store().key(full.account("B").sub)
    assert key
    assert key.seed() in full("list keys -S").stdout
    seeds = [entry.get("seed") for entry in json.loads(full("list keys -S -J").stdout)]
    assert key.seed() in seeds
    seed, public = full("generate nkey --curve").stdout.split()
    assert KeyPair.from_seed(seed).public == public
    full.refused("generate nkey", "set --operator, --account, --user, or --curve")


def test_keys_out_and_in_again(full: Nsc) -> None:
    key = full.account("A").sub
    full("export keys --accounts --account A --dir out --include-jwts")
    assert sorted(path.suffix for path in (full.work / "out").iterdir()) == [
        ".jwt",
        ".nk",
        ".nk",
        ".nk",
    ]
    assert (full.work / "out" / f"{key}.nk").stat().st_mode & 0o777 == 0o600
    refused = full("export keys --accounts --account A --dir out", code=1)
    assert refused.stderr.count("already exists - specify --force") == 3
    done = full("export keys --accounts --account A --dir out --force --remove")
    assert done.stdout.count("[ OK ] moved ") == 3
    assert full.store().key(key) is None
    full.refused("edit account A -K nothing", "is no key")
    (full.work / "out/bad.nk").write_text("no seed")
    done = full("import keys --dir out", code=1)
    assert done.stderr.count("was added to the keystore") == 3
    assert "bad.nk`: it holds no seed" in done.stderr
    assert full.store().key(key)
    full.refused("import keys --dir nowhere", "is not a directory")
    full.refused("import keys", 'required flag(s) "dir" not set')
    (full.work / "empty").mkdir()
    full.refused("import keys --dir empty", "no nkey (.nk) files found")
    full("import keys --dir . --recurse", code=1)
    (full.work / "out/bad.nk").unlink()
    full("import keys --dir . --recurse")


def test_curve_keys_out(full: Nsc) -> None:
    curves = [full("generate nkey --curve --store").stdout.split()[0] for _ in range(2)]
    full(f"export keys --not-referenced --curve {curves[0]} --dir one")
    assert [path.stem for path in (full.work / "one").iterdir()] == [curves[0]]
    full("export keys --not-referenced --curves --dir both")
    assert sorted(path.stem for path in (full.work / "both").iterdir()) == sorted(curves)
    full.refused("export keys --curves --dir none", "no keys found to export")


def test_an_old_keystore_is_migrated(full: Nsc) -> None:
    key = full.account("A").sub
    place = full.keystore
    assert "does not need migration" in full("keys migrate").stdout
    (place / "O/accounts").mkdir(parents=True)
    (place / f"keys/A/{key[1:3]}/{key}.nk").rename(place / "O/accounts/A.nk")
    creds = place / "OP/accounts/A/users/u.creds"
    creds.parent.mkdir(parents=True)
    (place / "creds/OP/A/u.creds").rename(creds)
    assert full.store().key(key) is None
    done = full("keys migrate")
    assert "was migrated - old store was renamed to" in done.stdout
    assert full.store().key(key)
    assert full.store().creds("A", "u")
    assert full.store().creds("SYS", "sys")
    assert (place / f"keys/A/{key[1:3]}/{key}.nk").stat().st_mode & 0o777 == 0o600


@pytest.mark.shows_seed("output", reason="creds are printed on demand")
def test_creds(full: Nsc) -> None:
    text = full("generate creds -a A -n u").stdout
    creds = parse_creds(text)
    assert creds.jwt == full.store().user("A", "u").token
    full("generate creds -a A -n u -o u.creds")
    assert (full.work / "u.creds").read_text() == text.removesuffix("\n")
    assert (full.work / "u.creds").stat().st_mode & 0o777 == 0o600
    full.refused("generate creds -a A", "user is required")
    full.refused("generate creds -a B", "user is required", "has no users")
    full(f"add user -a B far -k {KeyPair.generate(Kind.USER).public}")
    full.refused("generate creds -a B -n far", "is not in the keystore")


def test_a_context(full: Nsc) -> None:
    full("edit operator --service-url nats://h:4222")
    done = full("generate context -a A -u u --context work")
    assert "wrote nats cli context file to `~/config/nats/context/work.json`" in done.stdout
    context = json.loads((full.home / "config/nats/context/work.json").read_text())
    assert context["url"] == "nats://h:4222"
    assert context["nsc"] == "nsc://OP/A/u"
    assert context["creds"] == str(full.keystore / "creds/OP/A/u.creds")
    full.refused("generate context -a A -u u --context work", "is there already")
    full.refused("generate context -a A -u u", "context name is required")
    full.refused("generate context -a A -u u --context ../x", "is no name for a context")
    full.refused("generate context -a A -u nobody --context x", 'user "nobody"')


def test_diagrams(full: Nsc) -> None:
    shown = full("generate diagram component --detail").stdout
    assert shown.startswith("@startuml\n")
    a, b = full.account("A").sub, full.account("B").sub
    assert f"component [A] as {a} <<account>>" in shown
    assert f'interface "p" << private service >> as {a}_p' in shown
    assert f'{b} ..> {a}_p : "p"' in shown
    assert "asks things" in shown
    full("delete export -a A -s p")
    shown = full("generate diagram component").stdout
    assert "not-found private service" in shown
    assert "A exports no service that covers p" in shown
    shown = full("generate diagram object --users --show-keys --detail").stdout
    assert f'object "A" as {a} << account >>' in shown
    assert "Max Disk Storage = 1000000000" in shown
    assert f'{a} -- {full.user("A", "u").sub} : "signed >"' in shown
    full("generate diagram object -o d.puml")
    assert (full.work / "d.puml").read_text().endswith("@enduml\n")


def test_a_store_that_cannot_be_read_is_named(full: Nsc) -> None:
    path = full.home / "data/nats/nsc/stores/OP/accounts/A/A.jwt"
    path.write_text("x")
    full.refused("describe account A", str(path))
    assert "Account Details" in full("describe account B").stdout
    assert "error loading jwt - " in full("list accounts").stdout


def test_validate_a_file_of_tokens(full: Nsc) -> None:
    tokens = [full.store().account(name).token for name in ("A", "B")]
    key = full.account("A").sub
    (full.work / "pack").write_text(f"{key}|{tokens[0]}\n\n{tokens[1]}\n")
    shown = full("validate --file pack").stdout
    assert f'Account "{key}"' in shown
    assert shown.count("No issues found") == 2
    full.refused("validate -f pack -A", "specify only one of")
    (full.work / "pack").write_text("x")
    full.refused("validate -f pack", "not a token")


def test_two_at_once_lose_nothing(house: Nsc) -> None:
    """Several processes edit one account; each edit is there afterwards."""
    lines = [["add", "export", "-a", "A", "--subject", f"s{number}"] for number in range(6)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "jetshare.cli.nsc", *line],
            env=environment({}),
            stdout=subprocess.DEVNULL,
        )
        for line in lines
    ]
    assert [process.wait(60) for process in running] == [0] * 6
    assert [export.subject for export in house.account("A").nats.exports] == [
        f"s{number}" for number in range(6)
    ]
