"""The findings of the importer's users: what they say, and the commands that they give."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from jetshare.identity.claims import (
    Claims,
    Permission,
    Permissions,
    ResponsePermission,
    User,
    UserScope,
)
from jetshare.identity.claims import UserPermissionLimits as Template
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.servers import Seen, Server
from support.shares import OTHER, PREFIX, SHARE, Pair, pair

NEXT = f"{PREFIX}.CONSUMER.MSG.NEXT.ORDERS.ORDERS-C1"
INFO = f"{PREFIX}.CONSUMER.INFO.ORDERS.ORDERS-C1"
ACK = SHARE.ack_subject()


def allow(*subjects: str) -> Permission:
    return Permission(allow=subjects)


def deny(*subjects: str) -> Permission:
    return Permission(deny=subjects)


def user(name: str = "bob", **words: Any) -> Claims[User]:
    return Claims(name=name, sub=KeyPair.generate(Kind.USER).public, nats=User(**words))


def of_users(made: Pair, seen: Seen | None = None) -> list[Finding]:
    return [finding for finding in made.findings(seen) if finding.code.startswith("JS6")]


def only(made: Pair) -> Finding:
    (found,) = of_users(made)
    return found


def scoped(made: Pair, **template: Any) -> None:
    scope = UserScope(key=OTHER.public, role="pulls", template=Template(**template))
    made.importer = made.importer.with_nats(signing_keys=("AX", scope))
    made.users.append(replace(user(), iss=OTHER.public))


def test_all_that_lacks_is_in_one_finding_and_one_cure() -> None:
    made = pair()
    made.users.append(user(pub=allow("orders.>"), sub=allow("orders.>")))
    found = only(made)
    second = SHARE.ack_v2_subject(made.provider.sub)
    assert found.text == (
        f"user bob of ACCTB may not publish on {NEXT}, {INFO}, {ACK} and {second},"
        " nor subscribe to _INBOX.>"
    )
    edit, creds = found.nsc
    assert edit == (
        "nsc edit user --account ACCTB --name bob"
        f" --allow-pub '{NEXT},{INFO},{ACK},{second}' --allow-sub '_INBOX.>'"
    )
    assert creds == "nsc generate creds --account ACCTB --name bob"
    assert found.cure == tuple(f"jetshare {line}" for line in found.nsc)
    assert (found.code, found.severity, found.path) == ("JS601", Severity.ERROR, "users.bob")


def test_what_is_denied_is_taken_out_and_no_list_is_begun() -> None:
    made = pair()
    made.users.append(user(pub=deny("$JS.>"), sub=deny("x")))
    found = only(made)
    assert "(denied by $JS.>)" in found.text
    assert found.nsc[0] == "nsc edit user --account ACCTB --name bob --rm '$JS.>'"
    assert len(found.nsc) == 2


def test_what_is_denied_here_and_allowed_there_is_allowed_again() -> None:
    made = pair()
    made.users.append(user(pub=deny("$JS.>"), sub=allow("$JS.>", "_INBOX.>")))
    assert [line.rpartition(" --")[2] for line in only(made).nsc[:2]] == [
        "rm '$JS.>'",
        "allow-sub '$JS.>'",
    ]


def test_a_scoped_user_is_given_it_by_its_signing_key() -> None:
    made = pair(second_form=False)
    scoped(made, pub=allow(f"{PREFIX}.>"))
    found = only(made)
    assert found.text == (
        f"user bob of ACCTB may not publish on {ACK}: so its scoped signing key (role pulls) says"
    )
    assert found.path == "nats.signing_keys[1].template"
    assert found.nsc == (
        f"nsc edit signing-key --account ACCTB --sk {OTHER.public} --allow-pub '{ACK}'",
        "nsc push --account ACCTB",
    )


def test_the_default_permissions_are_the_accounts_to_give() -> None:
    made = pair(second_form=False)
    default = Permissions(pub=Permission(allow=(f"{PREFIX}.>",), deny=("$JS.ACK.>",)))
    made.importer = made.importer.with_nats(default_permissions=default)
    made.users.append(user())
    found = only(made)
    assert found.text.endswith(": so the account's default permissions say")
    assert found.path == "nats.default_permissions"
    assert found.nsc == (
        "nsc edit account --name ACCTB --rm '$JS.ACK.>'",
        f"nsc edit account --name ACCTB --allow-pub '{ACK}'",
        "nsc push --account ACCTB",
    )


def test_a_user_whose_last_permission_goes_gets_what_the_account_gives_then() -> None:
    made = pair(second_form=False)
    default = Permissions(pub=allow(f"{PREFIX}.>"), sub=deny("_INBOX.>"))
    made.importer = made.importer.with_nats(default_permissions=default)
    made.users.append(user(pub=deny("$JS.>")))
    assert only(made).nsc == (
        "nsc edit user --account ACCTB --name bob --rm '$JS.>'",
        "nsc edit account --name ACCTB --rm '_INBOX.>'",
        f"nsc edit account --name ACCTB --allow-pub '{ACK}'",
        "nsc generate creds --account ACCTB --name bob",
        "nsc push --account ACCTB",
    )


def test_a_signing_key_whose_denial_goes_is_given_the_rest_once() -> None:
    made = pair(second_form=False)
    scoped(made, pub=Permission(allow=(f"{PREFIX}.>",), deny=("$JS.>",)))
    edit = f"nsc edit signing-key --account ACCTB --sk {OTHER.public}"
    assert only(made).nsc == (
        f"{edit} --rm '$JS.>'",
        f"{edit} --allow-pub '{ACK}'",
        "nsc push --account ACCTB",
    )


@pytest.mark.parametrize(
    ("denied", "command"),
    [
        ("{{tag(area)}}.>", "nsc edit user --account ACCTB --name bob --tag area:VALUE"),
        ("{{account-tag(area)}}.>", "nsc edit account --name ACCTB --tag area:VALUE"),
        (
            "{{nobody()}}.>",
            f"nsc edit signing-key --account ACCTB --sk {OTHER.public} --rm '{{{{nobody()}}}}.>'",
        ),
    ],
)
def test_a_user_who_is_kept_out(denied: str, command: str) -> None:
    made = pair()
    scoped(made, pub=deny(denied))
    found = only(made)
    assert "cannot log in" in found.text
    assert found.nsc[0] == command


@pytest.mark.parametrize(
    "template",
    [
        {"pub": allow("{{account-tag(from)}}.API.>", "$JS.ACK.{{tag(s)}}.{{tag(c)}}.>")},
        {"pub": allow("ACCTC.>", "$JS.>"), "sub": allow("_INBOX_{{account-name()}}.{{name()}}.>")},
        {"pub": allow(NEXT, INFO), "resp": ResponsePermission(max=1)},
        {"pub": deny("{{tag(c)}}.>", "$JS.ACK.{{tag(c)}}.>"), "sub": deny("_INBOX.> q")},
    ],
)
def test_no_finding_of_a_scoped_user_who_may(template: dict[str, Permission]) -> None:
    made = pair()
    scoped(made, **template)
    made.importer = made.importer.with_nats(tags=("from:ACCTC",))
    made.users[0] = made.users[0].with_nats(tags=("s:ORDERS", "s:OTHER", "c:ORDERS-C1"))
    assert of_users(made) == []


@pytest.mark.parametrize(
    ("types", "looked_at"),
    [(("LEAFNODE", "mqtt"), False), (("LEAFNODE", "standard"), True), (("WEBSOCKET",), True)],
)
def test_users_of_other_connections_need_nothing(types: tuple[str, ...], looked_at: bool) -> None:
    made = pair()
    made.users.append(user(pub=allow("x"), allowed_connection_types=types))
    assert bool(of_users(made)) is looked_at
    made.users.clear()
    scoped(made, pub=allow("x"), allowed_connection_types=types)
    assert bool(of_users(made)) is looked_at


def test_it_is_a_warning_where_another_user_can_and_this_one_uses_no_part() -> None:
    made = pair()
    answers = user("joe", resp=ResponsePermission(max=1))
    made.users += [user("eve", pub=allow("x")), user("amy", pub=allow(NEXT)), answers]
    assert {found.severity for found in of_users(made)} == {Severity.ERROR}
    made.users.append(user("can"))
    severities = {found.names["user"]: found.severity for found in of_users(made)}
    assert severities == {
        "eve": Severity.WARNING,
        "amy": Severity.ERROR,
        "joe": Severity.WARNING,
    }


def test_a_subject_with_a_comma_is_one_word_of_the_list() -> None:
    made = pair(share=PullConsumer("A,B", "C"), second_form=False)
    made.users.append(user(pub=allow(f"{PREFIX}.>")))
    assert shlex.split(only(made).nsc[0])[-1] == '"$JS.ACK.A,B.C.>"'


def test_the_second_form_is_needed_where_servers_want_it() -> None:
    made = pair()
    made.users.append(user(pub=allow(f"{PREFIX}.>", ACK)))
    wanted = Seen(servers=(Server(name="s", version="2.15.1", second_form=True),))
    assert of_users(made) == []
    (found,) = of_users(made, wanted)
    assert f"publish on {SHARE.ack_v2_subject(made.provider.sub)}" in found.text
    made.users[0] = user(pub=allow(f"{PREFIX}.>", "$JS.ACK.>"))
    assert of_users(made, wanted) == []


def sharing(*subjects: str, streams: tuple[str, ...] = ()) -> Pair:
    """A share of another kind: these services under the prefix, and these streams."""
    made = pair()
    made.provider = made.provider.with_nats(exports=())
    made.importer = made.importer.with_nats(imports=())
    for subject in (*subjects, *streams):
        kind = "stream" if subject in streams else "service"
        made.add_export(name=subject, subject=subject, type=kind)
        local = subject.replace("$JS.API", PREFIX)
        made.add_import(name=subject, subject=subject, local_subject=local, type=kind)
    return made


def push() -> Pair:
    consumer = "$JS.API.CONSUMER.INFO.ORDERS.ORDERS-C1"
    return sharing(consumer, ACK, "$JS.FC.ORDERS.>", streams=("deliver.orders",))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({}, ""),
        ({"sub": allow("_INBOX.>", "deliver.*")}, ""),
        ({"sub": allow("_INBOX.>", "deliver.orders workers")}, ""),
        ({"pub": allow(INFO), "resp": ResponsePermission(max=1)}, ""),
        ({"sub": allow("_INBOX.>")}, "may not subscribe to deliver.orders"),
        ({"sub": allow("deliver.>")}, "may not subscribe to _INBOX.>"),
        ({"pub": deny("$JS.FC.>")}, "may not publish on $JS.FC.ORDERS.> (denied by $JS.FC.>)"),
    ],
)
def test_users_of_a_push_consumer(words: dict[str, Any], says: str) -> None:
    made = push()
    made.users.append(user(**words))
    assert [found.text for found in of_users(made)] == (
        [f"user bob of ACCTB {says}"] if says else []
    )


@pytest.mark.parametrize(
    ("subjects", "enough", "lacks"),
    [
        (
            ("$JS.API.CONSUMER.CREATE.ORDERS.>", "$JS.API.CONSUMER.MSG.NEXT.ORDERS.*",
             "$JS.ACK.ORDERS.>"),
            (f"{PREFIX}.CONSUMER.CREATE.ORDERS.mine.>",
             f"{PREFIX}.CONSUMER.MSG.NEXT.ORDERS.mine", "$JS.ACK.ORDERS.mine.>"),
            "$JS.ACK.ORDERS.>",
        ),
        (
            ("$JS.API.STREAM.INFO.KV_B", "$JS.API.DIRECT.GET.KV_B.>", "$KV.B.>"),
            (f"{PREFIX}.STREAM.INFO.KV_B", f"{PREFIX}.DIRECT.GET.KV_B.$KV.B.mine.>"),
            f"{PREFIX}.DIRECT.GET.KV_B.>",
        ),
        (
            ("$JS.API.DIRECT.GET.ORDERS",),
            (f"{PREFIX}.DIRECT.GET.ORDERS",),
            f"{PREFIX}.DIRECT.GET.ORDERS",
        ),
    ],
    ids=["consumers of its own", "bucket", "direct get"],
)  # fmt: skip
def test_users_of_what_names_no_consumer_need_a_part_of_it(
    subjects: tuple[str, ...], enough: tuple[str, ...], lacks: str
) -> None:
    made = sharing(*subjects)
    made.users.append(user(pub=allow(*enough)))
    assert of_users(made) == []
    made.users[0] = user(pub=allow("x", *enough[:-1]))
    assert only(made).text == f"user bob of ACCTB may not publish on {lacks}"


@pytest.mark.parametrize(
    "made", [sharing("orders.new"), sharing(streams=("prices.>",))], ids=["service", "stream"]
)
def test_plain_services_and_streams_are_each_users_own_duty(made: Pair) -> None:
    made.users.append(user(pub=allow("x"), sub=allow("x")))
    assert of_users(made) == []
