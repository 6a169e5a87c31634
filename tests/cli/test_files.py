"""What the files are called that a verb leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.cli.files import (
    bundle_names,
    file_words,
    grants_the_same,
    receipt_name,
    token_name,
    unused,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.workflows.grant import Grant, GrantResult
from jetshare.workflows.revoke import RevokeResult

KEY = "AC5VEN46JJ6PBGIZQTM56P2N3XLIUTNDJXRPD2H3Z3SU3XJBU5OIB4Y5"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("ACCTA", "ACCTB"), ["ACCTA", "ACCTB"]),
        (("A B", "A-B"), ["key0", "key1"]),
        (("acct", "ACCT", "OTHER"), ["key0", "key1", "OTHER"]),
        (("../../etc/x", ""), ["-..-etc-x", "key1"]),
    ],
)
def test_no_two_importers_share_a_file(names: tuple[str, ...], words: list[str]) -> None:
    grants = [
        Grant(importer=f"key{number}", importer_name=name, expires=0, before=None)
        for number, name in enumerate(names)
    ]
    assert list(file_words(grants).values()) == words


def test_keys_that_begin_alike_are_told_apart() -> None:
    keys = [KEY, KEY[:-1] + "6"]
    grants = [Grant(importer=key, importer_name="", expires=0, before=None) for key in keys]
    assert list(file_words(grants).values()) == keys


def granted(share: str, importer: str, name: str) -> GrantResult:
    return GrantResult(
        share=PullConsumer.parse(share),
        provider="key",
        provider_name="ACCTC",
        changes=(),
        grants=(Grant(importer=importer, importer_name=name, expires=0, before=None),),
        push=None,
    )


@pytest.mark.parametrize(
    ("share", "name", "file"),
    [
        ("ORDERS/ORDERS-C1", "ACCTB", "ACCTC-ORDERS-C1-ACCTB.share"),
        ("ORDERS/C1", "ACCTB", "ACCTC-ORDERS-C1-ACCTB.share"),
        ("ORDERS/ORDERSC1", "ACCTB", "ACCTC-ORDERS-ORDERSC1-ACCTB.share"),
        ("ORDERS/C1", "", "ACCTC-ORDERS-C1-AC5VEN46J.share"),
        ("S/" + "c" * 200, "ACCTB", f"ACCTC-S-{'c' * 58}-ACCTB.share"),
    ],
)
def test_bundles(share: str, name: str, file: str) -> None:
    assert bundle_names(granted(share, KEY, name)) == {KEY: file}


def test_loose_tokens_have_both_names_in_full() -> None:
    result = granted("ORDERS/ORDERS-C1", KEY, "ACCTB")
    assert token_name(result, "ACCTB", Role.ACK_V2) == "ORDERS-ORDERS-C1-ACCTB-ACK-V2.tok"


@pytest.mark.parametrize(
    ("importer", "name", "who"),
    [("*", "", "everyone"), (KEY, "ACCTB", "ACCTB"), (KEY, "", "AC5VEN46J")],
)
def test_receipts(importer: str, name: str, who: str) -> None:
    result = RevokeResult(
        share=PullConsumer.parse("ORDERS/ORDERS-C1"),
        provider="key",
        provider_name="ACCTC",
        importers=(importer,),
        at=1_800_000_000,
        changes=(),
        push=None,
        proofs=(),
        receipts=(),
        others=(),
        names={},
    )
    assert receipt_name(result, importer, name) == f"ACCTC-ORDERS-C1-{who}-20270115T080000Z.receipt"


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "v1.2.share"
    assert unused(path) == path
    path.write_text("one")
    assert unused(path).name == "v1.2.2.share"
    (tmp_path / "v1.2.2.share").write_text("two")
    assert unused(path).name == "v1.2.3.share"
    assert unused(path, may_replace=lambda text: text == "two").name == "v1.2.2.share"
    assert unused(tmp_path / "missing" / "a.share").name == "a.share"


def test_a_bundle_is_known_by_share_provider_and_importer() -> None:
    signer = KeyPair.generate(Kind.ACCOUNT)
    share = PullConsumer("ORDERS", "C1")
    text = bundle.make(
        share,
        provider=signer.public,
        provider_name="ACCTC",
        importer="",
        prefix="ACCTC.API",
        activations=(),
        signer=signer,
        now=1_800_000_000,
    )
    assert grants_the_same(text, share, signer.public, "")
    assert not grants_the_same(text, PullConsumer("ORDERS", "C2"), signer.public, "")
    assert not grants_the_same(text, share, KEY, "")
    assert not grants_the_same(text, share, signer.public, KEY)
    assert not grants_the_same("something else", share, signer.public, "")
