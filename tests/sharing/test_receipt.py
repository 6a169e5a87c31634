"""A receipt is what an account signed, about a provider that it names."""

from __future__ import annotations

from typing import Any

import pytest

from jetshare.errors import MalformedToken, TokenError, WrongIssuer
from jetshare.identity import jwt
from jetshare.identity.claims import Claims, Generic
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import envelope, receipt
from jetshare.sharing.kinds import PullConsumer
from jetshare.sharing.proof import Proof, Side
from jetshare.sharing.receipt import Witness

NOW = 1_800_000_000
SHARE = PullConsumer("ORDERS", "ORDERS-C1")
PROVIDER = KeyPair.generate(Kind.ACCOUNT)


def made(signer: KeyPair = PROVIDER, **words: Any) -> str:
    told: dict[str, Any] = {
        "provider": PROVIDER.public,
        "provider_name": "ACCTC",
        "importer": "*",
        "at": NOW,
        "witness": Witness.SERVERS,
        "servers": ["one"],
        "proofs": [Proof(name="p", side=Side.SERVERS, held=True, seen="s")],
        "now": NOW,
    }
    return receipt.make(SHARE, signer=signer, **(told | words))


def test_it_reads_as_it_was_made() -> None:
    held = receipt.read(made())
    assert (held.share, held.provider, held.provider_name) == (SHARE, PROVIDER.public, "ACCTC")
    assert (held.importer, held.at, held.witness, held.servers) == (
        "*",
        NOW,
        Witness.SERVERS,
        ("one",),
    )
    assert (held.signer, held.expired) == (PROVIDER.public, False)
    assert [proof["name"] for proof in held.proofs] == ["p"]
    assert receipt.read(made(expired=True)).expired


def test_another_account_that_signs_is_told_as_the_signer() -> None:
    other = KeyPair.generate(Kind.ACCOUNT)
    held = receipt.read(made(other))
    assert (held.signer, held.provider) == (other.public, PROVIDER.public)


@pytest.mark.parametrize("kind", [Kind.USER, Kind.OPERATOR])
def test_no_key_but_an_accounts_signs_one(kind: Kind) -> None:
    signer = KeyPair.generate(kind)
    with pytest.raises(WrongIssuer, match=f"{signer.public}, which is no account's key"):
        receipt.read(made(signer))


def changed(**fields: object) -> str:
    """A receipt, rightly signed, with some of its data changed or taken out."""
    token = envelope.unwrap(receipt.LABEL, made())
    claims = jwt.decode(token, Generic).claims
    data = {k: v for k, v in (dict(claims.nats.data) | fields).items() if v is not None}
    again = Claims(name=claims.name, sub=claims.sub, nats=Generic(data=data))
    return envelope.wrap(receipt.LABEL, jwt.encode(again, PROVIDER, NOW).token)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"provider": KeyPair.generate(Kind.ACCOUNT).public}, "another provider"),
        ({"at": "soon"}, "at"),
        ({"at": None}, "at"),
        ({"seen": "in a dream"}, "DREAM"),
        ({"servers": "one"}, "list"),
        ({"type": "something"}, "not a receipt"),
    ],
)
def test_what_is_not_whole_is_refused(fields: dict[str, object], says: str) -> None:
    with pytest.raises(MalformedToken, match=says):
        receipt.read(changed(**fields))


def test_a_byte_that_differs_is_refused() -> None:
    text = made()
    for place in range(40, len(text) - 40, 97):
        spoilt = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(TokenError):
            receipt.read(spoilt)
