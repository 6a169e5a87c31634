from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from jetshare.editing import imports
from jetshare.errors import (
    InputError,
    JetshareError,
    NotFound,
    ShareConflict,
    TokenExpired,
    TokenNotYetValid,
    WrongRecipient,
)
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims, Import
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from support.accounts import ME, OTHER, account

EXPORTER = KeyPair.generate(Kind.ACCOUNT)
NOW = 2_000_000_000
ASK = Import(name="ask", subject="ask.it", account=OTHER, type="service", unknown={"x": 1})
TELL = Import(name="tell", subject="tell", account=OTHER, type="stream")


def activation(
    *,
    sub: str = ME,
    kind: Literal["stream", "service"] = "service",
    issuer: str = "",
    exp: int = 0,
    nbf: int = 0,
) -> Document[Activation]:
    claims = Claims(
        name="ask.it",
        sub=sub,
        exp=exp,
        nbf=nbf,
        nats=Activation(subject="ask.it", kind=kind, issuer_account=issuer),
    )
    return jwt.encode(claims, EXPORTER, NOW - 10)


def test_the_import_of_an_activation() -> None:
    token = activation()
    assert imports.from_activation(account(), token, NOW) == Import(
        name="ask.it",
        subject="ask.it",
        account=EXPORTER.public,
        token=token.token,
        local_subject="ask.it",
        type="service",
    )


def test_the_import_of_an_activation_with_words_of_its_own() -> None:
    token = activation(issuer=OTHER)
    made = imports.from_activation(
        account(), token, NOW, name="n", local_subject="l", share=True, allow_trace=True
    )
    assert (made.name, made.local_subject, made.share, made.allow_trace) == ("n", "l", True, True)
    assert made.account == OTHER, "the token was signed with one of its signing keys"


def test_a_stream_keeps_the_remote_subject() -> None:
    assert imports.from_activation(account(), activation(kind="stream"), NOW).local_subject == ""


@pytest.mark.parametrize(
    ("token", "error", "says"),
    [
        (activation(sub=OTHER), WrongRecipient, "not intended for this account"),
        (activation(exp=NOW - 1), TokenExpired, "expired"),
        (activation(nbf=NOW + 1000), TokenNotYetValid, "not valid"),
    ],
)
def test_an_activation_of_no_use(
    token: Document[Activation], error: type[JetshareError], says: str
) -> None:
    with pytest.raises(error, match=says):
        imports.from_activation(account(), token, NOW)


def test_adding() -> None:
    held = imports.add_import(imports.add_import(account(), ASK), TELL)
    assert held == account(imports=(ASK, TELL))
    other = replace(ASK, account=EXPORTER.public)
    assert imports.add_import(held, other).nats.imports == (ASK, TELL, other)


@pytest.mark.parametrize(
    ("new", "error", "says"),
    [
        (replace(ASK, account=ME), ShareConflict, "export issuer is this account"),
        (replace(ASK, name="again"), ShareConflict, 'already imports service "ask.it" from'),
        (replace(TELL, share=True), InputError, "only services can set the share property"),
    ],
)
def test_what_cannot_be_added(new: Import, error: type[JetshareError], says: str) -> None:
    with pytest.raises(error, match=says):
        imports.add_import(account(imports=(ASK,)), new)


def test_deleting() -> None:
    assert imports.delete_import(account(imports=(ASK, TELL)), ASK) == account(imports=(TELL,))


@pytest.mark.parametrize(
    ("subject", "source", "kind", "found"),
    [
        ("ask.it", "", "", ASK),
        ("tell", OTHER, "stream", TELL),
        ("", "", "service", ASK),
    ],
)
def test_finding(subject: str, source: str, kind: str, found: Import) -> None:
    held = account(imports=(ASK, TELL))
    assert imports.find_import(held, subject, source, kind) is found


@pytest.mark.parametrize(
    ("held", "subject", "source", "says"),
    [
        ((), "x", "", "doesn't have imports"),
        ((ASK, TELL), "", "", "subject is required"),
        ((ASK,), "", ME, "subject is required"),
        ((ASK,), "x", "", 'no import matching "x" found'),
        ((ASK,), "ask.it", ME, f"found from account {ME}"),
        ((ASK, replace(ASK, account=ME)), "ask.it", "", "specify --src-account with one of"),
        ((ASK, replace(ASK, type="stream")), "ask.it", "", "as a stream and as a service"),
    ],
)
def test_what_is_not_found(held: tuple[Import, ...], subject: str, source: str, says: str) -> None:
    with pytest.raises((NotFound, InputError), match=says):
        imports.find_import(account(imports=held), subject, source)
