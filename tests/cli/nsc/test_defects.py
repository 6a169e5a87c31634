"""What nsc 2.13 does wrong, and is done right here."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Export
from jetshare.identity.creds import parse_token_file
from support.nsc import Nsc

NEXT = "$JS.API.CONSUMER.MSG.NEXT.S.C"


def test_edit_export_changes_what_was_named_and_nothing_else(house: Nsc) -> None:
    house(
        f"add export -a A --name n --subject '{NEXT}' --service --private --response-type Stream"
        " --response-threshold 2s --latency lat --sampling 30 --allow-trace --advertise"
    )
    key = house.account("B").sub
    house(f"revocations add-activation -a A --service --subject '{NEXT}' --target-account {key}")
    before = house.account("A")
    house(f"edit export -a A --subject '{NEXT}' --description 'the pull'")
    after = house.account("A")
    assert after.nats.exports == (replace(before.nats.exports[0], description="the pull"),)
    assert after.nats.exports[0].response_type == "Stream"
    assert after.nats.exports[0].revocations.keys() == {key}


def test_edit_export_keeps_the_token_position(house: Nsc) -> None:
    house("add export -a A --subject 'q.*' --service --account-token-position 2")
    house("edit export -a A --subject 'q.*' --name asked")
    assert house.account("A").nats.exports[0].account_token_position == 2


def test_edit_account_changes_what_was_named_and_nothing_else(house: Nsc) -> None:
    house(
        "edit account A --disallow-bearer --wildcard-exports=false --js-mem-storage 64M"
        " --js-disk-storage 1G --js-streams 5 --js-max-bytes-required"
    )
    before = house.account("A").nats.limits
    house("edit account A --description retail")
    after = house.account("A").nats
    assert after.limits == before
    assert (after.limits.disallow_bearer, after.limits.wildcards) == (True, False)
    assert after.description == "retail"


def test_edit_account_does_not_turn_jetstream_limits_on(house: Nsc) -> None:
    before = house.account("A").nats.limits
    house("edit account A --conns 5")
    assert house.account("A").nats.limits == replace(before, conn=5)


def test_an_activation_is_signed_by_a_key_of_the_exporter_only(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    other = house.account("B").sub
    message = house.refused(
        f"generate activation -a A --subject a.b --target-account B -K {other}",
        "one of these may",
    )
    assert message == f"{other} is not a key that may sign for account A"


def test_an_activation_may_be_signed_by_a_signing_key(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("edit account A --sk generate")
    (key,) = house.account("A").nats.signing_keys
    house(f"generate activation -a A --subject a.b --target-account B -K {key} -o t.tok")
    token = jwt.decode(parse_token_file((house.work / "t.tok").read_text()), Activation).claims
    assert token.iss == key
    assert token.nats.issuer_account == house.account("A").sub
    house("add import -a B --token t.tok")
    house("validate -A")


def test_an_expired_activation_is_not_imported(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("generate activation -a A --subject a.b --target-account B --expiry -1d -o t.tok")
    house.refused("add import -a B --token t.tok", "expired")


def test_an_activation_that_is_not_valid_yet_is_not_imported(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("generate activation -a A --subject a.b --target-account B --start 2d -o t.tok")
    house.refused("add import -a B --token t.tok", "is not valid before")


def test_validate_finds_an_expired_activation_within_an_account(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("generate activation -a A --subject a.b --target-account B -o t.tok")
    house("add import -a B --token t.tok")
    _age(house, "B")
    shown = house("validate -a B", code=1).stdout
    assert "has expired" in shown


def _age(house: Nsc, importer: str) -> None:
    """Put an activation that expired long ago in the place of the one that is imported."""
    account, exporter = house.account(importer), house.account("A")
    held = account.nats.imports[0]
    key = house.store().key(exporter.sub)
    signer = house.store().key(house.operator().sub)
    assert key
    assert signer
    claims = replace(jwt.decode(held.token, Activation).claims, exp=1000)
    old = replace(held, token=jwt.encode(claims, key, 500).token)
    with house.store().edit() as editing:
        editing.put_account(jwt.encode(account.with_nats(imports=(old,)), signer, 10**9))


def test_expirations_tell_of_activations(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("generate activation -a A --subject a.b --target-account B --expiry 5d -o t.tok")
    house("add import -a B --token t.tok --name ab")
    assert re.search(r"Soon +\| OP/B import ab +\| .* - In \d Days", house("expirations").stdout)
    report = json.loads(house("expirations --json --skip").stdout)["report"]
    assert [entry["resource"] for entry in report] == ["OP/B import ab"]
    assert report[0]["expires_soon"]
    assert not report[0]["expired"]


def test_validate_compares_imports_with_exports(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    added = house("add import -a B --src-account A --remote-subject a.b --service").stdout
    assert "[WARN]" in added
    assert "private at A, and imported without a token: a.b" in added
    shown = house("validate -a B", code=1)
    assert "private at A, and imported without a token: a.b" in shown.stdout
    assert shown.stderr.startswith("nsc: error: validation found errors")


def test_validate_finds_an_import_of_what_is_not_exported(house: Nsc) -> None:
    house("add export -a A --subject a.b --service")
    house("add import -a B --src-account A --remote-subject a.c --service")
    assert "A exports no service that covers a.c" in house("validate -a B", code=1).stdout
    house("validate -a A")


def test_validate_finds_an_import_whose_token_was_revoked(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    house("generate activation -a A --subject a.b --target-account B -o t.tok")
    house("add import -a B --token t.tok")
    house("validate -A")
    house("revocations add-activation -a A --service --subject a.b --target-account B")
    assert (
        "revoked by A for B, and with no token issued after that: a.b"
        in house("validate -a B", code=1).stdout
    )
    house("revocations delete-activation -a A --service --subject a.b --target-account B")
    house("validate -A")


def test_validate_says_which_user_of_a_strict_operator_was_signed_by_an_identity(
    nsc: Nsc,
) -> None:
    nsc("add operator OP --sys --generate-signing-key")
    key = nsc.operator().nats.signing_keys[0]
    nsc(f"add account A -K {key}")
    nsc("edit account A --sk generate")
    nsc("add user -a A u")
    operator = nsc.operator().with_nats(strict_signing_key_usage=True)
    signer = nsc.store().key(operator.sub)
    assert signer
    with nsc.store().edit() as editing:
        editing.put_operator(jwt.encode(operator, signer, 10**9))
    shown = nsc("validate -a A", code=1).stdout
    assert 'user "u" is issued by account key but operator is in strict mode' in shown


def test_a_stream_and_a_service_on_one_subject_are_told_apart(house: Nsc) -> None:
    house("add export -a A --subject a.b --private --name the-stream")
    house("add export -a A --subject a.b --private --service --name the-service")
    house.refused("generate activation -a A --subject a.b --target-account B", "--service=false")
    for flag, kind in (("--service", "service"), ("--service=false", "stream")):
        house(f"generate activation -a A --subject a.b --target-account B {flag} -o {kind}.tok")
        text = (house.work / f"{kind}.tok").read_text()
        assert jwt.decode(parse_token_file(text), Activation).claims.nats.kind == kind
    house.refused("delete export -a A --subject a.b", "--service=false")
    house("delete export -a A --subject a.b --service")
    assert [export.type for export in house.account("A").nats.exports] == ["stream"]


def test_a_token_on_stdout_stands_alone(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --private")
    done = house("generate activation -a A --subject a.b --target-account B")
    assert done.stdout.startswith("-----BEGIN NATS ACTIVATION JWT-----\n")
    assert "[ OK ]" not in done.stdout
    assert '[ OK ] generated "a.b" activation' in done.stderr
    jwt.decode(parse_token_file(done.stdout), Activation)


def test_results_are_on_stdout(house: Nsc) -> None:
    for line in ("list accounts", "list operators", "env", "validate -A", "expirations"):
        done = house(line)
        assert done.stdout.startswith("+-")
        assert done.stderr == ""
    assert json.loads(house("list accounts -J").stdout)[0]["name"] == "A"
    assert json.loads(house("list keys -J").stdout)[0]["name"] == "OP"


def test_a_deleted_mapping_is_not_claimed_where_there_was_none(house: Nsc) -> None:
    house("add mapping -a A --from a --to b --weight 20 --cluster east")
    before = house.account("A")
    done = house("delete mapping -a A --from a --to b")
    assert done.stdout == '[WARN] there is no mapping a -> b; there are: b in cluster "east"\n'
    assert house.account("A") == before
    house("delete mapping -a A --from a --to b --cluster east")
    assert house.account("A").nats.mappings == {}


def test_deleting_the_mappings_of_one_cluster_keeps_the_others(house: Nsc) -> None:
    house("add mapping -a A --from a --to b --weight 20 --cluster east")
    house("add mapping -a A --from a --to b --weight 30 --cluster west")
    house("delete mapping -a A --from a --cluster east")
    assert [entry.cluster for entry in house.account("A").nats.mappings["a"]] == ["west"]


def test_a_signing_key_with_a_role_keeps_it_when_it_is_added_again(house: Nsc) -> None:
    house("edit signing-key -a A --sk generate --role puller --allow-sub x")
    (scope,) = house.account("A").nats.signing_keys
    assert not isinstance(scope, str)
    house(f"edit account A --sk {scope.key}")
    assert house.account("A").nats.signing_keys == (scope,)


def test_removing_the_response_permission_does_the_rest_too(house: Nsc) -> None:
    house("add user -a A u --allow-pub-response")
    house("edit user -a A u --rm-response-perms --allow-pub x")
    user = house.user("A", "u").nats
    assert (user.resp, user.pub.allow) == (None, ("x",))


def test_a_field_that_is_not_there_is_an_error(house: Nsc) -> None:
    house("add export -a A --subject a.b")
    assert house("describe account A -F nats.exports[0].subject").stdout == '"a.b"\n'
    house.refused("describe account A -F nats.exports[1].subject", 'there is no "1"')
    house.refused("describe account A -F nats.nothing", 'there is no "nothing"', "exports")


def test_an_export_is_never_half_changed(house: Nsc) -> None:
    house("add export -a A --subject a.b --service --response-type Stream --allow-trace")
    house("edit export -a A --subject a.b --service=false")
    assert house.account("A").nats.exports == (Export(name="a.b", subject="a.b", type="stream"),)
