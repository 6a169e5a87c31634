"""nsc push and pull, with servers on the configurations that nsc generate config writes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import AccessRefused
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Export
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect
from jetshare.net.resolver import Resolver
from jetshare.store.contract import Store
from jetshare.workflows.reach import Reach, system_creds
from support.nsc import Nsc
from support.plain_server import plain_server
from support.servers import free_ports
from support.waiting import until


@pytest.fixture
def served(house: Nsc, tmp_path: Path) -> Iterator[Nsc]:
    """The store of ``house``, and a server of its operator with a full resolver."""
    config = house("generate config --nats-resolver").stdout
    config = config.replace("allow_delete: false", "allow_delete: true")
    with plain_server(tmp_path / "server", config) as url:
        house(f"edit operator --account-jwt-server-url {url}")
        yield house


def held(nsc: Nsc, public: str) -> str | None:
    """The document that the server has."""

    async def look(store: Store) -> str | None:
        reach = Reach()
        login = reach.login(store, system_creds(store, reach, 10**9 * 2))
        async with connect(login) as client:
            return await Resolver(client).lookup(public)

    return asyncio.run(look(nsc.store()))


def test_push_all(served: Nsc) -> None:
    done = served("push -A")
    assert done.stdout.startswith('[ OK ] push to nats-server "nats://127.0.0.1:')
    for name in ("A", "B", "SYS"):
        assert f"[ OK ] push {name} to nats-server with nats account resolver:" in done.stdout
        assert re.search(rf'\[ OK \] pushed "{name}" to nats-server \w+: jwt updated', done.stdout)
        assert held(served, served.account(name).sub) == served.store().account(name).token
    assert done.stdout.count("[ OK ] pushed to a total of 1 nats-server") == 3
    assert done.stderr == ""


def test_push_one(served: Nsc) -> None:
    url = served.operator().nats.account_server_url
    served("edit operator --rm-account-jwt-server-url")
    served.refused("push", "no account server url", "edit operator --account-jwt-server-url")
    served(f"push -u {url}")
    served(f"edit operator -u {url}")
    assert held(served, served.account("B").sub)
    assert held(served, served.account("A").sub) is None
    served("push -a A")
    assert held(served, served.account("A").sub)


def test_push_of_a_thousand_accounts_has_every_answer_checked(served: Nsc) -> None:
    signer = served.store().key(served.operator().sub)
    assert signer
    with served.store().edit() as editing:
        for number in range(1000):
            key = KeyPair.generate(Kind.ACCOUNT)
            claims = Claims(name=f"T{number:04}", sub=key.public, nats=Account())
            editing.put_account(jwt.encode(claims, signer, 10**9))
    done = served("push --all")
    assert done.stdout.count("jwt updated") == 1003
    assert done.stdout.count("pushed to a total of 1 nats-server") == 1003


def test_what_is_invalid_is_not_pushed_unless_it_must(served: Nsc) -> None:
    _store(served, "A", exports=(Export(subject="a.>", type="stream"),) * 2)
    message = served.refused("push -a A", "--force")
    assert message.startswith('unable to push account "A" as it has validation issues')
    done = served("push -a A --force", code=1)
    assert done.stdout == ""
    assert "[ERR ] push A to nats-server" in done.stderr
    assert re.search(r"\[ERR \] server \w+ responded with error: .*\(500\)", done.stderr)
    assert "[ERR ] pushed to 0 of 1 nats-server" in done.stderr


def test_one_of_two_servers_refuses(house: Nsc, tmp_path: Path) -> None:
    """The second has no room for an account beside SYS."""
    config = house("generate config --nats-resolver").stdout
    (port,) = free_ports(1)
    roomy = f'server_name: roomy\ncluster {{ name: c, listen: "127.0.0.1:{port}" }}\n'
    narrow = (
        f'server_name: narrow\ncluster {{ name: c, listen: "127.0.0.1:-1",'
        f' routes: ["nats://127.0.0.1:{port}"] }}\n'
    )
    without_room = config.replace("type: full", "type: full\n    limit: 1")
    with (
        plain_server(tmp_path / "roomy", config + roomy) as url,
        plain_server(tmp_path / "narrow", without_room + narrow),
    ):
        house(f"edit operator --account-jwt-server-url {url}")
        asyncio.run(_joined(house.store(), 2))
        done = house("push -a A", code=1)
        assert held(house, house.account("A").sub)
    said = done.stdout + done.stderr
    assert '[ OK ] pushed "A" to nats-server' in said
    assert re.search(r"\[ERR \] server \w+ responded with error: .*full", said)
    assert "[ERR ] pushed to 1 of 2 nats-server" in said
    assert "pushed to a total of" not in said


async def _joined(store: Store, count: int) -> None:
    """Until so many servers answer the system account."""
    reach = Reach()
    login = reach.login(store, system_creds(store, reach, 10**9 * 2))
    async with connect(login) as client:

        async def all_there() -> bool:
            return len(await Resolver(client).servers()) == count

        await until(all_there)


def _store(nsc: Nsc, name: str, *, key: KeyPair | None = None, **fields: object) -> None:
    """Store a document that no command would make."""
    signer = key or nsc.store().key(nsc.operator().sub)
    assert signer
    claims = nsc.account(name).with_nats(**fields)
    with nsc.store().edit() as editing:
        editing.put_account(jwt.encode(claims, signer, 10**9))


def test_what_another_operator_signed_is_not_pushed(served: Nsc) -> None:
    _store(served, "A", key=KeyPair.generate(Kind.OPERATOR))
    served.refused("push -a A", "is not signed by the operator")


def test_diff_and_prune(served: Nsc) -> None:
    served("push -A")
    gone = served.account("A").sub
    served("delete account A")
    done = served("push --diff")
    assert f"[ OK ] account {gone} only exists in server" in done.stdout
    assert f"[ OK ] account {served.account('B').sub} named B exists" in done.stdout
    assert held(served, gone)
    done = served("push --prune")
    assert re.search(r"\[ OK \] pruned nats-server \w+: deleted 1 accounts", done.stdout)
    assert held(served, gone) is None
    assert "[ OK ] nothing to prune" in served("push -P").stdout


def test_removing_one_account_from_the_servers(served: Nsc) -> None:
    served("push -A")
    served("push --account-removal A")
    assert held(served, served.account("A").sub) is None
    assert served.store().accounts() == ["A", "B", "SYS"]


def test_pull_brings_back_what_the_servers_have(served: Nsc) -> None:
    served("push -A")
    before = served.store().account("A")
    served("delete account A")
    done = served("pull -A")
    assert '[ OK ] stored account "A"' in done.stdout
    assert '[ OK ] "B" is the same here and there' in done.stdout
    assert served.store().account("A") == before


def test_pull_leaves_what_is_newer_here(served: Nsc) -> None:
    served("push -A")
    there = served.store().account("A")
    key = served.store().key(served.operator().sub)
    assert key
    newer = jwt.encode(replace(there.claims, nbf=1), key, there.claims.iat + 100)
    with served.store().edit() as editing:
        editing.put_account(newer)
    done = served("pull -A", code=1)
    assert 'local jwt for "A" is newer than remote version' in done.stderr
    assert served.store().account("A") == newer
    served("pull -A -F")
    assert served.store().account("A") == there


def test_pull_of_one_account_is_not_for_servers(served: Nsc) -> None:
    served.refused("pull -a A", "can only pull all jwt")


def test_a_system_user_that_is_named(served: Nsc) -> None:
    served("add user -a SYS pusher")
    served("push -A --system-account SYS --system-user pusher")
    served.refused("push -A --system-user nobody", "has no creds file")


def test_a_server_that_is_not_there(house: Nsc) -> None:
    house.refused("push -A -u nats://127.0.0.1:1", "failed to push: nats://127.0.0.1:1")
    house.refused("push -A -u ftp://h", "is no URL of a server")
    house.refused("push -A -a A -u nats://127.0.0.1:1", "specify only one of")
    house.refused("push --prune --diff -u nats://127.0.0.1:1", "mutually exclusive")
    house.refused("pull -A", "doesn't set account server url")


async def let_in(url: str, creds: Creds) -> bool:
    try:
        async with connect(Login(servers=(url,), creds=creds)) as client:
            return bool(client.is_connected)
    except AccessRefused:
        return False


def test_a_server_with_all_accounts_in_its_configuration(house: Nsc, tmp_path: Path) -> None:
    house("add user -a A u")
    creds = house.store().creds("A", "u")
    assert creds
    with plain_server(tmp_path / "server", house("generate config --mem-resolver").stdout) as url:
        assert asyncio.run(let_in(url, creds))


def test_a_server_that_asks_another_one_for_accounts(house: Nsc, tmp_path: Path) -> None:
    """One keeps all accounts that are pushed to it, the other is told of them by the first."""
    house("add user -a A u")
    creds = house.store().creds("A", "u")
    assert creds
    full = house("generate config --nats-resolver").stdout
    cache = house("generate config --nats-resolver-cache").stdout
    (port,) = free_ports(1)
    listening = f'server_name: full\ncluster {{ name: c, listen: "127.0.0.1:{port}" }}\n'
    asking = (
        f'server_name: cache\ncluster {{ name: c, listen: "127.0.0.1:-1",'
        f' routes: ["nats://127.0.0.1:{port}"] }}\n'
    )
    with (
        plain_server(tmp_path / "full", full + listening) as url,
        plain_server(tmp_path / "cache", cache + asking) as asked,
    ):
        house(f"push -A -u {url}")
        assert asyncio.run(let_in(url, creds))
        asyncio.run(until(lambda: let_in(asked, creds)))
        assert list((tmp_path / "full/jwt").rglob(f"{house.account('A').sub}.jwt"))
        assert list((tmp_path / "cache/jwt").rglob(f"{house.account('A').sub}.jwt"))
        assert list((tmp_path / "cache/jwt").rglob(f"{house.account('B').sub}.jwt")) == []


def test_a_configuration_in_a_file(house: Nsc) -> None:
    house("generate config --nats-resolver-cache --config-file c.conf")
    content = (house.work / "c.conf").read_text()
    assert "type: cache" in content
    assert f"system_account: {house.account('SYS').sub}" in content
    house.refused("generate config --mem-resolver --config-file c.conf", "already exists")
    house("generate config --mem-resolver --config-file c.conf --force")
    assert (house.work / "c.conf").read_text() != content
    house.refused("generate config", "specify a config type option")
    house.refused("generate config --mem-resolver --nats-resolver", "only generate one")
    house("generate config --mem-resolver --sys-account A")


def test_a_resolver_needs_a_system_account(nsc: Nsc) -> None:
    nsc("add operator OP")
    nsc("add account A")
    nsc.refused("generate config --nats-resolver", "system account is not set")
    assert "system_account" not in nsc("generate config --mem-resolver").stdout
    nsc.refused("push -A -u nats://127.0.0.1:1", "has no system account")
