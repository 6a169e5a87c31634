"""nsc add, edit and delete: accounts, users and signing keys; what none of them takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import ResponsePermission, TimeRange, User, UserScope
from jetshare.identity.nkeys import KeyPair, Kind
from support.nsc import Nsc


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("add operator", "operator name is required"),
        ("add operator a/b", "holds '/'"),
        ("add operator OP", "is there already"),
        ("add operator op", "upper and lower case"),
        ("add operator O2 --force", "force only works with -u"),
        ("add operator O2 --expiry x", 'expiry "x" is invalid'),
        ("add account", "account name is required"),
        ("add account a/b", "holds '/'"),
        ("add account A", 'the account "A" already exists'),
        ("add account a", 'the account "a" already exists'),
        ("add account C -k nonsense", "is no key, and no file of one"),
        ("add account C --allow-pub 'a b'", "contains illegal space"),
        ("add user", "user name is required"),
        ("add user u -a NOPE", 'account "NOPE" is not in operator OP'),
        ("add user u --source-network x", "is not an address"),
        ("add user u --allow-sub 'a b c'", "at most contain one space"),
        ("edit account A", "specify an edit option"),
        ("edit account A --rm-sk AX", "is no signing key"),
        ("edit account A --js-enable 0 --js-streams 1", "exclusive"),
        ("edit account A --trace-context-sampling 10", "requires a subject"),
        ("edit account A --trace-context-subject 'a.*'", "cannot contain wildcards"),
        ("edit account SYS --js-disk-storage 1G", "system account cannot have JetStream"),
        ("edit account A --info-url x --js-tier 3 --rm-js-tier 3", "exclusive"),
        ("edit account A --rm-js-tier 3", "doesn't have tier R3 limit"),
        ("edit user u", "specify an edit option"),
        ("edit user --bearer", "user is required"),
        ("edit operator", "specify an edit option"),
        ("edit operator --service-url http://x", "nats, tls, ws"),
        ("edit operator --system-account NOPE", 'account "NOPE" is not in operator OP'),
        ("edit operator --require-signing-keys", "requires at least one signing key"),
        ("edit signing-key", "signing key is required"),
        ("edit signing-key --role x", "signing key is required"),
        ("delete user", "please specify an user to delete"),
        ("delete user nobody", 'user "nobody" is not in account B'),
        ("delete account NOPE", 'account "NOPE" is not in operator OP'),
        ("reissue operator -n NOPE", 'operator "NOPE" is not in'),
    ],
)
def test_what_cannot_be(house: Nsc, line: str, says: str) -> None:
    house.refused(line, says)


def test_an_account_with_everything(house: Nsc) -> None:
    pair = KeyPair.generate(Kind.ACCOUNT)
    house(
        f"add account C -k {pair.public} --start 2026-01-01 --expiry 2040-01-01"
        " --allow-pub a,b --deny-sub c --allow-pub-response=3 --response-ttl 2s"
    )
    account = house.account("C")
    assert account.sub == pair.public
    assert (account.nbf, account.exp) == (1767225600, 2208988800)
    permissions = account.nats.default_permissions
    assert permissions.pub.allow == ("a", "b")
    assert permissions.sub.deny == ("c",)
    assert permissions.resp == ResponsePermission(max=3, ttl=2 * 10**9)
    assert house.store().key(pair.public) is None


def test_the_last_account_that_was_added_is_the_current_one(house: Nsc) -> None:
    house("add account C")
    house("add user u")
    assert house.store().users("C") == ["u"]
    house("select account A")
    house("add user v")
    assert house.store().users("A") == ["v"]


def test_an_account_is_named_by_its_key(house: Nsc) -> None:
    key = house.account("A").sub
    house(f"add export -a {key} --subject x")
    assert [export.subject for export in house.account("A").nats.exports] == ["x"]
    house(f"edit account {key} --conns 3")
    assert house.account("A").nats.limits.conn == 3


def test_limits_of_jetstream_by_tier(house: Nsc) -> None:
    house("edit account A --js-tier 1 --js-disk-storage 1G --js-streams 3")
    house("edit account A --js-tier 3 --js-mem-storage 1M --js-max-bytes-required")
    tiers = house.account("A").nats.limits.tiered_limits
    assert tiers["R1"].disk_storage == 10**9
    assert tiers["R3"].max_bytes_required
    house.refused("edit account A --js-disk-storage 1G", "has tiered limits")
    house("edit account A --rm-js-tier 1")
    house("edit account A --rm-js-tier 3")
    house("edit account A --js-enable 0")
    house.refused("edit account A --js-enable 0", "already enabled")
    house.refused("edit account A --js-tier 3 --js-streams 1", "has a global limit")
    house("edit account A --js-disable")
    assert house.account("A").nats.limits == house.account("B").nats.limits


def test_a_bearer_user_and_an_account_that_forbids_them(house: Nsc) -> None:
    house("add user u --bearer")
    assert house.user("B", "u").nats.bearer_token
    house.refused("edit account B --disallow-bearer", 'user "u" in account "B" uses bearer token')
    house("edit user u --bearer=false")
    house("edit account B --disallow-bearer")
    house.refused("add user v --bearer", "forbids the use of bearer token")
    house.refused("edit user u --bearer", "forbids the use of bearer token")


def test_a_user_with_everything(house: Nsc) -> None:
    house(
        "add user u --tag One,two --source-network 10.0.0.0/8 --expiry 2040-01-01"
        " --allow-pubsub x --deny-pubsub y --allow-pub-response"
    )
    house(
        "edit user u --subs 5 --data 1k --payload 2k --time 08:00:00-17:00:00"
        " --locale Europe/Berlin --conn-type mqtt --allow-sub 'q.> workers'"
    )
    user = house.user("B", "u")
    assert user.exp == 2208988800
    assert user.nats == User(
        pub=replace(user.nats.pub, allow=("x",), deny=("y",)),
        sub=replace(user.nats.sub, allow=("q.> workers", "x"), deny=("y",)),
        resp=ResponsePermission(max=1),
        src=("10.0.0.0/8",),
        times=(TimeRange(start="08:00:00", end="17:00:00"),),
        times_location="Europe/Berlin",
        subs=5,
        data=1000,
        payload=2000,
        allowed_connection_types=("MQTT",),
        tags=("one", "two"),
    )
    creds = house.store().creds("B", "u")
    assert creds
    assert creds.jwt == house.store().user("B", "u").token
    house("edit user u --rm-time 08:00:00 --rm-conn-type MQTT --rm-source-network 10.0.0.0/8")
    user = house.user("B", "u")
    assert (user.nats.times, user.nats.allowed_connection_types, user.nats.src) == ((), (), ())
    house.refused("edit user u --locale Nowhere/Land", "unknown time zone Nowhere/Land")
    house.refused("edit user u --conn-type pigeon", "unknown connection type pigeon")


def test_a_user_whose_key_is_elsewhere_has_no_creds(house: Nsc) -> None:
    pair = KeyPair.generate(Kind.USER)
    done = house(f"add user u -k {pair.public}")
    assert "[ OK ] skipped generating creds file" in done.stdout
    assert house.user("B", "u").sub == pair.public
    assert house.store().creds("B", "u") is None
    assert "skipped generating creds file" in house("edit user u --subs 3").stdout


def test_removing_a_permission_that_is_not_there_is_told(house: Nsc) -> None:
    house("add user u --allow-pub a")
    done = house("edit user u --rm a,b")
    assert '[ OK ] removed pub "a"' in done.stdout
    assert '[WARN] "b" was in no permission' in done.stdout


def test_users_of_a_role(house: Nsc) -> None:
    house("edit signing-key --sk generate --role puller --allow-pub a --subs 5 --description d")
    (scope,) = house.account("B").nats.signing_keys
    assert isinstance(scope, UserScope)
    assert (scope.role, scope.description, scope.template.subs) == ("puller", "d", 5)
    house("add user u -K puller --tag x")
    user = house.user("B", "u")
    assert user.iss == scope.key
    assert user.nats == User.scoped(house.account("B").sub, tags=("x",))
    house.refused("add user v -K puller --allow-pub z", 'users of role "puller"')
    house.refused("edit user u --subs 3", 'users of role "puller"')
    house("edit user u --tag y")
    assert house.user("B", "u").iss == scope.key
    house("edit signing-key puller --deny-pub b --rm a")
    (scope,) = house.account("B").nats.signing_keys
    assert isinstance(scope, UserScope)
    assert (scope.template.pub.allow, scope.template.pub.deny) == ((), ("b",))
    house("validate -A")


def test_two_keys_of_one_role_are_told_apart_by_their_key(house: Nsc) -> None:
    house("edit signing-key --sk generate --role r")
    house("edit signing-key --sk generate --role r2")
    first, second = (key for key in house.account("B").nats.signing_keys)
    assert isinstance(first, UserScope)
    assert isinstance(second, UserScope)
    house(f"edit signing-key --sk {second.key} --role {first.role}")
    house.refused(f"edit signing-key {first.role} --subs 1", "2 signing keys have the role")


def test_signing_keys_of_an_account(house: Nsc) -> None:
    house("edit account A --sk generate")
    (key,) = house.account("A").nats.signing_keys
    assert isinstance(key, str)
    assert house.store().key(key)
    other = KeyPair.generate(Kind.ACCOUNT).public
    house(f"edit account A --sk {other} --rm-sk {key}")
    assert house.account("A").nats.signing_keys == (other,)
    house.refused(f"edit account A --sk {KeyPair.generate(Kind.USER).public}", "not account")


def test_an_account_is_signed_by_the_key_that_is_named_and_stays_so(house: Nsc) -> None:
    house("edit operator --sk generate")
    (key,) = house.operator().nats.signing_keys
    house(f"edit account A -K {key}")
    assert house.account("A").iss == key
    house("edit account A --conns 3")
    assert house.account("A").iss == key
    house.refused(f"edit account A -K {house.account('B').sub}", "is the key of kind account")
    other = KeyPair.generate(Kind.OPERATOR).public
    house.refused(f"edit account A -K {other}", "not a key that may sign for operator OP")


def test_deleting_a_user_with_all_that_is_of_it(house: Nsc) -> None:
    house("add user u")
    house("add user v")
    public = house.user("B", "u").sub
    done = house("delete user u --revoke --rm-nkey --rm-creds")
    assert done.stdout == (
        "[ OK ] delete users:\n"
        f"       [ OK ] user u [{public}]:\n"
        "              [ OK ] revoked user\n"
        "              [ OK ] user deleted\n"
        "              [ OK ] deleted private key\n"
        "              [ OK ] removed creds file\n"
        '[ OK ] edited account "B"\n'
    )
    assert house.store().users("B") == ["v"]
    assert house.store().key(public) is None
    assert not (house.keystore / "creds/OP/B/u.creds").exists()
    assert house.account("B").nats.revocations.keys() == {public}
    house("delete user --name v")
    assert (house.keystore / "creds/OP/B/v.creds").exists()


def test_deleting_an_account_with_all_that_is_of_it(house: Nsc) -> None:
    house("add user u")
    house("edit account B --sk generate")
    account, user = house.account("B"), house.user("B", "u").sub
    done = house("delete account B --rm-nkey --rm-creds")
    assert re.search(r"\[ OK \] user u \[\w+\]:\n +\[ OK \] revoked user", done.stdout)
    assert done.stdout.endswith("[ OK ] deleted account\n[ OK ] deleted account directory\n")
    assert house.store().accounts() == ["A", "SYS"]
    for public in (account.sub, user, *account.nats.signing_keys):
        assert isinstance(public, str)
        assert house.store().key(public) is None
    assert not (house.home / "data/nats/nsc/stores/OP/accounts/B").exists()


def test_a_seed_on_the_command_line_signs_and_is_never_shown(house: Nsc) -> None:
    key = house.store().key(house.account("B").sub)
    assert key
    done = house(f"add user u -K {key.seed()}")
    assert key.seed() not in done.stdout + done.stderr
    assert house.user("B", "u").iss == key.public
    other = KeyPair.generate(Kind.ACCOUNT)
    done = house(f"add user v -K {other.seed()}", code=1)
    assert other.seed() not in done.stdout + done.stderr
    mistyped = other.seed()[:-1]
    done = house(f"add user v -K {mistyped}", code=1)
    assert mistyped not in done.stdout + done.stderr


def test_a_document_is_signed_again_only_when_something_changes(house: Nsc) -> None:
    before = house.files()
    done = house("edit account A --rm-tag nothing")
    assert '[ OK ] edited account "A"' in done.stdout
    assert house.files() == before


def test_unknown_fields_survive_every_edit(house: Nsc) -> None:
    account = house.account("A")
    signer = house.store().key(house.operator().sub)
    assert signer
    claims = replace(account.with_nats(unknown={"later": {"b": 1}}), unknown={"more": [1]})
    with house.store().edit() as editing:
        editing.put_account(jwt.encode(claims, signer, 10**9))
    for line in (
        "edit account A --conns 3 --tag x --sk generate",
        "add export -a A --subject x",
        "add mapping -a A --from a --to b",
        "revocations add-user -a A -u '*'",
    ):
        house(line)
    after = house.account("A")
    assert after.nats.unknown == {"later": {"b": 1}}
    assert after.unknown == {"more": [1]}
