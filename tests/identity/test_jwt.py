from __future__ import annotations

import base64
import json
import re
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetshare.errors import (
    BadSignature,
    InvalidDocument,
    KeyFormatError,
    MalformedToken,
    TokenError,
    TokenTooLarge,
    WrongIssuer,
)
from jetshare.identity import gojson, jwt
from jetshare.identity.claims import (
    Account,
    Activation,
    Claims,
    Export,
    Generic,
    Import,
    Operator,
    User,
    UserScope,
    to_json,
)
from jetshare.identity.nkeys import KeyPair, Kind
from support import generated
from support.generated import KEYS, SIGNERS, SUBJECTS

NOW = 1_800_000_000
OPERATOR, ACCOUNT, USER = KEYS[Kind.OPERATOR], KEYS[Kind.ACCOUNT], KEYS[Kind.USER]
SOURCE = Path(jwt.__file__).parents[1]

V2_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
URL_SAFE = string.ascii_letters + string.digits + "-_"


def token_of(header: object, payload: object, key: KeyPair = ACCOUNT) -> str:
    """A token of any content, rightly signed."""
    return token_of_text(json.dumps(header), json.dumps(payload), key)


def token_of_text(header: str | bytes, payload: str | bytes, key: KeyPair = ACCOUNT) -> str:
    signed = f"{spelled(header)}.{spelled(payload)}"
    return f"{signed}.{spelled(key.sign(signed.encode()))}"


def spelled(data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def payload_of(**changes: Any) -> dict[str, Any]:
    """The payload of an activation, with changes; None takes a field away."""
    nats = {"subject": "a", "kind": "service", "type": "activation", "version": 2}
    nats = changes.pop("nats", {**nats, **changes.pop("nats_fields", {})})
    whole = {"iss": ACCOUNT.public, "sub": ACCOUNT.public, "nats": nats, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def text_of(token: str) -> str:
    chunk = token.split(".")[1]
    return base64.urlsafe_b64decode(chunk + "==").decode()


@pytest.mark.parametrize("body", SIGNERS, ids=lambda body: body.__name__)
@given(seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_what_is_encoded_decodes_to_the_same(body: type[Any], seed: int) -> None:
    claims = generated.claims(body, seed)
    key = KEYS[SIGNERS[body]]

    made = jwt.encode(claims, key, NOW)

    assert replace(made.claims, iss="", jti="", iat=0) == claims
    assert (made.claims.iss, made.claims.iat) == (key.public, NOW)
    assert jwt.decode(made.token, body) == made
    assert text_of(made.token) == gojson.dumps(to_json(made.claims))
    assert jwt.encode(made.claims, key, NOW) == made


@pytest.mark.parametrize("body", SIGNERS, ids=lambda body: body.__name__)
def test_every_changed_character_is_detected(body: type[Any]) -> None:
    token = jwt.encode(
        Claims(sub=KEYS[SUBJECTS[body]].public, nats=body()), KEYS[SIGNERS[body]], NOW
    ).token
    for position, char in enumerate(token):
        for other in {URL_SAFE[(URL_SAFE.find(char) + step) % 64] for step in (1, 17, 32)} | {"="}:
            with pytest.raises(TokenError):
                jwt.decode(token[:position] + other + token[position + 1 :])


def test_every_cut_is_detected() -> None:
    token = jwt.encode(Claims(sub=USER.public, nats=User()), ACCOUNT, NOW).token
    for length in range(len(token)):
        with pytest.raises(TokenError):
            jwt.decode(token[:length])
    for more in ("A", "=", ".", " ", "\n", "\r\n"):
        with pytest.raises(TokenError):
            jwt.decode(token + more)
        with pytest.raises(TokenError):
            jwt.decode(more + token)


def test_line_breaks_inside_are_refused() -> None:
    token = jwt.encode(Claims(sub=USER.public, nats=User()), ACCOUNT, NOW).token
    with pytest.raises(MalformedToken, match="payload of the token is not base64url"):
        jwt.decode(token[:80] + "\n" + token[80:])


def test_another_signature_is_refused() -> None:
    ours = jwt.encode(Claims(sub=USER.public, name="a", nats=User()), ACCOUNT, NOW).token
    theirs = jwt.encode(
        Claims(sub=USER.public, name="b", nats=User()), KeyPair.generate(Kind.ACCOUNT), NOW
    ).token
    mixed = [ours.rsplit(".", 1)[0], theirs.rsplit(".", 1)[1]]
    with pytest.raises(BadSignature, match=f"not as {ACCOUNT.public} signed it"):
        jwt.decode(".".join(mixed))


def test_size_limit() -> None:
    big = Claims(sub=USER.public, nats=Generic(data={"x": "y" * 785_000}))
    whole = jwt.encode(big, ACCOUNT, NOW)
    assert len(whole.token) <= jwt.SIZE_LIMIT
    assert jwt.decode(whole.token) == whole
    with pytest.raises(TokenTooLarge, match="over 1 MiB"):
        jwt.encode(big.with_nats(data={"x": "y" * 1_000_000}), ACCOUNT, NOW)
    with pytest.raises(TokenTooLarge, match="1,048,577 bytes"):
        jwt.decode("a" * (jwt.SIZE_LIMIT + 1))
    with pytest.raises(MalformedToken, match="1 parts between dots, not 3"):
        jwt.decode("a" * jwt.SIZE_LIMIT)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "....", "é.é.é", "\ud800.a.b"])
def test_text_that_is_no_token(token: str) -> None:
    with pytest.raises(MalformedToken):
        jwt.decode(token)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, "typ is not JWT"),
        ({"typ": "JWS", "alg": "ed25519-nkey"}, "typ is not JWT"),
        ({"typ": 1, "alg": "ed25519-nkey"}, "typ is not JWT"),
        ({"typ": "JWT"}, "alg is not ed25519-nkey"),
        ({"typ": "JWT", "alg": "none"}, "alg is not ed25519-nkey"),
        ({"typ": "JWT", "alg": "ed25519-x"}, "alg is not ed25519-nkey"),
        ({"typ": "JWT", "alg": None}, "alg is not ed25519-nkey"),
        ({**V2_HEADER, "ALG": "ed25519"}, "'ALG' differs from 'alg' in case only"),
        ({"typ": "JWT", "alg": "ed25519"}, "header is of version 1"),
        ([], "header of the token is not an object"),
    ],
)
def test_header(header: object, reason: str) -> None:
    with pytest.raises(MalformedToken, match=reason):
        jwt.decode(token_of(header, payload_of()))


def test_header_in_other_case_and_with_more_fields() -> None:
    header = {"typ": "jwt", "alg": "ED25519-NKEY", "kid": "1"}
    assert jwt.decode(token_of(header, payload_of()), Activation).claims.nats.subject == "a"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": None}, "names no signer"),
        ({"iss": 5}, "names no signer"),
        ({"iss": ACCOUNT.public[:-1]}, "signer .iss. is no key"),
        ({"iss": KEYS[Kind.CURVE].public}, "kind curve, and cannot sign"),
        ({"exp": "soon"}, "^exp must be an integer$"),
        ({"exp": 1.5}, "^exp must be an integer$"),
        ({"exp": True}, "^exp must be an integer$"),
        ({"exp": 2**63}, "^exp must be an integer from -9223372036854775808 to"),
        ({"name": 7}, "^name must be a text$"),
        ({"Sub": "x"}, "'Sub' differs from 'sub' in case only"),
        ({"NATS": {}}, "'NATS' differs from 'nats' in case only"),
        ({"Type": "user"}, "'Type' differs from 'type' in case only"),
        ({"type": "activation"}, "payload of version 1"),
        ({"type": ["x"]}, "type of the token must be a text"),
        ({"nats": []}, "nats must be an object"),
        ({"nats": 0}, "nats must be an object"),
        ({"nats": ""}, "nats must be an object"),
        ({"type": 0}, "type of the token must be a text"),
        ({"nats": "x"}, "nats must be an object"),
        ({"nats_fields": {"type": 1}}, "type of the token must be a text"),
        ({"nats_fields": {"tYpe": "x"}}, "'tYpe' differs from 'type' in case only"),
        ({"nats_fields": {"Subject": "x"}}, "^nats the field 'Subject' differs from 'subject'"),
        ({"nats_fields": {"ſubject": "x"}}, "^nats the field 'ſubject' differs from 'subject'"),
        ({"nats_fields": {"version": 3}}, "of version 3, and jetshare knows none above 2"),
        ({"nats_fields": {"version": 1}}, "nats.version is 1"),
        ({"nats_fields": {"version": None}}, "nats.version must be an integer"),
        ({"nats_fields": {"version": "2"}}, "nats.version must be an integer"),
        ({"nats_fields": {"version": True}}, "nats.version must be an integer"),
        ({"nats_fields": {"subject": 1}}, "^nats.subject must be a text$"),
        ({"nats_fields": {"kind": None}}, '^nats.kind must be "stream" or "service"$'),
        ({"nats_fields": {"kind": "both"}}, '^nats.kind must be "stream" or "service"$'),
        ({"nats_fields": {"tags": "x"}}, "^nats.tags must be a list$"),
        ({"nats_fields": {"tags": ["a", None]}}, r"^nats.tags\[1\] must be a text$"),
        ({"nats": {"type": "server"}}, "type server are no longer supported"),
    ],
)
def test_payload(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenError, match=f"(?m){reason}"):
        jwt.decode(token_of(V2_HEADER, payload_of(**changes)), Activation)


@pytest.mark.parametrize(
    ("nats", "reason"),
    [
        ({"exports": "x"}, "nats.exports must be a list"),
        ({"exports": {}}, "nats.exports must be a list"),
        ({"exports": [None]}, r"nats.exports\[0\] must be an object"),
        ({"exports": [{}, {"type": "x"}]}, r"nats.exports\[1\].type must be"),
        (
            {"exports": [{"revocations": {"*": "x"}}]},
            r'exports\[0\].revocations\["\*"\] must be an',
        ),
        ({"exports": [{"service_latency": {"sampling": "x"}}]}, "service_latency.sampling must be"),
        (
            {"exports": [{"account_token_position": -1}]},
            "account_token_position must be an integer",
        ),
        ({"limits": []}, "nats.limits must be an object"),
        ({"limits": {"subs": "1"}}, "nats.limits.subs must be an integer"),
        (
            {"limits": {"tiered_limits": {"R1": 1}}},
            r'limits.tiered_limits\["R1"\] must be an object',
        ),
        ({"mappings": {"a.b": [{"weight": 256}]}}, r'mappings\["a.b"\]\[0\].weight must be .* 255'),
        ({"mappings": {"a": {}}}, r'mappings\["a"\] must be a list'),
        ({"signing_keys": "x"}, "nats.signing_keys must be a list"),
        ({"signing_keys": [1]}, r"nats.signing_keys\[0\] must be a key or a scope"),
        ({"signing_keys": [{}]}, r"nats.signing_keys\[0\] must be a key or a scope"),
        ({"signing_keys": [{"kind": "x"}]}, r'signing_keys\[0\].kind must be "user_scope"'),
        ({"default_permissions": {"pub": {"allow": "x"}}}, "pub.allow must be a list"),
        ({"trace": 1}, "nats.trace must be an object"),
        ({"imports": [{"share": 1}]}, r"nats.imports\[0\].share must be true or false"),
    ],
)
def test_the_error_leads_to_what_is_wrong_in_an_account(nats: dict[str, Any], reason: str) -> None:
    payload = payload_of(nats={**nats, "type": "account", "version": 2})
    with pytest.raises(MalformedToken, match=reason):
        jwt.decode(token_of(V2_HEADER, payload), Account)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "not base64url"),
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ('{"a":1,"a":2}', "'a' stands twice"),
        ('{"nats":{"b":{"a":1,"a":2}}}', "'a' stands twice"),
        ('{"a":NaN}', "NaN is no number"),
        ('{"a":-Infinity}', "-Infinity is no number"),
        ('{"a":' + "[" * 101 + "]" * 101 + "}", "nested too deeply"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"a":"\x01"}', "not JSON"),
        ("{}x", "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
    ],
)
def test_payload_text(payload: str | bytes, reason: str) -> None:
    with pytest.raises(MalformedToken, match=reason):
        jwt.decode(token_of_text(json.dumps(V2_HEADER), payload))


@pytest.mark.parametrize("body", SIGNERS, ids=lambda body: body.__name__)
@pytest.mark.parametrize("kind", Kind)
def test_who_may_sign(body: type[Any], kind: Kind) -> None:
    allowed = {SIGNERS[body]}
    if body in (Account, Activation):
        allowed.add(Kind.ACCOUNT)
    if body is Activation:
        allowed.add(Kind.OPERATOR)
    if body is Generic:
        allowed = set(Kind) - {Kind.CURVE}
    claims = Claims(sub=KEYS[SUBJECTS[body]].public, nats=body())
    if kind in allowed:
        assert jwt.encode(claims, KEYS[kind], NOW).claims.iss == KEYS[kind].public
        return
    with pytest.raises(WrongIssuer, match=f"kind {kind}, and cannot sign"):
        jwt.encode(claims, KEYS[kind], NOW)
    if kind is not Kind.CURVE:
        forged = {**to_json(claims), "iss": KEYS[kind].public}
        with pytest.raises(WrongIssuer, match=f"kind {kind}, and cannot sign"):
            jwt.decode(token_of(V2_HEADER, forged, KEYS[kind]))


@pytest.mark.parametrize(
    ("body", "subject"),
    [(Operator(), ACCOUNT), (Account(), OPERATOR), (User(), ACCOUNT), (Activation(), USER)],
)
def test_of_whom_a_document_may_speak(body: Any, subject: KeyPair) -> None:
    for sub in (subject.public, ""):
        with pytest.raises(KeyFormatError):
            jwt.encode(Claims(sub=sub, nats=body), KEYS[SIGNERS[type(body)]], NOW)


def test_wanted_type_is_named_beside_the_one_found() -> None:
    token = jwt.encode(Claims(sub=USER.public, nats=User()), ACCOUNT, NOW).token
    with pytest.raises(MalformedToken, match="is of type user, and account is wanted"):
        jwt.decode(token, Account)
    with pytest.raises(MalformedToken, match="is of type user, and generic is wanted"):
        jwt.decode(token, Generic)


@pytest.mark.parametrize(
    "claims",
    [
        Claims(sub="x", nats=Generic(data={"type": "account"})),
        Claims(sub="x", nats=Generic(data={"type": 1})),
        Claims(sub="x", nats=Generic(data={"Type": "account"})),
        Claims(sub="x", nats=Generic(data={"type": "server"})),
        Claims(sub="x", nats=Generic(data={"a": float("nan")})),
        Claims(sub="x", nats=Generic(data={"a": object()})),
        Claims(sub="x", exp=2**63, nats=Generic()),
        Claims(sub="x", unknown={"iss": "y"}, nats=Generic()),
        Claims(sub="x", unknown={"Iss": "y"}, nats=Generic()),
        Claims(sub="x", unknown={"type": "y"}, nats=Generic()),
    ],
)
def test_what_no_reader_would_take_is_not_written(claims: Claims[Generic]) -> None:
    with pytest.raises(InvalidDocument, match="generic token cannot be written"):
        jwt.encode(claims, ACCOUNT, NOW)


def test_lists_are_written_in_order() -> None:
    account = Account(
        exports=(Export(subject="b", type="stream"), Export(subject="a", type="service")),
        imports=(Import(subject="z"), Import(subject="y", name="1"), Import(subject="y", name="0")),
        signing_keys=("B", UserScope(key="A", role="r"), "C", "A"),
        revocations={"b": 1, "a": 2, "B": 3},
    )
    made = jwt.encode(Claims(sub=ACCOUNT.public, nats=account), OPERATOR, NOW).claims.nats
    assert [export.subject for export in made.exports] == ["a", "b"]
    assert [item.subject + item.name for item in made.imports] == ["y1", "y0", "z"]
    assert made.signing_keys == ("A", "B", "C")
    assert list(made.revocations) == ["B", "a", "b"]


def test_unknown_fields_stand_after_the_known_ones() -> None:
    payload = payload_of(zebra=1, apple={"y": [1.50, None], "x": 10**30}, nats_fields={"new": "<"})
    claims = jwt.decode(token_of_text(json.dumps(V2_HEADER), gojson.dumps(payload))).claims
    text = text_of(jwt.encode(claims.with_nats(subject="b"), ACCOUNT, NOW).token)
    assert text.endswith(
        '"nats":{"subject":"b","kind":"service","type":"activation","version":2,"new":"\\u003c"},'
        '"zebra":1,"apple":{"y":[1.5,null],"x":1000000000000000000000000000000}}'
    )


def test_only_decode_and_encode_make_documents() -> None:
    made = re.compile(r"(?<!class )\bDocument\(")
    makers = [path for path in SOURCE.rglob("*.py") if made.search(path.read_text())]
    assert makers == [Path(jwt.__file__)]


@given(st.text(max_size=40))
def test_no_text_breaks_the_decoder(text: str) -> None:
    with pytest.raises(TokenError):
        jwt.decode(text)


@given(generated.JSON, generated.JSON)
@settings(max_examples=200)
def test_no_json_breaks_the_decoder(header: object, payload: object) -> None:
    token = token_of_text(gojson.dumps(header), gojson.dumps(payload))
    with pytest.raises(TokenError):
        jwt.decode(token)
