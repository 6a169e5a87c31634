"""Operators that others manage: a real account server in front of a real nats-server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetshare.errors import AccessRefused
from jetshare.identity import jwt
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.net.connect import Login, connect
from support.account_server import CONNECTIONS, Running, account_server
from support.cli import Finished, Jetshare
from support.nsc import Nsc
from support.plain_server import plain_server
from support.servers import Realm


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Running]:
    with account_server(tmp_path) as running:
        yield running


@pytest.fixture
def guest(nsc: Nsc, provider: Running) -> Nsc:
    """A store of the provider's operator, without an account yet."""
    nsc(f"add operator -u {provider.url}/operator")
    return nsc


def test_an_operator_is_imported_from_its_account_server(nsc: Nsc, provider: Running) -> None:
    done = nsc(f"add operator --url {provider.url}/operator")
    assert done.stdout == '[ OK ] imported operator "NGS"\n'
    assert nsc.store().managed
    assert nsc.operator() == provider.operator.claims
    assert '"managed":true' in (nsc.home / "data/nats/nsc/stores/NGS/.nsc").read_text()


def test_an_operator_is_imported_from_a_file_under_another_name(
    nsc: Nsc, provider: Running
) -> None:
    (nsc.work / "op.jwt").write_text(provider.operator.token)
    nsc("add operator mine -u op.jwt")
    assert nsc.store("mine").operator() == provider.operator
    nsc.refused("add operator mine -u op.jwt", "exists already", "--force")
    nsc("add operator mine -u op.jwt --force")


def test_a_well_known_operator_is_one_of_the_environment(
    nsc: Nsc, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSC_ACME_OPERATOR", f"{provider.url}/operator")
    nsc("add operator -u acme")
    assert nsc.store().name == "acme"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no tokens"),
        ("x.y.z", "not base64url"),
        ("a b c", "holds no tokens"),
    ],
)
def test_what_is_no_operator(nsc: Nsc, content: str, says: str) -> None:
    (nsc.work / "op.jwt").write_text(content)
    nsc.refused("add operator -u op.jwt", says)


def test_an_account_signs_itself_and_is_stored_as_the_operator_signed_it(
    guest: Nsc, provider: Running
) -> None:
    done = guest("add account A")
    assert "[ OK ] push jwt to account server\n[ OK ] pull jwt from account server\n" in done.stdout
    account = guest.account("A")
    assert account.iss in provider.operator.claims.nats.signing_keys
    assert account.nats.limits.conn == CONNECTIONS


def test_each_edit_goes_to_the_server_and_comes_back(guest: Nsc, provider: Running) -> None:
    guest("add account A")
    done = guest("edit account A --conns 5 --description mine")
    assert "[WARN] account server modifications:" in done.stdout
    account = guest.account("A")
    assert account.nats.description == "mine"
    assert account.nats.limits.conn == CONNECTIONS
    assert account.iss in provider.operator.claims.nats.signing_keys
    guest("add export --subject a.b --service")
    guest("add mapping --from x --to y")
    guest("revocations add-user -u '*'")
    account = guest.account("A")
    assert [export.subject for export in account.nats.exports] == ["a.b"]
    assert account.nats.mappings.keys() == {"x"}
    assert account.nats.revocations.keys() == {"*"}


async def enter(url: str, creds: Creds | None) -> bool:
    async with connect(Login(servers=(url,), creds=creds)) as client:
        return bool(client.is_connected)


def test_a_user_connects_to_the_servers_of_the_operator(
    guest: Nsc, provider: Running, tmp_path: Path
) -> None:
    guest("add account A")
    guest("add user u")
    guest("add user gone")
    creds = guest.store().creds("A", "u")
    config = f"""
        operator: {provider.operator.token}
        system_account: {provider.system.claims.sub}
        resolver: URL("{provider.url}/accounts/")
    """

    gone = guest.store().creds("A", "gone")
    with plain_server(tmp_path / "server", config) as url:
        assert asyncio.run(enter(url, creds))
    guest("delete user gone --revoke")
    with (
        plain_server(tmp_path / "server-2", config) as url,
        pytest.raises(AccessRefused),
    ):
        asyncio.run(enter(url, gone))


def test_what_is_not_agreed_to_yet_is_stored_as_the_account_signed_it(
    guest: Nsc, provider: Running
) -> None:
    provider.behave("pending")
    done = guest("add account A")
    assert "[WARN] push jwt to account server: pushed account jwt was accepted" in done.stdout
    assert "> an administrator will look at it" in done.stdout
    account = guest.account("A")
    assert account.iss == account.sub
    provider.behave("")
    assert guest("push").stdout == '[ OK ] pushed "A" to account server\n'
    assert '[ OK ] stored account "A"' in guest("pull -a A").stdout
    assert guest.account("A").iss in provider.operator.claims.nats.signing_keys


def test_a_server_that_refuses_does_not_undo_what_is_stored(guest: Nsc, provider: Running) -> None:
    provider.behave("refuse")
    done = guest("add account A", code=1)
    assert done.stdout == ""
    assert "the account server refuses it (403): your account is not paid for" in done.stderr
    assert "[WARN] perform push/pull again" in done.stderr
    account = guest.account("A")
    assert account.iss == account.sub
    refused = guest("push -A", code=1)
    assert '[ERR ] failed to push account "A"' in refused.stderr


def test_a_document_that_the_operator_did_not_sign_is_not_stored(
    guest: Nsc, provider: Running
) -> None:
    guest("add account A")
    before = guest.account("A")
    provider.behave("forge")
    done = guest("edit account A --description new", code=1)
    assert "is no key of operator NGS" in done.stderr
    after = guest.account("A")
    assert after.iss == after.sub == before.sub
    assert after.nats.description == "new"
    assert "no key of the operator" in guest("pull -A", code=1).stderr


def test_a_server_that_is_away(guest: Nsc) -> None:
    operator = guest.operator()
    assert operator.nats.account_server_url
    guest("add account A")
    with_server_gone(guest)
    done = guest("edit account A --description new", code=1)
    assert "cannot be reached" in done.stderr
    assert guest.account("A").nats.description == "new"


def with_server_gone(guest: Nsc) -> None:
    """The operator's document, with a port in it at which nobody listens."""
    key = KeyPair.generate(Kind.OPERATOR)
    claims = guest.operator().with_nats(account_server_url="http://127.0.0.1:1/jwt/v1")
    document = jwt.encode(claims, key, 10**9)
    with guest.store().edit() as editing:
        editing.put_operator(document)


def test_pull_takes_the_operator_and_all_accounts(guest: Nsc, provider: Running) -> None:
    guest("add account A")
    guest("add account B")
    done = guest("pull -A")
    assert '[ OK ] "NGS" is the same here and there' in done.stdout
    assert '[ OK ] "B" is the same here and there' in done.stdout
    _older_there(guest, "A")
    done = guest("pull -A", code=1)
    assert 'local jwt for "A" is newer than remote version' in done.stderr
    guest("pull -A -F")
    assert guest.account("A").iss in provider.operator.claims.nats.signing_keys


def _older_there(guest: Nsc, name: str) -> None:
    """Store a document of the account that is newer than the server's."""
    account = guest.account(name)
    key = guest.store().key(account.sub)
    assert key
    newer = jwt.encode(account, key, account.iat + 1000)
    with guest.store().edit() as editing:
        editing.put_account(newer)


def test_an_activation_is_pushed(guest: Nsc, provider: Running) -> None:
    guest("add account A")
    guest("add account B")
    guest("add export -a A --subject a.b --private")
    done = guest("generate activation -a A --target-account B --push -o t.tok")
    assert f'[ OK ] activation accessible at "{provider.url}/activations/' in done.stdout


def test_deleting_an_account_needs_force(guest: Nsc) -> None:
    guest("add account A")
    guest("add user u")
    guest.refused("delete account A", "specify the --force to override")
    done = guest("delete account A --force")
    assert "[ OK ] push jwt to account server" in done.stdout
    assert guest.store().accounts() == []


def test_init_on_a_managed_operator(nsc: Nsc, provider: Running) -> None:
    done = nsc(f"init -n mine -u {provider.url}/operator")
    assert "[ OK ] add managed operator NGS" in done.stdout
    assert nsc.account("mine").iss in provider.operator.claims.nats.signing_keys
    assert nsc.store().creds("mine", "mine")
    nsc.refused("init -n other -o nobody", 'operator "nobody" was not found')


def test_prune_is_not_for_account_servers(guest: Nsc) -> None:
    guest("add account A")
    guest.refused("push --prune", "prune only works for nats based account resolver")


def test_without_an_account_server_documents_go_by_hand(nsc: Nsc, provider: Running) -> None:
    key = KeyPair.generate(Kind.OPERATOR)
    claims = provider.operator.claims.with_nats(account_server_url="")
    own = jwt.encode(replace(claims, sub=key.public), key, 10**9)
    (nsc.work / "op.jwt").write_text(own.token)
    nsc("add operator -u op.jwt")
    assert "[WARN] unable to push" in nsc("add account A").stdout
    account = nsc.account("A")
    assert account.iss == account.sub


TLS = Path(__file__).parents[2] / "net/tls"
CERTIFICATE = TLS / "cert.pem"


def test_an_account_server_that_speaks_https(
    nsc: Nsc, jetshare_cli: Jetshare, tmp_path: Path
) -> None:
    """Each command is a process of its own: what it trusts is read when it starts."""

    def trusting(line: str) -> Finished:
        trusted = {"SSL_CERT_FILE": str(CERTIFICATE)}
        return jetshare_cli("nsc", *line.split(), env=trusted, cwd=nsc.work)

    with account_server(tmp_path, certificate=(CERTIFICATE, TLS / "key.pem")) as provider:
        assert provider.url.startswith("https://")
        stranger = jetshare_cli("nsc", "add", "operator", "-u", f"{provider.url}/operator")
        assert (stranger.exit, stranger.stdout) == (1, "")
        assert "its certificate is not trusted" in stranger.stderr
        assert "hint: name the authority's certificate in SSL_CERT_FILE" in stranger.stderr
        assert trusting(f"add operator -u {provider.url}/operator").exit == 0
        assert "[ OK ] push jwt to account server" in trusting("add account A").stdout
        done = trusting("edit account A --description mine")
        assert "[ OK ] pull jwt from account server" in done.stdout
        assert nsc.account("A").nats.description == "mine"
        assert nsc.account("A").iss in provider.operator.claims.nats.signing_keys
        provider.behave("refuse")
        assert trusting("edit account A --description later").exit == 1
        assert nsc.account("A").iss == nsc.account("A").sub
        provider.behave("")
        assert trusting("push -a A").stdout == '[ OK ] pushed "A" to account server\n'
        assert '[ OK ] stored account "A"' in trusting("pull -a A -F").stdout
    assert nsc.account("A").nats.description == "later"
    assert nsc.account("A").iss in provider.operator.claims.nats.signing_keys


def test_an_operator_with_servers_in_place_of_an_account_server(nsc: Nsc, tmp_path: Path) -> None:
    """Pushed as the system account; who is let in is the operator's to say, by signing."""
    realm = Realm()
    config = f"""
        operator: {realm.document.token}
        system_account: {realm.system.public}
        resolver: {{ type: full, dir: "./jwt" }}
        resolver_preload: {{ {realm.system.public}: {realm.system.token} }}
    """
    with plain_server(tmp_path / "server", config) as url:
        operator = realm.document.claims.with_nats(account_server_url=url)
        (nsc.work / "op.jwt").write_text(jwt.encode(operator, realm.key, 10**9).token)
        nsc("add operator -u op.jwt")
        with nsc.store().edit() as editing:
            editing.put_account(realm.system.document)
            editing.put_key(realm.system.key)
        assert "[WARN] unable to push" in nsc("add account A").stdout
        nsc("add user u")
        assert "[WARN] unable to push" in nsc("edit account A --description mine").stdout
        account = nsc.account("A")
        assert (account.iss, account.nats.description) == (account.sub, "mine")
        assert "[ OK ] pushed to a total of 1 nats-server" in nsc("push -a A").stdout
        creds = nsc.store().creds("A", "u")
        with pytest.raises(AccessRefused):
            asyncio.run(enter(url, creds))
        with nsc.store().edit() as editing:  # as the operator gave it back, by hand
            editing.put_account(jwt.encode(account, realm.signing_key, int(time.time())))
        assert "[ OK ] pushed to a total of 1 nats-server" in nsc("push -a A").stdout
        assert asyncio.run(enter(url, creds))
        nsc("delete account A --force")
        assert '[ OK ] stored account "A"' in nsc("pull -A").stdout
        assert nsc.account("A").nats.description == "mine"
