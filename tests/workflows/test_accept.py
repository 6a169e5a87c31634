"""What is taken, and everything that is refused with nothing written."""

from __future__ import annotations

import pytest

from jetshare.errors import (
    InputError,
    JetshareError,
    MalformedToken,
    NotFound,
    ShareConflict,
    TokenError,
    TokenExpired,
    TokenNotYetValid,
    TokenRevoked,
    WrongIssuer,
    WrongRecipient,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle, edit
from jetshare.sharing.found import accepted
from jetshare.sharing.times import show_time
from jetshare.store.memory import MemoryStore
from jetshare.workflows.accept import AcceptRequest, accept, plan_accept
from jetshare.workflows.reach import Reach
from jetshare.workflows.revoke import RevokeRequest, revoke
from support.offline import NOW, SHARE, granted, memory_store


async def take(store: MemoryStore, *files: str, account: str = "ACCTB", prefix: str = "") -> None:
    request = AcceptRequest(files=files, account=account, prefix=prefix, push=False)
    await accept(store, request, Reach(), NOW)


async def refused(
    store: MemoryStore,
    error: type[JetshareError],
    *files: str,
    account: str = "ACCTB",
    prefix: str = "",
    now: int = NOW,
) -> str:
    before = [store.account(name).token for name in store.accounts()]
    request = AcceptRequest(files=files, account=account, prefix=prefix, push=False)
    with pytest.raises(error) as told:
        plan_accept(store, request, now)
    assert [store.account(name).token for name in store.accounts()] == before
    assert told.value.hint
    assert "\n" not in str(told.value)
    return str(told.value)


async def test_a_bundle_becomes_four_imports_under_its_prefix() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    await take(store, text)
    (held,) = accepted(store.account("ACCTB").claims)
    assert (held.share, held.prefix) == (SHARE, "ACCTC.API")
    assert len(held.imports) == 4


async def test_loose_tokens_do_as_well_and_need_a_prefix() -> None:
    store = memory_store()
    grant = (await granted(store, "ACCTB")).grants[0]
    files = [text for _, text in grant.activations]
    assert "prefix" in await refused(store, InputError, *files)
    await take(store, *files, prefix="MINE")
    assert accepted(store.account("ACCTB").claims)[0].prefix == "MINE"


async def test_a_grant_that_is_older_than_what_is_held_is_told() -> None:
    store = memory_store()
    older = (await granted(store, "ACCTB", expires=NOW + 5 * 86400)).grants[0].bundle
    newer = (await granted(store, "ACCTB", expires=NOW + 90 * 86400, now=NOW + 60)).grants[0].bundle
    await take(store, newer)
    plan = plan_accept(store, AcceptRequest(files=(older,), account="ACCTB"), NOW + 60)
    (warning,) = plan.warnings
    assert "before the one that ACCTB holds" in warning
    assert plan.changes[0].detail == (
        f"activation token renewed until {show_time(NOW + 5 * 86400)};"
        f" the one before until {show_time(NOW + 90 * 86400)}",
    )
    again = plan_accept(store, AcceptRequest(files=(newer,), account="ACCTB"), NOW + 60)
    assert not again.warnings


async def test_a_renewal_goes_where_the_share_already_is() -> None:
    store = memory_store()
    await take(store, (await granted(store, "ACCTB")).grants[0].bundle, prefix="MINE.API")
    again = await granted(store, "ACCTB", now=NOW + 60)
    plan = plan_accept(
        store, AcceptRequest(files=(again.grants[0].bundle,), account="ACCTB"), NOW + 60
    )
    assert plan.prefix == "MINE.API"
    assert [change.sign for change in plan.changes] == ["~"] * 4


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN JETSHARE BUNDLE-----\nx\n", "eyJ0eXAiOiJKV1Qi.e30.AAAA"]
)
async def test_what_is_no_grant_is_told_with_the_name_of_its_file(text: str) -> None:
    store = memory_store()
    token = (await granted(store, "ACCTB")).grants[0].activations[0][1]
    wrapped = text.startswith("-----BEGIN JETSHARE")
    files, names = ((text,), ("b.txt",)) if wrapped else ((token, text), ("a.tok", "b.txt"))
    request = AcceptRequest(files=files, names=names, account="ACCTB", prefix="P")
    with pytest.raises(TokenError, match=r"^b\.txt: ") as told:
        plan_accept(store, request, NOW)
    assert told.value.hint


async def test_accepting_twice_changes_nothing() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    await take(store, text)
    token = store.account("ACCTB").token
    await take(store, text)
    assert store.account("ACCTB").token == token


async def test_a_missing_ack_or_info_is_warned_of() -> None:
    store = memory_store()
    grant = (await granted(store, "ACCTB")).grants[0]
    only_next = next(text for role, text in grant.activations if role == "NEXT")
    request = AcceptRequest(files=(only_next,), account="ACCTB", prefix="P")
    warnings = plan_accept(store, request, NOW).warnings
    assert any("ACK" in text and "redelivered" in text for text in warnings)
    assert any("INFO" in text for text in warnings)


async def test_another_importers_bundle_is_refused_with_both_names() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    said = await refused(store, WrongRecipient, text, account="ACCTA")
    assert store.account("ACCTB").claims.sub in said
    assert "ACCTA" in said


async def test_an_expired_grant_is_refused() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB", expires=NOW + 5)).grants[0].bundle
    await refused(store, TokenExpired, text, now=NOW + 5)


async def test_a_grant_that_begins_later_is_refused_until_then() -> None:
    store = memory_store()
    provider, importer = store.account("ACCTC").claims, store.account("ACCTB").claims
    key = store.key(provider.sub)
    assert key is not None
    text = bundle.make(
        SHARE,
        provider=provider.sub,
        provider_name="ACCTC",
        importer=importer.sub,
        prefix="ACCTC.API",
        activations=edit.activate(
            SHARE.subjects(provider.sub),
            provider=provider.sub,
            importer=importer.sub,
            signer=key,
            now=NOW,
            not_before=NOW + 60,
        ),
        signer=key,
        now=NOW,
        not_before=NOW + 60,
    )
    await refused(store, TokenNotYetValid, text)
    request = AcceptRequest(files=(text,), account="ACCTB", push=False)
    assert plan_accept(store, request, NOW + 60).changes


async def test_a_signer_that_the_provider_does_not_list_is_refused() -> None:
    store = memory_store()
    provider, importer = store.account("ACCTC").claims, store.account("ACCTB").claims
    forger = KeyPair.generate(Kind.ACCOUNT)
    text = bundle.make(
        SHARE,
        provider=provider.sub,
        provider_name="ACCTC",
        importer=importer.sub,
        prefix="ACCTC.API",
        activations=edit.activate(
            SHARE.subjects(provider.sub),
            provider=provider.sub,
            importer=importer.sub,
            signer=forger,
            now=NOW,
        ),
        signer=forger,
        now=NOW,
    )
    assert "no key of ACCTC" in await refused(store, WrongIssuer, text)


async def test_a_signer_that_nothing_here_vouches_for_is_told() -> None:
    provider = KeyPair.generate(Kind.ACCOUNT).public
    text = bundle.make(
        SHARE,
        provider=provider,
        provider_name="ELSEWHERE",
        importer="",
        prefix="ELSEWHERE.API",
        activations=(),
        signer=KeyPair.generate(Kind.ACCOUNT),
        now=NOW,
    )
    request = AcceptRequest(files=(text,), account="ACCTB", push=False)
    (warning,) = plan_accept(memory_store(), request, NOW).warnings
    assert f"may sign for {provider}" in warning


async def test_a_revoked_grant_is_refused_and_a_later_one_is_taken() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    request = RevokeRequest(share=SHARE, provider="ACCTC", importers=("ACCTB",), push=False)
    await revoke(store, request, Reach(), NOW)
    await refused(store, TokenRevoked, text)
    later = (await granted(store, "ACCTB")).grants[0].bundle  # in the very same second
    await take(store, later)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-30],
        lambda text: text.replace("BUNDLE", "BUNDEL", 1),
        lambda text: text.replace("e", "f", 1),
        lambda text: text[: len(text) // 2] + "A" + text[len(text) // 2 + 1 :],
        lambda _: "",
        lambda _: "not a bundle at all",
        lambda _: "-----BEGIN JETSHARE BUNDLE-----\n",
        lambda text: text + text,
    ],
    ids=["cut", "frame", "header", "flipped", "empty", "prose", "frame only", "twice"],
)
async def test_a_damaged_bundle_is_refused(damage) -> None:  # type: ignore[no-untyped-def]
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    await refused(store, TokenError, damage(text))


async def test_a_user_token_is_no_grant() -> None:
    store = memory_store()
    await refused(store, MalformedToken, store.account("ACCTB").token, prefix="P")


@pytest.mark.parametrize("prefix", ["$JS.API", "a.*", "a.>", "a b"])
async def test_a_prefix_that_cannot_work_is_refused(prefix: str) -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    await refused(store, InputError, text, prefix=prefix)


async def test_an_unknown_account_is_named_with_the_nearest() -> None:
    store = memory_store()
    text = (await granted(store, "ACCTB")).grants[0].bundle
    await refused(store, NotFound, text, account="ACCTBB")


async def test_two_providers_with_the_same_names_are_kept_apart() -> None:
    store = memory_store(names=("ACCTA", "ACCTB", "ACCTC", "ACCTD"))
    await take(store, (await granted(store, "ACCTB")).grants[0].bundle)
    other = memory_store(names=("ACCTC",))
    importer = store.account("ACCTB").claims.sub
    text = (await granted(other, importer)).grants[0].bundle
    assert "acknowledgements" in await refused(store, ShareConflict, text, prefix="OTHER.API")
