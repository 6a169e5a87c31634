"""What the templates of a scoped signing key stand for."""

from __future__ import annotations

import pytest

from jetshare.identity.claims import Account, Claims, User
from jetshare.identity.templates import MOST_SUBJECTS, Filled, Refused, filled

ACCOUNT = Claims(name="ACCTB", sub="AKEY", nats=Account(tags=("env:prod", "env:test")))
BOB = Claims(
    name="bob",
    sub="UKEY",
    nats=User(issuer_account="AKEY", tags=("team:red", "team:blue", "area:eu", "Case:x", "odd: ")),
)


def subjects(*listed: str, strict: bool = False) -> list[tuple[str, ...]]:
    made = filled(listed, BOB, ACCOUNT, strict=strict)
    assert not isinstance(made, Refused)
    assert [each.entry for each in made] == list(listed)
    return [each.subjects for each in made]


@pytest.mark.parametrize(
    ("entry", "made"),
    [
        ("orders.new", ("orders.new",)),
        ("a.{{name()}}", ("a.bob",)),
        ("a.{{subject()}}", ("a.UKEY",)),
        ("a.{{account-name()}}", ("a.ACCTB",)),
        ("a.{{account-subject()}}", ("a.AKEY",)),
        ("{{ Name() }}.{{NAME()}}", ("bob.bob",)),
        ("x{{name()}}y.>", ("xboby.>",)),
        ("{{tag(area)}}.>", ("eu.>",)),
        ("{{tag(AREA)}}.>", ("eu.>",)),
        ("{{tag(team)}}", ("red", "blue")),
        ("{{account-tag(env)}}", ("prod", "test")),
        (
            "{{tag(team)}}.{{account-tag(env)}}",
            ("red.prod", "red.test", "blue.prod", "blue.test"),
        ),
        # The first of two equal places is filled in, and the second with it.
        ("{{tag(team)}}.{{tag(team)}}", ("red.red", "red.red", "blue.blue", "blue.blue")),
        # What is allowed is passed over where nothing comes of it.
        ("{{tag(none)}}.>", ()),
        ("{{tag(none)}}.{{tag(team)}}", ()),
        ("{{account-tag(team)}}", ()),
        ("{{tag(case)}}", ()),  # a tag is looked up in small letters
        ("{{TAG(area)}}", ()),  # written so, the word itself is taken for a part of the name
        ("{{tag(odd)}}", ()),
        ("{{name()}}..a", ()),
    ],
)
def test_an_entry_stands_for_subjects(entry: str, made: tuple[str, ...]) -> None:
    assert subjects(entry) == [made]


@pytest.mark.parametrize(
    ("entry", "tag", "of_account", "says"),
    [
        ("a.{{tag(none)}}", "none", False, "no value for {{tag(none)}}"),
        ("a.{{account-tag(none)}}", "none", True, "no value for {{account-tag(none)}}"),
        ("a.{{TAG(area)}}", "", False, "no value for {{TAG(area)}}"),
        ("{{name()}}..a", "", False, "no subject"),
        ("{{name()}}.a q", "", False, "no subject"),
    ],
)
def test_a_denial_that_cannot_be_filled_in_keeps_the_user_out(
    entry: str, tag: str, of_account: bool, says: str
) -> None:
    made = filled(("a", entry), BOB, ACCOUNT, strict=True)
    assert isinstance(made, Refused)
    assert (made.entry, made.tag, made.of_account) == (entry, tag, of_account)
    assert says in made.text


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("entry", ["{{nickname()}}", "{{name}}", "{{{name()}}", "{{ }}"])
def test_what_servers_do_not_know_keeps_the_user_out(entry: str, strict: bool) -> None:
    made = filled((entry,), BOB, ACCOUNT, strict=strict)
    assert isinstance(made, Refused)


def test_a_queue_beside_a_subject_is_lost_where_a_template_stands_in_the_list() -> None:
    assert subjects("a q", "b") == [("a q",), ("b",)]
    assert subjects("a q", "{{name()}}") == [(), ("bob",)]


def test_so_many_subjects_that_servers_refuse_the_user() -> None:
    many = Claims(name="bob", sub="U", nats=User(tags=tuple(f"n:{i}" for i in range(64))))
    twice = "{{tag(n)}}.{{ tag(n) }}"
    made = filled((twice,), many, ACCOUNT, strict=False)
    assert isinstance(made, tuple)
    assert sum(len(each.subjects) for each in made) == MOST_SUBJECTS
    assert isinstance(filled((twice, "{{tag(n)}}"), many, ACCOUNT, strict=False), Refused)


def test_nothing_is_filled_in_where_nothing_is_to_be() -> None:
    assert filled((), BOB, ACCOUNT, strict=True) == ()
    assert filled(("{{", "a.{b}"), BOB, ACCOUNT, strict=True) == (
        Filled(entry="{{", subjects=("{{",)),
        Filled(entry="a.{b}", subjects=("a.{b}",)),
    )
