"""nsc init; add, edit and reissue operator."""

from __future__ import annotations

from jetshare.identity.nkeys import KeyPair, Kind
from support.nsc import Nsc


def test_an_operator_with_everything(nsc: Nsc) -> None:
    nsc("add operator OP -s --generate-signing-key --start 2026-01-01 --expiry 2040-01-01")
    operator = nsc.operator()
    assert (operator.nbf, operator.exp) == (1767225600, 2208988800)
    (key,) = operator.nats.signing_keys
    system = nsc.account("SYS")
    assert operator.nats.system_account == system.sub
    assert system.iss == key
    assert nsc.user("SYS", "sys").iss in system.nats.signing_keys
    assert nsc.store().creds("SYS", "sys")
    for public in (operator.sub, key, system.sub, *system.nats.signing_keys):
        assert isinstance(public, str)
        assert nsc.store().key(public)


def test_an_operator_of_ones_own_key(nsc: Nsc) -> None:
    pair = KeyPair.generate(Kind.OPERATOR)
    (nsc.work / "op.nk").write_text(pair.seed())
    done = nsc("add operator OP -K op.nk")
    assert "generated" not in done.stdout
    assert nsc.operator().sub == pair.public
    nsc.refused("add operator O2 -K op.nk --generate-signing-key", "can not be added")
    (nsc.work / "account.nk").write_text(KeyPair.generate(Kind.ACCOUNT).seed())
    nsc.refused("add operator O2 -K account.nk", "not operator")
    (nsc.work / "op.nk").unlink()
    (nsc.work / "account.nk").unlink()


def test_a_strict_operator(house: Nsc) -> None:
    house("edit operator --sk generate")
    (key,) = house.operator().nats.signing_keys
    message = house.refused("edit operator --require-signing-keys", "-K SIGNING_KEY")
    assert message == 'account "A" needs to be issued with a signing key first'
    for name in ("A", "B", "SYS"):
        house(f"edit account {name} -K {key}")
    house("edit operator --require-signing-keys")
    assert house.operator().nats.strict_signing_key_usage
    house("add account C")
    assert house.account("C").iss == key
    house.refused("add user u", "requires signing keys and account C has none")
    house("edit account C --sk generate")
    house("add user u")
    assert house.user("C", "u").iss in house.account("C").nats.signing_keys
    house("validate -A")


def test_fields_of_an_operator(house: Nsc) -> None:
    house("edit operator -u nats://h:4222 -n NATS://a:1 -n tls://b:2 --tag X --expiry 2040-01-01")
    operator = house.operator()
    assert operator.nats.account_server_url == "nats://h:4222"
    assert operator.nats.operator_service_urls == ("nats://a:1", "tls://b:2")
    assert (operator.nats.tags, operator.exp) == (("x",), 2208988800)
    house("edit operator --rm-service-url nats://a:1 --rm-tag x --rm-account-jwt-server-url")
    operator = house.operator()
    assert operator.nats.operator_service_urls == ("tls://b:2",)
    assert (operator.nats.account_server_url, operator.nats.tags) == ("", ())
    house("edit operator --system-account A --expiry 0")
    assert house.operator().nats.system_account == house.account("A").sub
    assert house.operator().exp == 0
    house("edit account B --js-enable 0")
    house.refused("edit operator --system-account B", "--js-disable")


def test_a_new_identity_for_an_operator(house: Nsc) -> None:
    old = house.operator().sub
    house("edit operator --sk generate")
    (key,) = house.operator().nats.signing_keys
    house(f"edit account A -K {key}")
    done = house("reissue operator")
    new = house.operator().sub
    assert new != old
    assert done.stdout.splitlines() == [
        f'[ OK ] operator "OP" successfully changed identity to: {new}',
        '[ OK ] account "B" re-signed',
        '[ OK ] account "SYS" re-signed',
        '[ OK ] account "A" already signed properly',
    ]
    assert {house.account(name).iss for name in ("B", "SYS")} == {new}
    house("validate -A")
    house("reissue operator --convert-to-signing-key")
    assert new in house.operator().nats.signing_keys
    assert house.account("B").iss == new
    house("validate -A")


def test_init(nsc: Nsc) -> None:
    done = nsc("init -n test")
    assert "[ OK ] created operator test" in done.stdout
    assert "nsc generate config --mem-resolver" in done.stdout
    assert nsc.operator().nats.operator_service_urls == ("nats://localhost:4222",)
    assert nsc.operator().nats.system_account == nsc.account("SYS").sub
    assert nsc.store().creds("test", "test")
    assert nsc("describe user").stdout.count(" test ") == 1
    nsc("validate -A")
    nsc.refused("init -n test", "is there already")
    nsc.refused("init", "a name is required")


def test_init_in_another_folder_under_a_name_that_is_made_up(nsc: Nsc) -> None:
    nsc("init -d stores -n '*'")
    (folder,) = (path for path in (nsc.work / "stores").iterdir() if path.name != ".jetshare")
    assert nsc.store().name == folder.name
    nsc("add account more")
