"""What the printed cures say: of one cause once, to whom, and until when."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from jetshare.sharing.kinds import Role
from jetshare.sharing.rules.book import RULES, diagnose
from jetshare.sharing.rules.shares import Accounts
from support.shares import NOW, OTHER, Pair, Spoil, activation, pair

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO


def without_tokens(made: Pair) -> None:
    for role in Role:
        made.change_import(role, token="")


def without_exports(made: Pair) -> None:
    for role in Role:
        made.drop_export(role)


ONCE: dict[str, Spoil] = {
    "JS301": without_tokens,
    "JS302": lambda p: p.change_token(*Role, exp=NOW - 1),
    "JS303": lambda p: p.revoke(*Role, at=NOW),
    "JS304": lambda p: p.change_token(*Role, key=OTHER),
    "JS305": lambda p: p.change_token(*Role, sub=OTHER.public),
    "JS308": lambda p: p.change_token(*Role, exp=NOW + 60),
    "JS309": lambda p: p.change_token(*Role, nbf=NOW + 60),
    "JS401": without_exports,
}


@pytest.mark.parametrize("code", ONCE)
def test_one_cause_is_one_finding_of_all_its_places(code: str) -> None:
    made = pair()
    ONCE[code](made)
    found = [finding for finding in made.findings() if finding.code not in ("JS307", "JS402")]
    assert [finding.code for finding in found] == [code]
    assert len(found[0].places) == 4
    assert "NEXT, ACK, ACK-V2, INFO" in found[0].text
    subjects = {export.subject for export in pair().provider.nats.exports}
    named = {word for line in found[0].nsc for word in shlex.split(line)}
    assert subjects <= named


def test_an_export_that_is_made_again_is_of_its_own_type() -> None:
    made = pair()
    without_exports(made)
    (found,) = (finding for finding in made.findings() if finding.code == "JS401")
    streamed = [line for line in found.nsc if "Stream" in line]
    assert len(streamed) == 1
    assert "CONSUMER.MSG.NEXT" in streamed[0]


DAY_S = 86_400
ENDS: list[tuple[Spoil, str]] = [
    (lambda p: p.change_token(*Role, exp=NOW + 30 * DAY_S), "2027-02-14 08:00:00 UTC"),
    (lambda p: p.change_token(NEXT, exp=NOW + 30 * DAY_S), "2027-02-14 08:00:00 UTC"),
    (lambda p: p.change_token(*Role, iat=NOW - 91 * DAY_S, exp=NOW - DAY_S), "90d"),
    (lambda p: p.change_token(*Role, iat=NOW - 3600, exp=NOW - 60), "59m"),
    (lambda p: p.change_token(*Role, exp=NOW - 60), "1m"),
    (lambda p: None, ""),
]


@pytest.mark.parametrize(("dated", "end"), ENDS, ids=[end or "none" for _, end in ENDS])
@pytest.mark.parametrize("code", ["JS203", "JS206", "JS301", "JS302", "JS303"])
def test_what_mends_a_grant_makes_it_no_longer(code: str, dated: Spoil, end: str) -> None:
    made = pair()
    dated(made)
    {
        "JS203": lambda: made.drop_import(ACK),
        "JS206": lambda: made.drop_import(INFO),
        "JS301": lambda: made.change_import(INFO, token=""),
        "JS302": lambda: None,
        "JS303": lambda: made.revoke(ACK, at=NOW),
    }[code]()
    found = [finding for finding in made.findings() if finding.code == code]
    assert found or (code == "JS302" and not end.endswith(("d", "m")))
    for line in (line for finding in found for line in (*finding.cure, *finding.nsc)):
        words = shlex.split(line)
        for tool, option in (("jetshare grant", "--expires"), ("nsc generate", "--expiry")):
            if line.startswith(tool):
                given = words[words.index(option) + 1] if option in words else ""
                assert given == end


def test_what_ends_soon_is_granted_for_as_long_again() -> None:
    made = pair()
    made.change_token(*Role, iat=NOW - 29 * DAY_S, exp=NOW + DAY_S)
    (found,) = (finding for finding in made.findings() if finding.code == "JS308")
    assert "--expires 30d" in found.cure[0]
    assert sum("--expiry 30d" in line for line in found.nsc) == 4


def test_what_is_partly_revoked_leaves_the_choice() -> None:
    made = pair()
    made.revoke(ACK, ACK_V2, at=NOW)
    texts = {finding.code: finding.text for finding in made.findings()}
    assert "choose: give it back, as here, or finish the revocation, as by JS306" in texts["JS303"]
    assert "choose: finish the revocation, as here, or give it back, as by JS303" in texts["JS306"]
    assert "and not: NEXT, INFO" in texts["JS306"]
    made.revoke(*Role, at=NOW)
    assert not any("choose" in finding.text for finding in made.findings())


def test_an_importer_goes_by_its_name_where_the_provider_knows_it() -> None:
    made = pair()
    made.change_token(*Role, exp=NOW - 1)

    def whom(accounts: Accounts) -> str:
        (found,) = (one for one in diagnose(accounts).findings if one.code == "JS302")
        words = shlex.split(found.cure[0])
        return words[words.index("--to") + 1]

    held = made.accounts()
    assert whom(held) == "ACCTB"
    assert whom(replace(held, stored=False)) == made.importer.sub
    assert whom(replace(held, claims={made.importer.sub: made.importer})) == made.importer.sub
    made.others.append(replace(made.importer.with_nats(imports=()), sub=OTHER.public))
    assert whom(made.accounts()) == made.importer.sub


def test_what_the_system_account_exports_is_public_and_meant_to_be() -> None:
    made = pair()
    made.add_export(name="streams", subject="$SYS.ACCOUNT.*.>", type="stream")
    made.add_export(name="services", subject="$SYS.REQ.ACCOUNT.*.*")
    assert made.codes(notes=True) == {"JS307"}


def test_the_second_form_is_taken_by_every_importer_that_has_the_share() -> None:
    made = pair(second_form=False, expires=NOW + 30 * DAY_S)
    made.revoke(NEXT, ACK, INFO, at=NOW + 1, who=OTHER.public)
    revoked = replace(made.importer, name="ACCTE", sub=OTHER.public)
    tokens = {
        item.subject: activation(made.key, OTHER.public, item.subject, NOW)
        for item in revoked.nats.imports
    }
    items = (replace(item, token=tokens[item.subject]) for item in revoked.nats.imports)
    made.others.append(revoked.with_nats(imports=tuple(items)))
    (found,) = (one for one in made.findings() if one.code == "JS104")
    bundle = "ORDERS-ORDERS-C1-ACCTB.share"
    assert found.cure == (
        "jetshare grant ORDERS/ORDERS-C1 --from ACCTC --to ACCTB"
        f" --expires '2027-02-14 08:00:00 UTC' -o {bundle}",
        f"jetshare accept {bundle} --account ACCTB --yes",
    )
    assert [line.split()[1] for line in found.nsc] == ["add", "generate", "add", "push", "push"]
    assert not any("ACCTE" in line for line in found.nsc)
    made.importer, made.others = made.importer.with_nats(imports=()), []
    (found,) = (one for one in made.findings() if one.code == "JS104")
    assert [line.split()[:3] for line in found.cure] == [
        ["jetshare", "nsc", "add"],
        ["jetshare", "nsc", "push"],
    ]


def test_every_cure_of_nsc_and_nats_is_one_of_jetshare_too() -> None:
    for rule in RULES:
        assert rule.cure or not rule.nsc
        assert all(line.startswith(("jetshare ", "#")) for line in rule.cure)
    made = pair()
    made.change_export(ACK, subject="$JS.ACK.ORDERS.>")
    (found,) = (one for one in made.findings() if one.code == "JS106")
    assert found.cure == tuple(f"jetshare {line}" for line in found.nsc)
