"""What people are told of the doctor's findings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetshare.cli.doctor_text import remaining_lines, summary, verdict_lines
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import Role
from jetshare.sharing.rules.book import SeenOf
from jetshare.sharing.rules.rule import Severity
from jetshare.sharing.rules.servers import Heard, Seen, Server
from jetshare.workflows.doctor import DoctorRequest, examine
from jetshare.workflows.doctor_fix import plan_fix
from support.shares import NOW, OTHER, SHARE, Pair, activation, pair

ALL = tuple(Role)
ANSWERED, NOBODY = Heard(code=404, replies=1), Heard(code=503)


def lines(made: Pair, seen: Seen | None = None, *, notes: bool = False) -> list[str]:
    sights: SeenOf | None = None
    if seen is not None:
        key = (SHARE.stream, SHARE.consumer)
        sights = {(made.importer.sub, made.provider.sub, key): seen}
    request = DoctorRequest(live=seen is not None, notes=notes)
    return list(verdict_lines(examine(made.accounts(), request, sights)))


def verdict(made: Pair, seen: Seen | None = None, *, notes: bool = False) -> str:
    return lines(made, seen, notes=notes)[0].partition(" to ACCTB: ")[2]


@pytest.mark.parametrize(
    ("seen", "notes", "says"),
    [
        (None, False, "nothing found"),
        (None, True, "nothing found, 1 note"),
        (Seen(next=ANSWERED), False, "works, seen on the servers"),
        (Seen(), False, "nothing found, and not asked"),
        (Seen(next=NOBODY), False, "it does NOT work as it should, 1 error"),
        (
            Seen(servers=(Server(name="n", version="2.10.1"),), next=ANSWERED),
            False,
            "some clients will notice, 1 warning",
        ),
    ],
)
def test_the_verdict_is_one_line(seen: Seen | None, notes: bool, says: str) -> None:
    assert verdict(pair(), seen, notes=notes) == says


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (None, "it is of no use any more"),
        (Seen(next=NOBODY), "it is of no use any more"),
        (Seen(next=ANSWERED), "servers STILL answer, 1 error, 1 note"),
    ],
)
def test_the_verdict_of_what_its_owner_ended(seen: Seen | None, says: str) -> None:
    made = pair()
    made.revoke(*ALL, at=NOW + 5)
    assert verdict(made, seen) == f"ended, revoked on 2027-01-15; {says}"


def test_what_was_not_proven_and_what_was_left_stands_below_the_verdict() -> None:
    seen = Seen(next=ANSWERED, unproven=("this",), left_behind=("that",))
    assert lines(pair(), seen)[1:] == ["  not proven: this", "  left behind: that"]


def test_one_kind_of_failure_has_one_cure_whatever_its_places() -> None:
    made = pair()
    made.change_token(*ALL, exp=NOW - 1)
    told = lines(made)
    assert told[0].endswith("it does NOT work as it should, 1 error")
    assert told[1] == "  JS302 error: the tokens of NEXT, ACK, ACK-V2, INFO expired 1 seconds ago"
    assert sum(line.startswith("    where:") for line in told) == 1
    assert sum(line.count("nats.imports[") for line in told) == 4
    assert sum("why:" in line for line in told) == 1
    assert sum("jetshare grant" in line for line in told) == 1
    assert told[-1] == (
        "      or:  14 commands of nsc, as told by:"
        " jetshare doctor ORDERS/ORDERS-C1 --account ACCTB --json"
    )


def test_a_cure_that_stands_above_is_not_told_again() -> None:
    made = pair()
    made.drop_import(Role.INFO)
    made.change_import(Role.NEXT, token="")
    told = lines(made)
    assert sum("jetshare grant" in line for line in told) == 1
    assert "    cure:  as above" in told


def test_what_servers_show_of_a_failure_of_the_documents_is_no_second_story() -> None:
    made = pair()
    made.change_import(Role.NEXT, token="")
    seen = Seen(next=NOBODY, invalid={SHARE.next_subject(): "server n holds it for invalid"})
    told = lines(made, seen)
    assert told[0].endswith("it does NOT work as it should, 1 error")
    assert told[-1] == "  so it is on the servers: JS502, JS505 follow from the above"
    assert not any(line.startswith("  JS5") for line in told)
    alone = lines(pair(), seen)
    assert sum(line.startswith("  JS5") for line in alone) == 2


def test_what_is_wrong_with_an_export_is_told_in_full_once() -> None:
    made = pair()
    second = replace(made.importer, name="ACCTE", sub=OTHER.public)
    made.others.append(second.with_nats(imports=tuple(
        replace(item, token=activation(made.key, OTHER.public, item.subject, NOW))
        for item in second.nats.imports
    )))  # fmt: skip
    made.change_export(Role.NEXT, response_type="Singleton")
    told = lines(made)
    assert sum(line.startswith("  JS101 error:") for line in told) == 2
    assert sum(line.endswith("(told above)") for line in told) == 1
    assert sum("--account ACCTC --fix" in line for line in told) == 1


def test_a_provider_whose_keys_are_not_here_has_to_be_asked() -> None:
    made = pair()
    made.change_token(*ALL, exp=NOW - 1)
    held = made.accounts()
    here = replace(held, claims={made.importer.sub: made.importer})
    told = list(verdict_lines(examine(here, DoctorRequest())))
    assert told[-1] == f"           what says {made.provider.sub} is for the provider to run"


def test_a_failure_that_no_command_mends_says_what_to_do() -> None:
    told = lines(pair(), Seen(next=ANSWERED, empty=1))
    (cure,) = (line for line in told if line.startswith("    cure:"))
    assert cure.startswith("    cure:  Have whoever publishes them send a header")
    assert "      or:" not in "".join(told)


def test_a_cure_by_the_same_words_is_told_once() -> None:
    made = pair()
    made.change_export(Role.ACK, subject="$JS.ACK.ORDERS.>")
    told = lines(made)
    start = told.index(next(line for line in told if line.startswith("    cure:")))
    assert told[start:] == [
        "    cure:  jetshare nsc delete export --account ACCTC --subject '$JS.ACK.ORDERS.>'",
        "           jetshare nsc push --account ACCTC",
        "      or:  the same without the word jetshare",
    ]


def test_what_belongs_to_no_share_stands_under_its_account() -> None:
    made = pair()
    limits = replace(made.provider.nats.limits, exports=1)
    made.provider = made.provider.with_nats(limits=limits)
    told = lines(made)
    place = told.index("account ACCTC: 1 error")
    assert told[place + 1].startswith("  JS120 error:")


def test_the_summary_names_a_code_to_read_on() -> None:
    made = pair()
    assert summary(examine(made.accounts(), DoctorRequest())) == ""
    made.drop_import(Role.INFO)
    found = examine(made.accounts(), DoctorRequest())
    assert summary(found) == "1 share: 1 warning; jetshare explain JS206 tells the whole story"
    nobody = replace(made.accounts(), claims={})
    assert summary(examine(nobody, DoctorRequest())) == "no account here shares anything"


def test_of_thirty_partners_five_are_out_and_nothing_is_wrong() -> None:
    made = pair()
    partners = {f"PARTNER-{n:02}": KeyPair.generate(Kind.ACCOUNT).public for n in range(30)}
    for name, public in partners.items():
        imports = tuple(
            replace(item, token=activation(made.key, public, item.subject, NOW))
            for item in made.importer.nats.imports
        )
        made.others.append(replace(made.importer.with_nats(imports=imports), name=name, sub=public))
    out = list(partners.values())[:5]
    for role in ALL:
        made.change_export(role, revocations=dict.fromkeys(out, NOW + 5))
    found = examine(made.accounts(), DoctorRequest())
    assert sum("is of no use any more" in line for line in verdict_lines(found)) == 5
    assert {finding.severity for finding in found.findings} == {Severity.NOTE}
    assert summary(found) == "31 shares, 5 of them ended: nothing found"


def test_what_is_left_says_who_has_to_be_asked_and_its_cure_once() -> None:
    made = pair()
    made.change_token(*ALL, exp=NOW - 1)
    found = examine(made.accounts(), DoctorRequest())
    first, *cure = remaining_lines(plan_fix(found), found.accounts)
    assert first.startswith("left, because it needs ACCTC too: JS302 the tokens of ")
    assert sum("jetshare grant" in line for line in cure) == 1
