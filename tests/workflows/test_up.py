"""``jetshare up``: an operator founded, served, and the server in step with the folder."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, Export, Import, User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect
from jetshare.net.resolver import Resolver
from jetshare.workflows.in_step import Event, Follower, Step
from jetshare.workflows.reach import Reach, account_creds, system_creds
from jetshare.workflows.signers import account_document_signer
from support.cli import Jetshare
from support.running_up import WITHIN_S, Up, edit, on_server, up
from support.scene import scene
from support.waiting import until


@pytest.fixture
def home(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(fresh_home)
    return fresh_home


def test_where_there_is_nothing_it_makes_an_operator_and_accounts(home: Path) -> None:
    with up(home, "--domain", "ngstest") as running:
        store = running.store
        assert store.accounts() == ["ACCTA", "ACCTB", "ACCTC", "SYS"]
        operator = store.operator().claims.nats
        assert len(operator.signing_keys) == 1
        assert operator.system_account == store.account("SYS").claims.sub
        for name in ("ACCTA", "ACCTB", "ACCTC"):
            assert store.account(name).claims.nats.limits.disk_storage == -1
            assert store.creds(name, store.users(name)[0]) is not None
            context = json.loads((home / f".config/nats/context/{name}.json").read_text())
            assert context["url"] == running.url
            assert Path(context["creds"]).is_file()
        config = json.loads((home / ".config/nats/nsc/nsc.json").read_text())
        assert (config["operator"], config["account"]) == ("OP", "ACCTA")
        # Every account can log in, and has JetStream in the domain.
        for name in ("ACCTA", "ACCTB", "ACCTC"):
            assert asyncio.run(_domain(running, name)) == "ngstest"


async def _domain(running: Up, account: str) -> str:
    reach = Reach(servers=(running.url,))
    document = running.store.account(account)
    creds = account_creds(running.store, document, reach, int(time.time()))
    async with connect(reach.login(running.store, creds)) as client:
        reply = await client.request("$JS.API.INFO", b"", timeout=WITHIN_S)
        return str(json.loads(reply.data)["domain"])


def test_names_of_ones_own(home: Path) -> None:
    with up(home, "--operator", "RETAIL", "--account", "X", "--account", "Y") as running:
        assert running.store.name == "RETAIL"
        assert running.store.accounts() == ["SYS", "X", "Y"]


def test_a_context_that_is_there_stays(home: Path) -> None:
    mine = home / ".config/nats/context/ACCTA.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"url": "nats://elsewhere:4222"}')
    with up(home):
        pass
    assert json.loads(mine.read_text()) == {"url": "nats://elsewhere:4222"}


def test_a_second_up_brings_back_identities_and_data(home: Path) -> None:
    with up(home) as running:
        keys = [running.store.account(name).claims.sub for name in running.store.accounts()]
        asyncio.run(_make_stream(running, "KEPT"))
        assert running.stop() == 0
    with up(home) as again:
        assert [again.store.account(n).claims.sub for n in again.store.accounts()] == keys
        assert asyncio.run(_streams(again)) == ["KEPT"]


async def _api(running: Up, subject: str, body: bytes = b"") -> Any:
    reach = Reach(servers=(running.url,))
    document = running.store.account("ACCTC")
    creds = account_creds(running.store, document, reach, int(time.time()))
    async with connect(reach.login(running.store, creds)) as client:
        reply = await client.request(f"$JS.API.{subject}", body, timeout=WITHIN_S)
        return json.loads(reply.data)


async def _make_stream(running: Up, name: str) -> None:
    body = json.dumps({"name": name, "subjects": ["kept.>"], "storage": "file"}).encode()
    assert "error" not in await _api(running, f"STREAM.CREATE.{name}", body)


async def _streams(running: Up) -> list[str]:
    names: list[str] = (await _api(running, "STREAM.NAMES"))["streams"]
    return names


def test_a_document_that_changes_in_the_folder_is_on_the_server(home: Path) -> None:
    with up(home) as running:
        export = Export(name="a", subject="a.b", type="stream")
        token = edit(running.store, "ACCTC", exports=(export,))
        running.until("taken", "ACCTC")
        assert on_server(running, "ACCTC") == token


def test_an_invalid_document_is_refused_without_touching_the_others(home: Path) -> None:
    with up(home) as running:
        file = running.store.folder / "accounts/ACCTA/ACCTA.jwt"
        good = file.read_text()
        stranger = KeyPair.generate(Kind.OPERATOR)
        claims = running.store.account("ACCTA").claims
        for bad, says in (
            (good[:-20], "the token"),
            (jwt.encode(claims, stranger, int(time.time())).token, "no key of OP"),
            ("not a token", "not a token"),
        ):
            file.write_text(bad)
            assert says in running.until("refused", "ACCTA")["reason"]
            token = edit(running.store, "ACCTB", description=says)
            running.until("taken", "ACCTB")
            assert on_server(running, "ACCTB") == token
        file.write_text(good)
        running.until("taken", "ACCTA")
        assert on_server(running, "ACCTA") == good


def test_a_document_that_is_damaged_at_the_start_is_not_taken_from_the_server(home: Path) -> None:
    with up(home) as running:
        file = running.store.folder / "accounts/ACCTA/ACCTA.jwt"
        good = file.read_text()
    file.write_text(good[:-20])
    with up(home) as running:
        running.until("refused", "ACCTA")
        file.write_text(good)
        assert on_server(running, "ACCTA") == good
        running.until("taken", "ACCTA")
    assert "deleted" not in {told["event"] for told in running.seen}


def test_an_import_whose_time_is_over_does_not_hold_its_account_back(home: Path) -> None:
    """A server takes the account and drops the import."""
    with up(home) as running:
        source, importer = (running.store.account(name).claims for name in ("ACCTC", "ACCTB"))
        key = running.store.key(source.sub)
        assert key is not None
        over = int(time.time()) - 60
        body = Activation(subject="a.b", kind="stream")
        activation = Claims(name="a.b", sub=importer.sub, exp=over, nats=body)
        item = Import(
            name="a.b",
            subject="a.b",
            account=source.sub,
            type="stream",
            token=jwt.encode(activation, key, over).token,
        )
        token = edit(running.store, "ACCTB", imports=(item,))
        running.until("taken", "ACCTB")
        assert on_server(running, "ACCTB") == token


def test_it_goes_on_when_the_time_of_its_own_user_is_over(home: Path) -> None:
    with up(home) as running, running.store.edit() as editing:
        key = KeyPair.generate(Kind.USER)
        signer = editing.key(editing.account("SYS").claims.sub)
        assert signer is not None
        claims = Claims(name="sys", sub=key.public, exp=int(time.time()) + 3, nats=User())
        short = Creds(jwt=jwt.encode(claims, signer, int(time.time())).token, key=key)
        editing.put_creds("SYS", "sys", short)
    with up(home) as running:
        asyncio.run(_stay_until_shown_the_door(Login(servers=(running.url,), creds=short)))
        edit(running.store, "ACCTC", description="later")
        running.until("taken", "ACCTC")


async def _stay_until_shown_the_door(login: Login) -> None:
    async with connect(login) as client:

        async def closed() -> bool:
            return client.is_closed

        await until(closed)


async def test_a_store_that_is_away_takes_no_account_from_the_server(tmp_path: Path) -> None:
    """It was moved, say, or is on a disk that is not mounted: that deletes nothing."""
    told = list[Event]()
    async with scene(tmp_path) as live:
        store, now = live.store, int(time.time())
        operator = store.operator().claims
        login = live.reach.login(store, system_creds(store, live.reach, now))
        async with connect(login) as client:
            follower = Follower.of(
                accounts=store.folder / "accounts",
                operator=operator,
                resolver=Resolver(client),
                signer=store.key(operator.nats.signing_keys[0]),
                sign_anew=print,
                tell=told.append,
                now=lambda: now,
            )
            await follower.begin()
            held = await follower.resolver.list_accounts()
            (store.folder / "accounts").rename(tmp_path / "away")
            for _ in range(3):
                await follower.follow()
            assert await follower.resolver.list_accounts() == held
            assert told == []
            (tmp_path / "away").rename(store.folder / "accounts")
            with store.edit() as editing:
                editing.delete_account("ACCTA")
            for _ in range(2):
                await follower.follow()
            assert [(event.step, event.account) for event in told] == [(Step.DELETED, "ACCTA")]


@pytest.mark.parametrize("strict", [False, True])
def test_an_account_that_comes_and_goes(home: Path, strict: bool) -> None:
    with up(home) as running:
        if strict:
            make_strict(running)
        key = KeyPair.generate(Kind.ACCOUNT)
        with running.store.edit() as editing:
            claims = Claims(name="NEW", sub=key.public, nats=Account())
            signer = account_document_signer(editing, claims)
            editing.put_account(jwt.encode(claims, signer, int(time.time())))
        running.until("taken", "NEW")
        assert on_server(running, "NEW") is not None
        token = running.store.account("NEW").token
        with running.store.edit() as editing:
            editing.delete_account("NEW")
        running.until("deleted", "NEW")
        with running.store.edit() as editing:
            editing.put_account(jwt.Document(token=token, claims=claims))
        running.until("taken", "NEW")


def make_strict(running: Up) -> None:
    """From now on the operator's signing key alone may sign, and delete."""
    with running.store.edit() as editing:
        operator = editing.operator().claims
        key = editing.key(operator.sub)
        assert key is not None
        nats = replace(operator.nats, strict_signing_key_usage=True)
        editing.put_operator(jwt.encode(replace(operator, nats=nats), key, int(time.time())))
    running.until("serving")


def test_without_a_system_account_it_says_so_before_it_starts(
    home: Path, jetshare_cli: Jetshare
) -> None:
    with up(home) as running:
        pass
    with running.store.edit() as editing:
        operator = editing.operator().claims
        key = editing.key(operator.sub)
        assert key is not None
        nats = replace(operator.nats, system_account="")
        editing.put_operator(jwt.encode(replace(operator, nats=nats), key, int(time.time())))
    done = jetshare_cli("up")
    assert done.exit == 2
    assert "has no system account" in done.stderr


def test_a_new_operator_document_starts_the_server_again(home: Path) -> None:
    with up(home) as running:
        asyncio.run(_make_stream(running, "KEPT"))
        fresh = KeyPair.generate(Kind.OPERATOR)
        with running.store.edit() as editing:
            operator = editing.operator().claims
            key = editing.key(operator.sub)
            assert key is not None
            nats = replace(operator.nats, signing_keys=(*operator.nats.signing_keys, fresh.public))
            document = jwt.encode(replace(operator, nats=nats), key, int(time.time()))
            editing.put_operator(document)
            editing.put_key(fresh)
        told = running.until("serving")
        assert told["again"] is True
        assert told["url"] == running.url
        assert asyncio.run(_streams(running)) == ["KEPT"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_in_good_order(home: Path, how: signal.Signals) -> None:
    with up(home) as running:
        assert running.stop(how) == 0


def test_a_server_that_dies_is_told(home: Path) -> None:
    with up(home) as running:
        (server,) = [int(path.stem.rpartition("_")[2]) for path in home.rglob("*.ports")]
        os.kill(server, signal.SIGKILL)
        _, told = running.process.communicate(timeout=WITHIN_S)
        assert running.process.returncode == 4
        assert "jetshare: error: nats-server ended: killed by signal 9\n" in told
        assert "hint: its log is " in told
        assert "\n  nats-server: killed by signal 9\n" in told
        assert "\\x0a" not in told


def test_the_server_goes_with_it_even_when_it_is_killed(home: Path) -> None:
    with up(home) as running:
        (server,) = [int(path.stem.rpartition("_")[2]) for path in home.rglob("*.ports")]
        running.process.kill()
        running.process.communicate(timeout=WITHIN_S)
        deadline = time.monotonic() + WITHIN_S
        while Path(f"/proc/{server}/exe").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_words_for_a_new_operator_are_refused_where_one_is(
    home: Path, jetshare_cli: Jetshare
) -> None:
    with up(home):
        pass
    done = jetshare_cli("up", "--account", "X")
    assert done.exit == 2
    assert "one is here already" in done.stderr


def test_a_second_one_beside_it_is_told_that_the_store_is_served(
    home: Path, jetshare_cli: Jetshare
) -> None:
    with up(home) as running:
        done = jetshare_cli("up", "--port", "0", "--dir", home / "other")
        assert done.exit == 5
        assert f"OP is served already by process {running.process.pid}" in done.stderr
        assert "hint: use that server" in done.stderr


def test_a_port_that_is_taken(home: Path, jetshare_cli: Jetshare) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = jetshare_cli("up", "--port", port)
        assert done.exit == 4
        assert f"port {port} is taken" in done.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []
