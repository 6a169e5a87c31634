from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.errors import InputError, NotFound, StoreDamaged
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.access import Access, Flags, resolve
from jetshare.store.contexts import Context, ContextFolder
from store.house import House, creds, folder_store, location_in

ACCOUNT = KeyPair.generate(Kind.ACCOUNT)


@pytest.fixture
def contexts(tmp_path: Path) -> ContextFolder:
    return ContextFolder.of({}, tmp_path)


def keep(home: Path, name: str) -> tuple[str, Creds]:
    """A creds file in the home folder, and what is in it."""
    held = creds(name, ACCOUNT)
    path = home / f"{name}.creds"
    path.write_text(format_creds(held))
    return str(path), held


def test_nobody_says_anything(tmp_path: Path) -> None:
    assert resolve({}, home=tmp_path) == Access()


def test_flag_before_environment_before_context(tmp_path: Path, contexts: ContextFolder) -> None:
    contexts.write("C", Context(url="nats://context", inbox_prefix="c"))
    contexts.select("C")
    assert resolve({}, home=tmp_path).servers == ("nats://context",)
    environment = {"NATS_URL": "nats://one, nats://two"}
    assert resolve(environment, home=tmp_path).servers == ("nats://one", "nats://two")
    found = resolve(environment, home=tmp_path, server="nats://flag", inbox_prefix=None)
    assert found.servers == ("nats://flag",)
    assert (found.context, found.inbox_prefix) == ("C", "c")


def test_an_empty_variable_is_none_and_an_empty_flag_blanks(
    tmp_path: Path, contexts: ContextFolder
) -> None:
    contexts.write("C", Context(url="nats://context", inbox_prefix="c"))
    contexts.select("C")
    assert resolve({"NATS_URL": ""}, home=tmp_path).servers == ("nats://context",)
    found = resolve({"NATS_URL": "nats://e"}, home=tmp_path, server="", inbox_prefix="")
    assert (found.servers, found.inbox_prefix) == ((), "")


def test_which_context(tmp_path: Path, contexts: ContextFolder) -> None:
    for name in ("SELECTED", "VARIABLE", "FLAG"):
        contexts.write(name, Context(url=name))
    contexts.select("SELECTED")
    file = tmp_path / "elsewhere.json"
    file.write_text('{"url":"FILE"}')
    environment = {"NATS_CONTEXT": "VARIABLE"}
    assert resolve({}, home=tmp_path).context == "SELECTED"
    assert resolve(environment, home=tmp_path).context == "VARIABLE"
    assert resolve(environment, home=tmp_path, context="FLAG").servers == ("FLAG",)
    assert resolve({"NATS_CONTEXT": str(file)}, home=tmp_path).servers == ("FILE",)
    assert resolve(environment, home=tmp_path, no_context=True) == Access()
    assert resolve(environment, home=tmp_path, context="") == Access()


def test_a_context_that_is_not_there_is_an_error(tmp_path: Path, contexts: ContextFolder) -> None:
    contexts.write("ACCTB", Context())
    for name in ("acctb", "no.json", str(tmp_path / "no.json")):
        with pytest.raises((NotFound, InputError)):
            resolve({}, home=tmp_path, context=name)
    contexts.select("ACCTB")
    contexts.path("ACCTB").write_text("{")
    with pytest.raises(StoreDamaged):
        resolve({}, home=tmp_path)


def test_creds_are_looked_up(tmp_path: Path, contexts: ContextFolder) -> None:
    path, held = keep(tmp_path, "u")
    contexts.write("C", Context(creds="~/u.creds"))
    assert resolve({}, home=tmp_path, context="C").creds == held
    assert resolve({"NATS_CREDS": path}, home=tmp_path).creds == held
    assert resolve({}, home=tmp_path, creds=path).creds == held


def test_one_way_to_say_who_one_is(tmp_path: Path, contexts: ContextFolder) -> None:
    path, held = keep(tmp_path, "u")
    contexts.write("C", Context(user="joe", password="pw", token="t", creds=path))
    from_context = resolve({}, home=tmp_path, context="C")
    assert (from_context.user, from_context.password, from_context.token) == ("joe", "pw", "t")
    assert from_context.creds is None
    flagged = resolve({}, home=tmp_path, context="C", creds=path)
    assert (flagged.user, flagged.password, flagged.token) == ("", "", "")
    assert flagged.creds == held
    by_variable = resolve({"NATS_TOKEN": "v"}, home=tmp_path, context="C")
    assert (by_variable.user, by_variable.token, by_variable.creds) == ("", "v", None)
    assert resolve({}, home=tmp_path, context="C", user="").creds is None


def test_a_user_without_password_is_a_token(tmp_path: Path) -> None:
    found = resolve({"NATS_USER": "t0ken"}, home=tmp_path)
    assert (found.user, found.token) == ("", "t0ken")


def test_seeds_and_tokens_of_users(tmp_path: Path) -> None:
    path, held = keep(tmp_path, "u")
    seed = tmp_path / "u.nk"
    seed.write_text(held.key.seed())
    assert resolve({}, home=tmp_path, jwt=held.jwt, seed=f"file://{seed}").creds == held
    assert resolve({"J": held.jwt}, home=tmp_path, jwt="env://J").jwt == held.jwt
    nkey = resolve({}, home=tmp_path, nkey=str(seed)).nkey
    assert nkey is not None
    assert nkey.public == held.key.public
    decorated = resolve({}, home=tmp_path, nkey=path).nkey
    assert decorated is not None
    assert decorated.public == held.key.public
    with pytest.raises(InputError, match="the seed is no seed") as caught:
        resolve({}, home=tmp_path, jwt=held.jwt, seed="SU-not-a-seed")
    assert "SU-not" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("flags", [Flags(domain="d"), Flags(api_prefix="P.API")])
def test_domain_and_prefix_exclude_one_another(
    tmp_path: Path, contexts: ContextFolder, flags: Flags
) -> None:
    contexts.write("C", Context(jetstream_domain="cd"))
    contexts.write("BOTH", Context(jetstream_domain="cd", jetstream_api_prefix="cp"))
    found = resolve({}, home=tmp_path, context="C", **flags)
    assert (found.domain, found.api_prefix) == (
        flags.get("domain", ""),
        flags.get("api_prefix", ""),
    )
    assert resolve({}, home=tmp_path, context="C").domain == "cd"
    with pytest.raises(InputError, match="exclude one another"):
        resolve({}, home=tmp_path, context="BOTH")
    with pytest.raises(InputError, match="exclude one another"):
        resolve({}, home=tmp_path, domain="d", api_prefix="p")


def test_certificates_are_paths(tmp_path: Path, contexts: ContextFolder) -> None:
    contexts.write("C", Context(cert="~/c.pem", key="$K/k.pem", ca="/ca.pem", tls_first=True))
    found = resolve({"K": "/keys"}, home=tmp_path, context="C")
    assert (found.cert, found.key, found.ca) == (
        tmp_path / "c.pem",
        Path("/keys/k.pem"),
        Path("/ca.pem"),
    )
    assert found.tls_first
    assert resolve({}, home=tmp_path, tls_first=True).tls_first


def test_the_old_field_nsc(tmp_path: Path, contexts: ContextFolder) -> None:
    house, location = House(), location_in(tmp_path / "d")
    held = creds("u", ACCOUNT)
    with folder_store(location, house).edit() as edit:
        edit.put_account(house.account("A", ACCOUNT))
        edit.put_creds("A", "u", held)
    for text in ("OP/A/u", "nsc://OP/A/u"):
        contexts.write("C", Context(nsc=text))
        assert resolve({}, home=tmp_path, location=location, context="C").creds == held


def test_no_secret_shows(tmp_path: Path) -> None:
    _, held = keep(tmp_path, "u")
    access = Access(
        password="s3cret", token="s3cret", jwt="s3cret", socks_proxy="s3cret", creds=held
    )
    assert "s3cret" not in repr(access)
    assert held.jwt not in repr(access)
