from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import StoreDamaged, StoreTooNew
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import ledger
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.ledger import Entry, Event, NewEntry

SHARE = PullConsumer("ORDERS", "C1")
OTHER = PullConsumer("ORDERS", "C2")
ACCOUNT = "ACCOUNT"
NOW = 1_800_000_000


def entry(importer: str = "B", **fields: object) -> NewEntry:
    said: dict[str, object] = {
        "kind": Event.GRANTED,
        "at": NOW,
        "stream": SHARE.stream,
        "consumer": SHARE.consumer,
        "activation": f"jti-{importer}",
        "subject": "s",
        "importer": importer,
        "issuer": ACCOUNT,
        "issued": NOW,
        "expires": 0,
    }
    return NewEntry(**(said | fields))  # type: ignore[arg-type]  # any field, by its name


def chain(*new: NewEntry) -> tuple[Entry, ...]:
    return ledger.append((), new, account=ACCOUNT)


def read(data: bytes) -> tuple[Entry, ...]:
    return ledger.decode(data, account=ACCOUNT, where="L")


new_entries = st.lists(
    st.builds(
        NewEntry,
        kind=st.sampled_from(Event),
        at=st.integers(0, 2**40),
        stream=st.text(max_size=5),
        consumer=st.text(max_size=5),
        activation=st.text(max_size=5),
        subject=st.text(max_size=5),
        importer=st.text(max_size=5),
        issuer=st.text(max_size=5),
        issued=st.integers(0, 2**40),
        expires=st.integers(0, 2**40),
    ),
    max_size=5,
)


@given(first=new_entries, second=new_entries)
def test_what_is_written_is_read_again(first: list[NewEntry], second: list[NewEntry]) -> None:
    entries = ledger.append(chain(*first), second, account=ACCOUNT)
    assert entries == chain(*first, *second)
    data = ledger.encode(entries, account=ACCOUNT)
    assert read(data) == entries
    assert data.count(b"\n") == len(entries) + 1


@given(new=new_entries, data=st.data())
def test_no_byte_can_be_changed(new: list[NewEntry], data: st.DataObject) -> None:
    whole = ledger.encode(chain(*new), account=ACCOUNT)
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    with pytest.raises((StoreDamaged, StoreTooNew), match=r"^L"):
        read(whole[:place] + bytes([byte]) + whole[place + 1 :])


@given(new=new_entries, data=st.data())
def test_nothing_can_be_cut_off(new: list[NewEntry], data: st.DataObject) -> None:
    whole = ledger.encode(chain(*new), account=ACCOUNT)
    with pytest.raises(StoreDamaged, match=r"^L line"):
        read(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(data=st.binary(max_size=60))
def test_any_bytes_are_a_ledger_or_an_error(data: bytes) -> None:
    with pytest.raises((StoreDamaged, StoreTooNew), match=r"^L"):
        read(data)


def lines(*importers: str) -> list[bytes]:
    entries = chain(*(entry(each) for each in importers))
    return ledger.encode(entries, account=ACCOUNT).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda x: [*x[:2], *x[3:]], "line 4: the last 1 of 4 entries is missing"),
        (lambda x: x[:3], "line 3: the last 2 of 4 entries are missing"),
        (lambda x: x[:1], "line 1: the last 4 of 4 entries are missing"),
        (lambda x: [x[0], x[2], x[1], *x[3:]], "line 2: the entry does not follow"),
        (lambda x: [*x[:2], x[4], x[3], x[2]], "line 3: the entry does not follow"),
        (lambda x: [*x, x[-1]], "line 6: there are more than the 4 entries"),
        (lambda x: [*x[:3], x[3].replace(b"B2", b"B9"), x[4]], "line 4: the entry was changed"),
        (lambda x: [*x[:2], b"\n", *x[3:]], "line 3: this is no entry"),
        (lambda x: [*x[:2], b"null\n", *x[3:]], "line 3: this is no entry"),
        (lambda x: [*x[:2], b"[" * 9999 + b"\n", *x[3:]], "line 3: this is no entry"),
        (lambda x: [*x[:2], x[2].replace(b":", b": "), *x[3:]], "line 3: the entry was changed"),
        (lambda x: x[1:], "line 1: this is not a ledger"),
        (lambda x: [x[0].replace(b":4", b":3"), *x[1:]], "line 5: there are more than the 3"),
        (lambda x: [x[0].replace(b":4", b":3"), *x[1:-1]], "line 4: the last entry is not"),
        (lambda x: [x[0].replace(b":4", b":-4"), *x[1:]], "line 1: the ledger's first line"),
        (lambda x: [x[0].replace(b",", b", "), *x[1:]], "line 1: the ledger's first line"),
    ],
)
def test_damage_names_the_line(spoil: Callable[[Sequence[bytes]], list[bytes]], why: str) -> None:
    spoilt = b"".join(spoil(lines("B0", "B1", "B2", "B3")))
    with pytest.raises(StoreDamaged, match=f"^L {why}") as caught:
        read(spoilt)
    assert caught.value.hint


def test_a_well_formed_line_with_other_fields_is_damage() -> None:
    """Even where every hash is right: such a line was written by no version of ours."""
    first = chain(entry())[0]
    line = json.loads(lines("B")[1])
    for odd in ({**line, "later": 1}, {**line, "at": str(first.at)}, {**line, "kind": "lent"}):
        odd["hash"] = ledger._hash(odd["previous"], {name: odd[name] for name in ledger._SAID})
        head = {"entries": 1, "head": odd["hash"], "ledger": "jetshare", "version": 1}
        data = b"".join(ledger._canonical(each) + b"\n" for each in (head, odd))
        with pytest.raises(StoreDamaged, match="line 2: this is no entry"):
            read(data)


def test_half_a_line_after_the_last_is_left_out() -> None:
    whole = ledger.encode(chain(entry("B")), account=ACCOUNT)
    torn = whole + lines("B", "C")[2][:-20]
    assert read(torn) == chain(entry("B"))
    more = ledger.append(read(torn), [entry("C")], account=ACCOUNT)
    assert read(ledger.encode(more, account=ACCOUNT)) == chain(entry("B"), entry("C"))


def test_half_a_line_in_place_of_the_last_is_a_loss() -> None:
    torn = b"".join(lines("B", "C"))[:-20]
    with pytest.raises(StoreDamaged, match=r"^L line 3: the last 1 of 2 entries is missing"):
        read(torn)


def test_a_ledger_is_of_one_account() -> None:
    for entries in (chain(entry()), ()):
        data = ledger.encode(entries, account=ACCOUNT)
        with pytest.raises(StoreDamaged, match=r"^L line"):
            ledger.decode(data, account="ANOTHER", where="L")


def test_a_newer_ledger_is_left_alone() -> None:
    data = b"".join(lines("B")).replace(b'"version":1', b'"version":2')
    with pytest.raises(StoreTooNew, match="L is a ledger of version 2") as caught:
        read(data)
    assert "newer" in caught.value.hint


def test_a_grant_is_recorded_with_its_token() -> None:
    provider, importer = KeyPair.generate(Kind.ACCOUNT), KeyPair.generate(Kind.ACCOUNT)
    claims = Claims(
        sub=importer.public, exp=NOW + 60, nats=Activation(subject="a.b", kind="service")
    )
    activation = jwt.encode(claims, provider, NOW).claims
    new = ledger.granted(SHARE, activation, at=NOW + 1)
    assert new == NewEntry(
        kind=Event.GRANTED,
        at=NOW + 1,
        stream="ORDERS",
        consumer="C1",
        activation=activation.jti,
        subject="a.b",
        importer=importer.public,
        issuer=provider.public,
        issued=NOW,
        expires=NOW + 60,
    )
    assert ledger.granted(SHARE, activation, at=NOW, renewed=True).kind is Event.RENEWED


def test_a_grant_is_folded_from_its_entries() -> None:
    entries = chain(
        entry("B", activation="1", issued=NOW, expires=NOW + 9),
        entry("B", activation="2", issued=NOW, expires=NOW + 9),
        entry("C", activation="3"),
        entry("D", activation="4", consumer="C2"),
        entry("B", activation="5", kind=Event.RENEWED, issued=NOW + 5, expires=NOW + 99),
    )
    b, c = ledger.grants(entries, SHARE)
    assert (b.importer, b.since, b.issued, b.expires) == ("B", NOW, NOW + 5, NOW + 99)
    assert b.activations == ("1", "2", "5")
    assert (c.importer, c.expires, c.revoked) == ("C", 0, 0)
    assert [grant.importer for grant in ledger.grants(entries, OTHER)] == ["D"]
    assert ledger.active(entries, SHARE) == {"B": b, "C": c}


def test_revoking_ends_every_activation_of_the_importer() -> None:
    entries = chain(
        entry("B", activation="1"), entry("B", activation="2"), entry("C", activation="3")
    )
    new = ledger.revoked(entries, SHARE, "B", at=NOW + 7)
    assert [(each.kind, each.activation, each.at) for each in new] == [
        (Event.REVOKED, "1", NOW + 7),
        (Event.REVOKED, "2", NOW + 7),
    ]
    after = ledger.append(entries, new, account=ACCOUNT)
    b, c = ledger.grants(after, SHARE)
    assert (b.revoked, c.revoked) == (NOW + 7, 0)
    assert set(ledger.active(after, SHARE)) == {"C"}


def test_revoking_everyone() -> None:
    entries = chain(
        entry("B", activation="1"),
        entry("C", activation="2"),
        entry("D", activation="3", consumer="C2"),
    )
    after = ledger.append(entries, ledger.revoked(entries, SHARE, "*", at=NOW + 7), account=ACCOUNT)
    assert [grant.revoked for grant in ledger.grants(after, SHARE)] == [NOW + 7, NOW + 7]
    assert set(ledger.active(after, OTHER)) == {"D"}


def test_a_grant_after_a_revocation_begins_anew() -> None:
    entries = chain(entry("B", activation="1"))
    entries = ledger.append(
        entries, ledger.revoked(entries, SHARE, "B", at=NOW + 7), account=ACCOUNT
    )
    entries = ledger.append(entries, [entry("B", activation="2", issued=NOW + 8)], account=ACCOUNT)
    (grant,) = ledger.grants(entries, SHARE)
    assert (grant.since, grant.issued, grant.revoked) == (NOW + 8, NOW + 8, 0)
    assert grant.activations == ("2",)
    assert [each.activation for each in ledger.revoked(entries, SHARE, "B", at=NOW + 9)] == ["2"]


def test_a_revocation_of_a_grant_made_elsewhere_is_recorded_too() -> None:
    (new,) = ledger.revoked((), SHARE, "B", at=NOW)
    assert (new.importer, new.activation, new.share) == ("B", "", SHARE)
    entries = chain(new)
    assert ledger.grants(entries, SHARE) == ()
    entries = ledger.append(entries, [entry("B")], account=ACCOUNT)
    assert set(ledger.active(entries, SHARE)) == {"B"}
