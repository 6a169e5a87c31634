"""Ours and Go's are the same: tokens of every type in both directions, keys, boxes, files."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import product
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetshare.errors import MalformedToken
from jetshare.identity import creds, gojson, jwt, subjects
from jetshare.identity.claims import (
    Account,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    Claims,
    Generic,
    Operator,
    User,
    to_json,
)
from jetshare.identity.creds import Creds
from jetshare.identity.gojson import Number
from jetshare.identity.nkeys import KeyPair, Kind, is_public, verify
from support import generated
from support.generated import KEYS, SIGNERS, SUBJECTS, TEXTS, unknown_of, without_unknown
from support.go_jwt import GoJwt, GoRefusal, running

pytestmark = pytest.mark.go

NOW: Final = 1_800_000_000
DOCUMENTS: Final = 60  # of each type and direction
NAMES: Final[Mapping[type[Any], str]] = {
    Operator: "operator",
    Account: "account",
    User: "user",
    Activation: "activation",
    AuthorizationRequest: "authorization_request",
    AuthorizationResponse: "authorization_response",
    Generic: "generic",
}
# The program runs for the module, and answers each example of a test.
examples = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
every_type = pytest.mark.parametrize("body", NAMES, ids=NAMES.values())


@pytest.fixture(scope="module")
def go() -> Iterator[GoJwt]:
    with running() as process:
        yield process


@every_type
def test_go_reads_ours_and_signs_the_same_again(go: GoJwt, body: type[Any]) -> None:
    """Whole tokens are equal, ``jti`` and signature too, but for what Go does not know."""
    key = KEYS[SIGNERS[body]]
    for seed in range(DOCUMENTS):
        claims = _portable(generated.claims(body, seed, full=seed == 0))
        ours = jwt.encode(claims, key, NOW).token

        theirs = go.ask("recode", token=ours, seed=key.seed())["token"]

        issued = jwt.decode(theirs, body).claims.iat
        assert jwt.encode(without_unknown(claims), key, issued).token == theirs


@every_type
def test_we_read_gos_and_sign_the_same_again(go: GoJwt, body: type[Any]) -> None:
    for seed in range(DOCUMENTS):
        token = _made(go, body, seed)

        document = jwt.decode(token, body)

        assert jwt.encode(document.claims, KEYS[SIGNERS[body]], document.claims.iat) == document
        assert not unknown_of(document.claims)


@every_type
def test_every_field_of_one_is_one_of_the_other(go: GoJwt, body: type[Any]) -> None:
    """Go fills all fields that it has: none is unknown here, and none of ours stays empty."""
    if body is Generic:
        return
    claims = jwt.decode(_made(go, body, 0, full=True), body).claims
    assert not unknown_of(claims)
    # Tiers take the place of the JetStream limits beside them.
    empty = {name for name in _empty(claims.nats) if not name.startswith("AccountLimits.")}
    assert not empty


# What may stand where something else belongs. Nothing here is read and then not written by
# Go, as a sampling of 300 is.
MISPLACED: Final[tuple[object, ...]] = (
    *(None, True, False, 0, 1, -1, 2**53, 1.5, "", "x", "stream", "headers", "user_scope"),
    *([], {}, [{}], ["a"], [1], [[]], {"a": 1}, {"a": None}, {"": {}}, {"a": "b"}, [{"a": 1}]),
)
FIXED: Final = ("type", "account_server_url")  # Go reads this URL before it signs


@pytest.mark.parametrize("body", [body for body in NAMES if body is not Generic])
def test_what_we_take_go_takes_and_writes_the_same(go: GoJwt, body: type[Any]) -> None:
    key = KEYS[SIGNERS[body]]
    for seed in range(200):
        random = Random(seed)
        claims = _portable(generated.claims(body, seed, unknown=False))
        payload = json.loads(gojson.dumps(to_json(replace(claims, iss=key.public))))
        places = [path for path in _paths(payload["nats"]) if path[0] not in FIXED]
        place = random.choice(places)
        payload["nats"] = _replaced(payload["nats"], place, random.choice(MISPLACED))
        token = _signed(payload, key)
        try:
            document = jwt.decode(token, body)
        except MalformedToken:
            continue  # Go may be laxer: it takes null for any element of a list

        theirs = go.ask("recode", token=token, seed=key.seed())["token"]

        known = without_unknown(document.claims)
        assert jwt.encode(known, key, jwt.decode(theirs).claims.iat).token == theirs


def test_go_says_what_it_finds_wrong(go: GoJwt) -> None:
    account = Claims(sub=KEYS[Kind.ACCOUNT].public, nats=Account(cluster_traffic="x"))
    token = jwt.encode(account, KEYS[Kind.OPERATOR], NOW).token
    answer = go.ask("recode", token=token, seed=KEYS[Kind.OPERATOR].seed())
    assert answer["issues"] == ['unknown cluster traffic option: "x"']


@every_type
def test_go_refuses_what_was_changed(go: GoJwt, body: type[Any]) -> None:
    key = KEYS[SIGNERS[body]]
    claims = Claims(sub=KEYS[SUBJECTS[body]].public, nats=body())
    head, payload, signature = jwt.encode(claims, key, NOW).token.split(".")
    changed = f"{head}.{payload[:-3]}{'A' if payload[-3] != 'A' else 'B'}{payload[-2:]}.{signature}"
    with pytest.raises(GoRefusal):
        go.ask("recode", token=changed, seed=key.seed())


@given(TEXTS)
@examples
def test_texts(go: GoJwt, text: str) -> None:
    assert gojson.dumps(text) == go.ask("quote", text=text)["json"]


def test_every_character_of_the_first_plane(go: GoJwt) -> None:
    for start in range(0, 0x10000, 0x400):
        chars = "".join(map(chr, range(start, start + 0x400)))
        if not 0xD800 <= start < 0xE000:
            assert gojson.dumps(chars) == go.ask("quote", text=chars)["json"]


@given(st.floats(allow_nan=False, allow_infinity=False))
@examples
def test_numbers(go: GoJwt, number: float) -> None:
    assert gojson.dumps(number) == go.ask("number", text=repr(number))["json"]


@pytest.mark.parametrize("kind", Kind)
def test_keys(go: GoJwt, kind: Kind) -> None:
    for _ in range(10):
        key = KeyPair.generate(kind)
        assert go.ask("public", seed=key.seed())["public"] == key.public
        assert go.ask("is_public", text=key.public)["valid"]
        assert is_public(key.public, kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CURVE])
def test_signatures(go: GoJwt, kind: Kind) -> None:
    key = KeyPair.generate(kind)
    for data in (b"", b"x", bytes(range(256)) * 100):
        theirs = go.box("sign", seed=key.seed(), data=data)
        assert theirs == key.sign(data)
        assert verify(key.public, data, theirs)
        assert go.ask("verify", public=key.public, data=data, box=key.sign(data))["valid"]
        assert not go.ask("verify", public=key.public, data=data + b"y", box=theirs)["valid"]


def test_sealed_boxes(go: GoJwt) -> None:
    ours, theirs = KeyPair.generate(Kind.CURVE), KeyPair.generate(Kind.CURVE)
    for data in (b"x", b"hello", bytes(range(256)) * 100):
        sealed = go.box("seal", seed=theirs.seed(), public=ours.public, data=data)
        assert ours.open(sealed, theirs.public) == data
        box = ours.seal(data, theirs.public)
        assert go.box("open", seed=theirs.seed(), public=ours.public, box=box) == data
        with pytest.raises(GoRefusal):
            go.box("open", seed=theirs.seed(), public=ours.public, box=box[:-1] + b"\0\0")


def test_files(go: GoJwt) -> None:
    user = KEYS[Kind.USER]
    claims = Claims(name="u", sub=user.public, nats=User())
    held = Creds(jwt=jwt.encode(claims, KEYS[Kind.ACCOUNT], NOW).token, key=user)
    text = creds.format_creds(held)
    assert text == go.ask("creds", token=held.jwt, seed=user.seed())["text"]
    assert go.ask("parse_creds", text=text) == {"token": held.jwt, "public": user.public}

    activation = Claims(sub=KEYS[Kind.ACCOUNT].public, nats=Activation(subject="a", kind="stream"))
    token = jwt.encode(activation, KEYS[Kind.ACCOUNT], NOW).token
    assert creds.format_activation(token) == go.ask("decorate", token=token)["text"]

    for kind in (Kind.OPERATOR, Kind.ACCOUNT, Kind.USER):
        theirs = go.ask("decorate_seed", seed=KEYS[kind].seed())["text"]
        assert creds.format_seed(KEYS[kind]) == theirs


TOKENS: Final = ("a", "b", "*", ">", "$1", "$2", "$x", "", "a*")
SUBJECT_TEXTS: Final = tuple(
    ".".join(s) for size in (1, 2, 3) for s in product(TOKENS, repeat=size)
)


@given(st.sampled_from(SUBJECT_TEXTS), st.sampled_from(SUBJECT_TEXTS))
@settings(examples, max_examples=500)
def test_subjects(go: GoJwt, subject: str, other: str) -> None:
    theirs = go.ask("subjects", subject=subject, other=other)
    assert subjects.is_contained(subject, other) is theirs["contained"]
    assert subjects.local_pattern(other) == theirs["pattern"]
    assert subjects.has_wildcards(subject) is theirs["wildcards"]
    # Ours are stricter, and never laxer.
    assert theirs["valid"] or subjects.fault(subject)
    assert theirs["renames"] or subjects.fault(subject) or subjects.local_fault(other, subject)
    if theirs["valid"] and ">" not in subject.split(".")[:-1]:
        assert not subjects.fault(subject)
        if not subjects.fault(other):
            assert theirs["renames"] is not bool(subjects.local_fault(other, subject))


def _made(go: GoJwt, body: type[Any], seed: int, *, full: bool = False) -> str:
    answer = go.ask(
        "make",
        kind=NAMES[body],
        subject=KEYS[SUBJECTS[body]].public,
        seed=KEYS[SIGNERS[body]].seed(),
        random=seed,
        full=full,
    )
    token: str = answer["token"]
    return token


def _portable(claims: Claims[Any]) -> Claims[Any]:
    """Without the numbers that Go rounds: those of a generic token, and only there."""
    if isinstance(claims.nats, Generic):
        data = {name: _rounded(value) for name, value in claims.nats.data.items()}
        return claims.with_nats(data=data)
    if isinstance(claims.nats, Operator):  # whose URL Go reads before it signs
        return claims.with_nats(account_server_url="nats://example.com/<&>")
    return claims


def _paths(value: object) -> Iterator[tuple[str | int, ...]]:
    """The way to each value within ``value``."""
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for step, item in inner:
        yield (step,)
        yield from ((step, *path) for path in _paths(item))


def _replaced(value: Any, path: tuple[str | int, ...], by: object) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], by)
    return copy


def _signed(payload: object, key: KeyPair) -> str:
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, payload)]
    signed = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    signature = urlsafe_b64encode(key.sign(signed.encode())).decode().rstrip("=")
    return f"{signed}.{signature}"


def _rounded(value: object) -> object:
    match value:
        case bool():
            return value
        case int():
            return value % 2**53
        case Number():
            return 1.5
        case dict():
            return {name: _rounded(item) for name, item in value.items()}
        case list():
            return [_rounded(item) for item in value]
        case _:
            return value


def _empty(value: Any) -> set[str]:
    """The fields, as Class.field, that hold nothing anywhere in ``value``."""
    if isinstance(value, tuple):
        return set[str]().union(*map(_empty, value))
    if isinstance(value, Mapping):
        return set[str]().union(*map(_empty, value.values()))
    if not hasattr(value, "unknown"):
        return set()
    held = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "unknown"}
    own = {f"{type(value).__name__}.{name}" for name, item in held.items() if not item}
    return own.union(*map(_empty, held.values()))
