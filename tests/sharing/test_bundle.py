from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetshare.errors import JetshareError, MalformedToken, WrongIssuer, WrongRecipient
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle, edit
from jetshare.sharing.kinds import PullConsumer
from support.people import person

SHARE = PullConsumer("RESTOCKEVENTS", "RESTOCKEVENTS-C1")
NOW = 1_800_000_000
PROVIDER, IMPORTER = person("ACCTC"), person("ACCTB")


def make(
    *, signer: KeyPair = PROVIDER.key, importer: str = IMPORTER.public, share: PullConsumer = SHARE
) -> str:
    activations = edit.activate(
        share.subjects(PROVIDER.public),
        provider=PROVIDER.public,
        importer=importer,
        signer=signer,
        now=NOW,
        expires=NOW + 90,
    )
    return bundle.make(
        SHARE,
        provider=PROVIDER.public,
        provider_name="ACCTC",
        importer=IMPORTER.public,
        prefix="ACCTC.API",
        activations=activations,
        signer=PROVIDER.key,
        now=NOW,
        domain="ngstest",
        expires=NOW + 90,
    )


TEXT = make()


def test_a_bundle_says_what_was_granted() -> None:
    held = bundle.read(TEXT)
    assert (held.share, held.provider, held.provider_name) == (SHARE, PROVIDER.public, "ACCTC")
    assert (held.importer, held.prefix, held.domain) == (IMPORTER.public, "ACCTC.API", "ngstest")
    assert (held.issued, held.expires, held.public) == (NOW, NOW + 90, False)
    assert [token != "" for _, token in held.tokens()] == [True] * 4


def test_a_bundle_holds_no_secret() -> None:
    assert PROVIDER.key.seed() not in TEXT
    assert PROVIDER.key.seed() not in repr(bundle.read(TEXT))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(1, 127))
def test_any_changed_byte_is_refused(index: int, flip: int) -> None:
    changed = TEXT[:index] + chr(ord(TEXT[index]) ^ flip) + TEXT[index + 1 :]
    with pytest.raises(JetshareError):
        bundle.read(changed)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TEXT) - 1))
def test_any_cut_is_refused(length: int) -> None:
    with pytest.raises(JetshareError):
        bundle.read(TEXT[:length])


@pytest.mark.parametrize(
    "added", [TEXT + "\n", "\n" + TEXT, TEXT + TEXT, TEXT.replace("\n", "\r\n")]
)
def test_anything_added_is_refused(added: str) -> None:
    with pytest.raises(MalformedToken):
        bundle.read(added)


def test_a_signer_of_another_token_inside_is_refused() -> None:
    with pytest.raises(WrongIssuer):
        bundle.read(make(signer=KeyPair.generate(Kind.ACCOUNT)))


def test_an_activation_for_another_account_is_refused() -> None:
    with pytest.raises(WrongRecipient):
        bundle.read(make(importer=person("X").public))


def test_an_activation_of_another_share_is_refused() -> None:
    with pytest.raises(MalformedToken, match="no part of"):
        bundle.read(make(share=PullConsumer("OTHER", "C1")))


def test_the_recipient_is_checked_by_key_and_named() -> None:
    held = bundle.read(TEXT)
    bundle.check_recipient(held, IMPORTER.claims)
    with pytest.raises(WrongRecipient, match="not to ACCTA"):
        bundle.check_recipient(held, person("ACCTA").claims)


def test_a_signing_key_must_be_one_of_the_providers() -> None:
    held = bundle.read(TEXT)
    bundle.check_issuer(held, PROVIDER.claims)
    foreign = person("ACCTC")
    with pytest.raises(WrongIssuer):
        bundle.check_issuer(held, foreign.claims)


def test_only_an_account_signs_bundles() -> None:
    forged = bundle.make(
        SHARE,
        provider=PROVIDER.public,
        provider_name="ACCTC",
        importer="",
        prefix="ACCTC.API",
        activations=(),
        signer=KeyPair.generate(Kind.USER),
        now=NOW,
    )
    with pytest.raises(WrongIssuer, match="no account's key"):
        bundle.read(forged)


def test_every_loose_token_must_be_signed_by_the_provider() -> None:
    first, *others = _activations(PROVIDER.key, NOW)
    forged = _activations(KeyPair.generate(Kind.ACCOUNT), NOW)[1]
    held = bundle.from_tokens([first, forged, *others[1:]])
    with pytest.raises(WrongIssuer):
        bundle.check_issuer(held, PROVIDER.claims)


def test_loose_tokens_are_as_old_as_the_oldest() -> None:
    first, *others = _activations(PROVIDER.key, NOW)
    old = _activations(PROVIDER.key, NOW - 60)[0]
    assert bundle.from_tokens([first, *others]).issued == NOW
    assert bundle.from_tokens([old, *others]).issued == NOW - 60


def test_a_bundle_ends_with_the_first_of_its_tokens() -> None:
    text = bundle.make(
        SHARE,
        provider=PROVIDER.public,
        provider_name="ACCTC",
        importer=IMPORTER.public,
        prefix="ACCTC.API",
        activations=bundle.read(TEXT).activations,
        signer=PROVIDER.key,
        now=NOW + 10,
    )
    held = bundle.read(text)
    assert (held.issued, held.expires) == (NOW, NOW + 90)


def _activations(signer: KeyPair, now: int) -> list[str]:
    made = edit.activate(
        SHARE.subjects(PROVIDER.public),
        provider=PROVIDER.public,
        importer=IMPORTER.public,
        signer=signer,
        now=now,
    )
    return [document.token for document in made]


def test_loose_tokens_make_the_same_grant() -> None:
    tokens = [document.token for document in bundle.read(TEXT).activations]
    held = bundle.from_tokens(tokens)
    assert (held.share, held.provider, held.importer) == (SHARE, PROVIDER.public, IMPORTER.public)
    assert [token for _, token in held.tokens()] == tokens


def test_loose_tokens_of_two_shares_are_refused() -> None:
    other = edit.activate(
        PullConsumer("X", "Y").subjects(PROVIDER.public),
        provider=PROVIDER.public,
        importer=IMPORTER.public,
        signer=PROVIDER.key,
        now=NOW,
    )
    tokens = [bundle.read(TEXT).activations[0].token, other[0].token]
    with pytest.raises(MalformedToken, match="one pull consumer"):
        bundle.from_tokens(tokens)
