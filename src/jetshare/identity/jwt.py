"""Tokens: claims signed by a key, as text.

A token from outside is text and has no fields. ``decode`` checks its size, form, header,
version, signer and signature, and only then are there claims to look at. Whether the
signer is to be trusted, and whether the time is right, is for the caller to say.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast, overload
from typing import Generic as Parametric

from jetshare.errors import (
    BadSignature,
    InvalidDocument,
    KeyFormatError,
    MalformedToken,
    TokenExpired,
    TokenNotYetValid,
    TokenTooLarge,
    WrongIssuer,
)
from jetshare.identity import codec, gojson, nkeys, v1
from jetshare.identity.claims import (
    Account,
    Activation,
    AuthorizationRequest,
    AuthorizationResponse,
    B,
    Body,
    Claims,
    Generic,
    Operator,
    User,
    from_json,
    to_json,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.identity.record import record

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes of a whole token, as in nats-io/jwt."""

_HEADER: Final = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ"  # typ JWT, alg ed25519-nkey
_V1_ALGORITHM: Final = "ed25519"
_V2_ALGORITHM: Final = "ed25519-nkey"


@record
class _Type:
    """A type of document: its name, who may sign it, of whom it speaks (anyone, if empty)."""

    name: str
    signers: tuple[Kind, ...]
    subjects: tuple[Kind, ...] = ()


_TYPES: Final[Mapping[type[Any], _Type]] = {
    Operator: _Type(name="operator", signers=(Kind.OPERATOR,), subjects=(Kind.OPERATOR,)),
    Account: _Type(name="account", signers=(Kind.OPERATOR, Kind.ACCOUNT), subjects=(Kind.ACCOUNT,)),
    User: _Type(name="user", signers=(Kind.ACCOUNT,), subjects=(Kind.USER,)),
    Activation: _Type(
        name="activation", signers=(Kind.OPERATOR, Kind.ACCOUNT), subjects=(Kind.ACCOUNT,)
    ),
    AuthorizationRequest: _Type(name="authorization_request", signers=(Kind.SERVER,)),
    AuthorizationResponse: _Type(name="authorization_response", signers=(Kind.ACCOUNT,)),
    Generic: _Type(name="generic", signers=tuple(k for k in Kind if k is not Kind.CURVE)),
}
_BODIES: Final = {known.name: body for body, known in _TYPES.items() if body is not Generic}
_UNSUPPORTED: Final = ("cluster", "server")  # types of version 1 that are no more


@record
class Document(Parametric[B]):
    """Claims, and the token that proves who made them. ``decode`` and ``encode`` make these."""

    token: str
    claims: Claims[B]


@overload
def decode(token: str) -> Document[Body]: ...
@overload
def decode(token: str, kind: type[B]) -> Document[B]: ...
def decode(token: str, kind: type[Any] | None = None) -> Document[Any]:
    """The claims of a token that is whole and signed by the key that it names.

    Raises MalformedToken, also where the token is not of ``kind``; TokenTooLarge,
    WrongIssuer, BadSignature. The time is not looked at; see ``check_time``.
    """
    if len(token) > SIZE_LIMIT:
        raise TokenTooLarge(f"the token has {len(token):,} bytes, and no token has over 1 MiB")
    chunks = token.split(".")
    if len(chunks) != 3:
        raise MalformedToken(
            f"not a token: {len(chunks)} parts between dots, not 3",
            hint="a token is one line of three parts; give it whole",
        )
    algorithm = _algorithm(_object(chunks[0], "header"))
    payload = _object(chunks[1], "payload")
    found = _body(payload, algorithm)
    issuer = _issuer(payload, _TYPES[found])
    signed = chunks[1] if algorithm == _V1_ALGORITHM else f"{chunks[0]}.{chunks[1]}"
    if not nkeys.verify(issuer, signed.encode("ascii"), _bytes(chunks[2], "signature")):
        raise BadSignature(
            f"the token is not as {issuer} signed it",
            hint="it was changed after signing, or cut short; ask for it again",
        )
    if kind is not None and found is not kind:
        raise MalformedToken(
            f"the token is of type {_TYPES[found].name}, and {_TYPES[kind].name} is wanted"
        )
    return Document(token=token, claims=_claims(found, payload, algorithm))


def encode(claims: Claims[B], key: KeyPair, now: int) -> Document[B]:
    """Sign ``claims`` as of ``now`` (Unix seconds). ``iss``, ``iat`` and ``jti`` are set here.

    Raises WrongIssuer where ``key`` may not sign this type, KeyFormatError where ``sub``
    is not a key of the kind that the document speaks of, InvalidDocument where the
    claims hold what no reader would take, and TokenTooLarge.
    """
    body = type(claims.nats)
    known = _TYPES[body]
    if key.kind not in known.signers:
        raise _wrong_issuer(known, key.public, key.kind)
    if known.subjects:
        nkeys.parse_public(claims.sub, *known.subjects)
    try:
        payload = to_json(replace(claims, iss=key.public, iat=now, jti="set below"))
        payload["jti"] = _identity(payload)
        text = gojson.dumps(payload)
        written = _read_back(text, body)
    except (ValueError, codec.Misfit, MalformedToken) as error:
        raise InvalidDocument(f"the {known.name} token cannot be written: {error}") from None
    signed = f"{_HEADER}.{_spell(text.encode())}"
    token = f"{signed}.{_spell(key.sign(signed.encode('ascii')))}"
    if len(token) > SIZE_LIMIT:
        raise TokenTooLarge(
            f"the {known.name} token of {claims.sub} would have {len(token):,} bytes, over 1 MiB"
        )
    return Document(token=token, claims=cast("Claims[B]", written))


def check_time(claims: Claims[Body], now: int) -> None:
    """Raises TokenExpired or TokenNotYetValid where ``now`` (Unix seconds) is out of bounds."""
    name = _TYPES[type(claims.nats)].name
    check_times(f"the {name} token of {claims.sub}", claims.exp, claims.nbf, now)


def check_times(what: str, expires: int, not_before: int, now: int) -> None:
    """The same for anything that has these times; 0 stands for an open one.

    As for servers and in RFC 7519, the second of ``expires`` is already too late.
    """
    if expires and expires <= now:
        raise TokenExpired(f"{what} expired {_time(expires)}", hint="ask for a new one")
    if not_before > now:
        raise TokenNotYetValid(
            f"{what} is not valid before {_time(not_before)}",
            hint="wait until then, or set the clock of this machine right",
        )


def _read_back(text: str, body: type[Any]) -> Claims[Body]:
    """The claims that readers will find in the payload ``text``."""
    payload = _json(text, "payload")
    if _body(payload, _V2_ALGORITHM) is not body:
        raise MalformedToken("its type is that of another kind of document")
    return _claims(body, payload, _V2_ALGORITHM)


def _claims(body: type[Any], payload: Mapping[str, Any], algorithm: str) -> Claims[Body]:
    try:
        if algorithm == _V1_ALGORITHM:
            payload = v1.migrate(payload, body)
        return from_json(body, payload)
    except codec.Misfit as misfit:
        raise MalformedToken(f"{misfit.path or 'the payload'} {misfit.reason}") from None


def _algorithm(header: Mapping[str, Any]) -> str:
    _check_spelling(header, "typ", "alg")
    type_, algorithm = header.get("typ"), header.get("alg")
    if not isinstance(type_, str) or type_.upper() != "JWT":
        raise MalformedToken("not a token: the header's typ is not JWT")
    if not isinstance(algorithm, str) or algorithm.lower() not in (_V1_ALGORITHM, _V2_ALGORITHM):
        raise MalformedToken(f"not a NATS token: the header's alg is not {_V2_ALGORITHM}")
    return algorithm.lower()


def _body(payload: Mapping[str, Any], algorithm: str) -> type[Any]:
    """What the payload says it is. Raises MalformedToken where it says more than one thing."""
    nats = _given(payload, "nats", {})
    if not isinstance(nats, dict):
        raise MalformedToken("nats must be an object")
    _check_spelling(payload, "type", "nats")
    _check_spelling(nats, "type", "version")
    outer, inner = _given(payload, "type", ""), _given(nats, "type", "")
    if not isinstance(outer, str) or not isinstance(inner, str):
        raise MalformedToken("the type of the token must be a text")
    if algorithm == _V1_ALGORITHM:
        if inner in _BODIES:
            raise MalformedToken("the header is of version 1, and the payload of version 2")
        name = outer
    else:
        if outer:
            raise MalformedToken("the header is of version 2, and the payload of version 1")
        name = inner
        _check_version(name, nats.get("version", 0))
    if name in _UNSUPPORTED:
        raise MalformedToken(f"tokens of type {name} are no longer supported")
    return _BODIES.get(name, Generic)


def _given(found: Mapping[str, Any], name: str, otherwise: object) -> Any:
    """What stands under ``name``, where null is nothing."""
    value = found.get(name)
    return otherwise if value is None else value


def _check_version(name: str, version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool):
        raise MalformedToken("nats.version must be an integer")
    if version > codec.VERSION:
        raise MalformedToken(
            f"the token is of version {version}, and jetshare knows none above {codec.VERSION}",
            hint="use a newer jetshare",
        )
    if name in _BODIES and version != codec.VERSION:
        raise MalformedToken(f"nats.version is {version}, and the header's is {codec.VERSION}")


def _check_spelling(found: Mapping[str, Any], *names: str) -> None:
    """Go takes a name in any case; here a token says one thing to all its readers."""
    for name in found:
        if name not in names and name.casefold() in names:
            raise MalformedToken(
                f"the field {name!r} differs from {name.casefold()!r} in case only"
            )


def _issuer(payload: Mapping[str, Any], known: _Type) -> str:
    issuer = payload.get("iss")
    if not isinstance(issuer, str):
        raise MalformedToken("the token names no signer (iss)")
    try:
        signer = nkeys.parse_public(issuer)
    except KeyFormatError as error:
        raise MalformedToken(f"the signer (iss) is no key: {error}") from None
    if signer not in known.signers:
        raise _wrong_issuer(known, issuer, signer)
    return issuer


def _wrong_issuer(known: _Type, public: str, signer: Kind) -> WrongIssuer:
    return WrongIssuer(
        f"{public} is the key of kind {signer}, and cannot sign a token of type {known.name}",
        hint=f"only keys of kind {' or '.join(map(str, known.signers))} can",
    )


def _object(chunk: str, what: str) -> dict[str, Any]:
    """The JSON object in one part of a token."""
    try:
        text = _bytes(chunk, what).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedToken(f"the {what} of the token is not UTF-8") from None
    return _json(text, what)


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        value = gojson.loads(text)
    except ValueError as error:
        raise MalformedToken(f"the {what} of the token cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise MalformedToken(f"the {what} of the token is not an object")
    return value


def _bytes(chunk: str, what: str) -> bytes:
    """Base64url without padding (RFC 4648), in the one spelling that the bytes have."""
    try:
        data = base64.urlsafe_b64decode(chunk + "=" * (-len(chunk) % 4))
    except ValueError:
        data = b""
    if not data or _spell(data) != chunk:
        raise MalformedToken(f"the {what} of the token is not base64url")
    return data


def _spell(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _identity(payload: Mapping[str, object]) -> str:
    """The ``jti`` as in nats-io/jwt: of the named fields, so not of what ``nats`` holds."""
    named = {name: payload[name] for name in _IDENTIFYING if name in payload}
    digest = hashlib.new("sha512_256", gojson.dumps(named).encode()).digest()
    return base64.b32encode(digest).decode("ascii").rstrip("=")


_IDENTIFYING: Final = ("aud", "exp", "iat", "iss", "name", "nbf", "sub")


def _time(seconds: int) -> str:
    from datetime import UTC, datetime  # takes a millisecond, and only errors need it

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("on %Y-%m-%d at %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"
