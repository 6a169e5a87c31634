"""Whose tokens are past their time, and up to which they are to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import edit, ledger
from jetshare.sharing.expiry import Expired, Term, activations, expired, terms
from jetshare.sharing.found import Offered, accepted_share, offered_share
from support.shares import NOW, SHARE, pair

PROVIDER, IMPORTER = (KeyPair.generate(Kind.ACCOUNT).public for _ in range(2))
TERM = st.builds(Term, issued=st.integers(1, 6), expires=st.one_of(st.just(0), st.integers(7, 12)))


def offer(revoked: int = 0) -> Offered:
    claims = edit.offer(
        Claims(name="ACCTC", sub=PROVIDER, nats=Account()), SHARE, public=False, info=True
    )
    made = offered_share(claims, SHARE)
    assert made is not None
    if revoked:
        made = offered_share(edit.revoke(claims, made, {IMPORTER: revoked}), SHARE)
        assert made is not None
    return made


def entries(granted: Sequence[Term]) -> tuple[ledger.Entry, ...]:
    """A ledger that says that the importer was granted these."""
    new = [
        ledger.NewEntry(
            kind=ledger.Event.GRANTED,
            at=term.issued,
            stream=SHARE.stream,
            consumer=SHARE.consumer,
            activation=f"token {number}",
            subject="",
            importer=IMPORTER,
            issuer=PROVIDER,
            issued=term.issued,
            expires=term.expires,
        )
        for number, term in enumerate(granted)
    ]
    return ledger.append((), new, account=PROVIDER)


def found(granted: Sequence[Term], now: int, *, revoked: int = 0) -> Expired | None:
    """By the ledger alone, as where the importer is elsewhere."""
    (each, *more) = (*expired(offer(revoked), PROVIDER, entries(granted), (), now), None)
    assert more in ([], [None])
    return each


@given(st.lists(TERM, min_size=1, max_size=5), st.integers(7, 13))
def test_what_is_in_force_is_never_ended_by_an_older_word(granted: list[Term], now: int) -> None:
    seen = found(granted, now)
    over = [term for term in granted if term.over(now)]
    newest = [term for term in granted if term.issued == max(t.issued for t in granted)]
    if seen is None:
        assert not over or not all(term.over(now) for term in newest)
        return
    assert all(term.issued <= seen.until for term in over)
    assert any(term.issued == seen.until for term in over)
    if seen.nothing_left:
        assert all(term.over(now) for term in newest)
    else:
        assert all(term.issued > seen.until for term in granted if not term.over(now))


@given(st.lists(TERM, min_size=1, max_size=5), st.integers(7, 13))
def test_once_it_is_revoked_there_is_nothing_to_do(granted: list[Term], now: int) -> None:
    seen = found(granted, now)
    if seen is not None:
        assert found(granted, now, revoked=seen.until) is None


@given(st.lists(TERM, max_size=4), st.sampled_from([0, 7, 10]), st.integers(7, 13))
def test_what_an_importer_at_hand_has_in_use_is_never_ended(
    granted: list[Term], end: int, now: int
) -> None:
    """Its tokens are issued at ``NOW``, before and after which others were granted."""
    made = pair(expires=end and NOW + end)
    later = [Term(NOW + t.issued - 3, t.expires and NOW + t.expires) for t in granted]
    known = [replace(entry, importer=made.importer.sub) for entry in entries(later)]
    shared = offered_share(made.provider, SHARE)
    assert shared is not None
    seen = expired(shared, made.provider.sub, known, [made.importer], NOW + now)
    if not end or now < end:
        assert all(each.until < NOW and not each.nothing_left for each in seen)
    elif all(term.over(NOW + now) for term in later):
        assert [each.nothing_left for each in seen] == [True]


def test_a_term_ends_with_its_second_and_0_is_for_ever() -> None:
    assert not Term(1, 10).over(9)
    assert Term(1, 10).over(10)
    assert not Term(1, 0).over(10)


def test_the_tokens_of_imports_count_where_no_ledger_is() -> None:
    made = pair(expires=NOW + 10)
    (held,) = accepted_share(made.importer, SHARE)
    assert terms(held) == (Term(NOW, NOW + 10),) * 4
    shared = offered_share(made.provider, SHARE)
    assert shared is not None
    for now, wanted in ((NOW + 9, ()), (NOW + 10, ((made.importer.sub, NOW, True),))):
        seen = expired(shared, made.provider.sub, (), [made.importer], now)
        assert tuple((e.importer, e.until, e.nothing_left) for e in seen) == wanted


def test_what_is_no_token_is_left_out() -> None:
    """Older tools may have written a URL in its place."""
    made = pair(public=True)
    (held,) = accepted_share(made.importer, SHARE)
    assert activations(held) == ()
