"""Cures as lines of a configuration file."""

from __future__ import annotations

import cProfile

import pytest

from jetshare.identity.claims import Account, AccountLimits, Claims, Export, Import
from jetshare.sharing.kinds import STREAM, PullConsumer
from jetshare.sharing.rules.book import diagnose
from jetshare.sharing.rules.config_cures import RELOAD, letting_in, written
from jetshare.sharing.rules.rule import Finding
from jetshare.sharing.rules.shares import Accounts

SHARE = PullConsumer("S", "C")
NEXT, ACK, INFO = SHARE.next_subject(), SHARE.ack_subject(), SHARE.info_subject()
CREATE = "$JS.API.CONSUMER.CREATE.S.>"
LOCAL_CREATE = "P.API.CONSUMER.CREATE.S.>"
LOCAL_NEXT, LOCAL_INFO = (subject.replace("$JS", "P") for subject in (NEXT, INFO))


def service(subject: str, *importers: str) -> Export:
    response = STREAM if subject == NEXT else "Singleton"
    return letting_in(Export(subject=subject, type="service", response_type=response), importers)


def stream(subject: str, *importers: str) -> Export:
    return letting_in(Export(subject=subject, type="stream"), importers)


def take(subject: str, local: str = "", account: str = "P") -> Import:
    return Import(subject=subject, local_subject=local, account=account, type="service")


def provider(*exports: Export, disk: int = -1) -> Account:
    return Account(exports=exports, limits=AccountLimits(disk_storage=disk))


def importer(*imports: Import) -> Account:
    return Account(imports=imports)


def found(code: str, **accounts: Account) -> Finding:
    claims = {name: Claims(name=name, sub=name, nats=body) for name, body in accounts.items()}
    made = Accounts(claims=claims, users={}, now=0, config_file="nats-server.conf")
    return next(finding for finding in diagnose(made).findings if finding.code == code)


def lines(code: str, **accounts: Account) -> list[str]:
    *cure, last = found(code, **accounts).cure
    assert last == RELOAD
    return cure


WHOLE = (service(NEXT, "I"), service(ACK, "I"), service(INFO, "I"))
TAKEN = (take(NEXT, LOCAL_NEXT), take(ACK), take(INFO, LOCAL_INFO))


def test_what_a_server_does_not_tell_of_an_entry_is_not_written_anew() -> None:
    singleton = letting_in(Export(subject=NEXT, type="service", response_type="Singleton"), "I")
    assert lines("JS101", P=provider(singleton, *WHOLE[1:])) == [
        f'change in accounts.P.exports, {{service: "{NEXT}"}}: set response_type: "Stream"'
    ]


def test_an_export_that_is_missing_is_private_to_those_of_the_others() -> None:
    assert lines("JS103", P=provider(WHOLE[0], service(INFO, "I", "J"))) == [
        f'add to accounts.P.exports: {{service: "{ACK}", accounts: ["I", "J"]}}'
    ]


def test_an_import_brings_its_export_and_its_right_to_it() -> None:
    missing = {"P": provider(*WHOLE[:2]), "I": importer(*TAKEN[:2])}
    add = (
        f'add to accounts.I.imports: {{service: {{account: "P", subject: "{INFO}"}},'
        f' to: "{LOCAL_INFO}"}}'
    )
    assert lines("JS206", **missing) == [
        f'add to accounts.P.exports: {{service: "{INFO}", accounts: ["I"]}}',
        add,
    ]
    others = {"P": provider(*WHOLE[:2], service(INFO, "J")), "I": importer(*TAKEN[:2])}
    assert lines("JS206", **others) == [
        f'change in accounts.P.exports, {{service: "{INFO}"}}: set accounts: ["J", "I"]',
        add,
    ]
    assert lines("JS206", P=provider(*WHOLE), I=importer(*TAKEN[:2])) == [add]
    public = {"P": provider(*(service(s) for s in (NEXT, ACK, INFO))), "I": importer(*TAKEN[:2])}
    assert lines("JS206", **public) == [add]


def test_what_is_taken_out_takes_its_imports_along() -> None:
    wild = "$JS.API.STREAM.DELETE.*"
    local = "P.API.STREAM.DELETE.*"
    both = {"P": provider(*WHOLE, service(wild, "I")), "I": importer(*TAKEN, take(wild, local))}
    assert lines("JS102", **both) == [
        f'take out of accounts.I.imports: {{service: {{account: "P", subject: "{wild}"}},'
        f' to: "{local}"}}',
        f'take out of accounts.P.exports: {{service: "{wild}", accounts: ["I"]}}',
    ]
    # The imports of one consumer have their own exports, and stay.
    broad = service("$JS.ACK.S.*.>", "I")
    assert lines("JS106", P=provider(*WHOLE, broad), I=importer(*TAKEN)) == [
        'take out of accounts.P.exports: {service: "$JS.ACK.S.*.>", accounts: ["I"]}'
    ]


def test_what_is_public_is_restricted_to_those_who_import_it() -> None:
    mixed = provider(WHOLE[0], service(ACK), WHOLE[2])
    assert lines("JS107", P=mixed, I=importer(*TAKEN), J=importer(take(ACK))) == [
        f'change in accounts.P.exports, {{service: "{ACK}"}}: set accounts: ["I", "J"]'
    ]
    assert lines("JS108", P=provider(service(NEXT), service(ACK), service(INFO))) == [
        f'change in accounts.P.exports, {{service: "{NEXT}"}}: set accounts: ["IMPORTER"]'
    ]


def test_the_second_form_of_the_acknowledgement() -> None:
    second = SHARE.ack_v2_subject("P")
    assert lines("JS104", P=provider(*WHOLE)) == [
        f'add to accounts.P.exports: {{service: "{second}", accounts: ["I"]}}'
    ]
    assert lines("JS204", P=provider(*WHOLE, service(second, "I")), I=importer(*TAKEN)) == [
        f'add to accounts.I.imports: {{service: {{account: "P", subject: "{second}"}}}}'
    ]
    assert lines("JS117", P=provider(*WHOLE, service(SHARE.ack_v2_subject("Q"), "I"))) == [
        f'take out of accounts.P.exports: {{service: "{SHARE.ack_v2_subject("Q")}",'
        ' accounts: ["I"]}'
    ]


def test_what_a_source_needs() -> None:
    source = {"P": provider(service(CREATE, "I")), "I": importer(take(CREATE, LOCAL_CREATE))}
    flow = 'add to accounts.P.exports: {service: "$JS.FC.S.>", accounts: ["I"]}'
    assert lines("JS109", **source) == [flow]
    assert lines("JS211", **source) == [
        flow,
        'add to accounts.I.imports: {service: {account: "P", subject: "$JS.FC.S.>"}}',
    ]
    assert lines("JS110", **source) == [
        'add to accounts.P.exports: {stream: "DELIVER-SUBJECT", accounts: ["I"]}'
    ]
    assert lines("JS212", **source) == [
        'add to accounts.I.imports: {stream: {account: "P", subject: "DELIVER-SUBJECT"}}'
    ]


def test_streams_are_switched_on_for_the_account() -> None:
    assert lines("JS118", P=provider(*WHOLE, disk=0)) == ["add to accounts.P: jetstream: enabled"]


def test_one_subject_of_two_types() -> None:
    assert lines("JS112", P=provider(stream("a", "I"), service("a"))) == [
        'change in accounts.P.exports, {service: "a"}: set accounts: ["IMPORTER"]'
    ]


def test_the_place_is_what_stands_in_the_file_and_not_its_number() -> None:
    finding = found("JS202", P=provider(*WHOLE), I=importer(*TAKEN[::2], take(ACK, "P.ACK.>")))
    assert finding.path == f"imports, service {ACK} from P"
    assert finding.fix is None
    twice = found(
        "JS205",
        P=provider(*WHOLE),
        Q=provider(*WHOLE),
        I=importer(*TAKEN, take(ACK, account="Q")),
    )
    assert twice.text == f"{ACK} is imported from Q and from P"


def test_an_import_is_known_by_both_its_names() -> None:
    mapped = take(ACK, "P.ACK.>")
    assert lines("JS202", P=provider(*WHOLE), I=importer(*TAKEN[::2], mapped)) == [
        f'change in accounts.I.imports, {{service: {{account: "P", subject: "{ACK}"}},'
        ' to: "P.ACK.>"}: leave out to'
    ]


def calls_for(shares: int) -> int:
    """How many calls of functions it takes to look at so many shares without their ack."""
    held = [PullConsumer("S", f"C{number}") for number in range(shares)]
    owner = provider(
        *(letting_in(Export(subject=s.next_subject(), type="service"), "I") for s in held),
        *(service(s.info_subject()) for s in held),
    )
    taker = importer(*(take(s.next_subject(), f"P.{s.consumer}") for s in held))
    counted = cProfile.Profile()
    counted.runcall(found, "JS103", P=owner, I=taker)
    return int(sum(each.callcount for each in counted.getstats()))


def test_the_work_grows_with_the_shares_and_not_with_their_square() -> None:
    calls_for(20)  # what is remembered of one run to the next
    assert calls_for(160) < 5 * calls_for(40)


@pytest.mark.parametrize("code", ["JS301", "JS120", "JS121", "JS220"])
def test_what_is_of_signed_documents_is_not_said_of_a_file(code: str) -> None:
    with pytest.raises(StopIteration):
        found(code, P=provider(*WHOLE), I=importer(*TAKEN))


def test_an_entry_as_it_is_written() -> None:
    assert written(stream("a.>")) == '{stream: "a.>"}'
    shown = Import(subject="a", local_subject="b", account="P", type="service", share=True)
    assert written(shown) == '{service: {account: "P", subject: "a"}, to: "b", share: true}'
