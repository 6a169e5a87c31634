"""NATS keys: Ed25519 for identity, X25519 for sealed boxes, and their text.

The text form is unpadded base32 of a prefix, the key and a CRC-16/XMODEM of both in
little-endian order, as in nats-io/nkeys. That library takes some text that names no
key: it ignores line breaks inside, and counts neither bytes nor spare bits. Here one
key has one spelling.
"""

from __future__ import annotations

import base64
import binascii
import enum
import re
from typing import Final, NoReturn

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from jetshare.errors import InputError, KeyFormatError

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # base32 of RFC 4648
_BASE32: Final = re.compile(f"[{_ALPHABET}]+")
_DIGITS: Final = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")

_SEED_PREFIX: Final = 18 << 3
_KEY_SIZE: Final = 32
_PUBLIC_LENGTH: Final = 56
_SEED_LENGTH: Final = 58
_BOX_VERSION: Final = b"xkv1"
_BOX_HEAD: Final = len(_BOX_VERSION) + sodium.crypto_box_NONCEBYTES
_BOX_TAG: Final = sodium.crypto_box_ZEROBYTES - sodium.crypto_box_BOXZEROBYTES


class Kind(enum.Enum):
    """What a key stands for. The value is the prefix byte of its text."""

    ACCOUNT = 0 << 3
    CLUSTER = 2 << 3
    SERVER = 13 << 3
    OPERATOR = 14 << 3
    USER = 20 << 3
    CURVE = 23 << 3

    @property
    def letter(self) -> str:
        """The first character of a public key of this kind."""
        return _ALPHABET[self.value >> 3]

    def __str__(self) -> str:
        return self.name.lower()


_KINDS: Final = {kind.value: kind for kind in Kind}


class KeyPair:
    """A public key and the seed that it comes from.

    The seed leaves only by ``seed()``. Everything that prints, formats or pickles a
    value without being asked for the secret gets the public key, or a TypeError.
    """

    __slots__ = ("_raw", "kind", "public")

    kind: Kind
    public: str
    """The public key, 56 characters."""
    _raw: bytes

    def __init__(self, kind: Kind, raw: bytes) -> None:
        if len(raw) != _KEY_SIZE:
            raise KeyFormatError(f"a seed is {_KEY_SIZE} bytes, not {len(raw)}")
        if kind is Kind.CURVE:
            public = sodium.crypto_scalarmult_base(raw)
        else:
            public, _ = sodium.crypto_sign_seed_keypair(raw)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "public", _spell(bytes((kind.value,)) + public))
        object.__setattr__(self, "_raw", raw)

    @classmethod
    def generate(cls, kind: Kind) -> KeyPair:
        return cls(kind, sodium.randombytes(_KEY_SIZE))

    @classmethod
    def from_seed(cls, text: str | bytes) -> KeyPair:
        """The pair of a seed; white space around it is ignored.

        Raises KeyFormatError, which never quotes the text.
        """
        try:
            seed = (text.decode("ascii") if isinstance(text, bytes) else text).strip()
        except UnicodeDecodeError:
            raise KeyFormatError("the seed holds bytes that are no text") from None
        kind, raw = _read_seed(seed)
        return cls(kind, raw)

    def seed(self) -> str:
        """The secret, 58 characters. The one way to it."""
        head = bytes((_SEED_PREFIX | self.kind.value >> 5, (self.kind.value & 31) << 3))
        return _spell(head + self._raw)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes (RFC 8032). Raises InputError for a curve key."""
        if self.kind is Kind.CURVE:
            raise InputError(f"{self.public} is a curve key, and those cannot sign")
        _, secret = sodium.crypto_sign_seed_keypair(self._raw)
        return sodium.crypto_sign(data, secret)[: sodium.crypto_sign_BYTES]

    def seal(self, data: bytes, to: str) -> bytes:
        """Encrypt ``data`` so that the holder of the curve key ``to`` alone can open it.

        The form is that of nats-io/nkeys: ``xkv1``, a random nonce, a NaCl box.
        """
        self._check_curve()
        recipient = _read_public(to, Kind.CURVE)
        nonce = sodium.randombytes(sodium.crypto_box_NONCEBYTES)
        try:
            box = sodium.crypto_box(data, nonce, recipient, self._raw)
        except CryptoError:
            raise KeyFormatError(f"nothing can be sealed to {to}: it is a weak key") from None
        return _BOX_VERSION + nonce + box

    def open(self, data: bytes, sender: str) -> bytes:
        """What ``sender`` sealed to this curve key. Raises InputError where it did not."""
        self._check_curve()
        public = _read_public(sender, Kind.CURVE)
        if data[: len(_BOX_VERSION)] != _BOX_VERSION:
            raise InputError("a sealed box begins with xkv1, and this does not")
        nonce, box = data[len(_BOX_VERSION) : _BOX_HEAD], data[_BOX_HEAD:]
        if len(box) < _BOX_TAG:
            raise InputError("the sealed box is cut short")
        try:
            return sodium.crypto_box_open(box, nonce, public, self._raw)
        except CryptoError:
            raise InputError(
                f"the sealed box does not open: not from {sender}, not to {self.public}, or changed"
            ) from None

    def _check_curve(self) -> None:
        if self.kind is not Kind.CURVE:
            raise InputError(f"{self.public} is not a curve key, and only those seal and open")

    def __repr__(self) -> str:
        return f"KeyPair({self.public})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyPair) and self.public == other.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a KeyPair does not change: {name}")

    def __copy__(self) -> KeyPair:
        return self

    def __deepcopy__(self, memo: object) -> KeyPair:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a KeyPair is not pickled: it would write the seed")


def parse_public(text: str, *kinds: Kind) -> Kind:
    """The kind of a public key. Raises KeyFormatError where it is none, or none of ``kinds``."""
    return _KINDS[_read(text, kinds)[0]]


def is_public(text: str, *kinds: Kind) -> bool:
    """Whether ``text`` is a public key, of one of ``kinds`` where any are given."""
    try:
        _read(text, kinds)
    except KeyFormatError:
        return False
    return True


def verify(public: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of ``public`` over ``data``.

    Raises KeyFormatError where ``public`` is no key, or a curve key.
    """
    raw = _read(public, ())
    if raw[0] == Kind.CURVE.value:
        raise KeyFormatError(f"{public} is a curve key, and those cannot sign")
    if len(signature) != sodium.crypto_sign_BYTES:
        return False
    try:
        sodium.crypto_sign_open(signature + data, raw[1:])
    except CryptoError:
        return False
    return True


def _read_public(text: str, *kinds: Kind) -> bytes:
    return _read(text, kinds)[1:]


def _read(text: str, kinds: tuple[Kind, ...]) -> bytes:
    """Prefix byte and key of a public key."""
    what = _shown(text)
    if len(text) != _PUBLIC_LENGTH:
        raise KeyFormatError(
            f"{what} is not a public key: {len(text)} characters, not {_PUBLIC_LENGTH}"
        )
    raw = _unspell(text, what)
    if raw[0] not in _KINDS:
        raise KeyFormatError(f"{what} is not a public key: no kind of key begins so")
    if kinds and _KINDS[raw[0]] not in kinds:
        wanted = " or ".join(str(kind) for kind in kinds)
        raise KeyFormatError(f"{what} is the key of kind {_KINDS[raw[0]]}, not {wanted}")
    return raw


def _read_seed(text: str) -> tuple[Kind, bytes]:
    if len(text) != _SEED_LENGTH:
        raise KeyFormatError(f"a seed has {_SEED_LENGTH} characters, not {len(text)}")
    raw = _unspell(text, "the seed")
    kind = _KINDS.get((raw[0] & 7) << 5 | raw[1] >> 3)
    if raw[0] & 0xF8 != _SEED_PREFIX or raw[1] & 7 or kind is None:
        raise KeyFormatError("the text is not a seed: those begin with S and the letter of a kind")
    return kind, raw[2:]


def _spell(data: bytes) -> str:
    checked = data + binascii.crc_hqx(data, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode("ascii").rstrip("=")


def _unspell(text: str, what: str) -> bytes:
    """The bytes of ``text`` without their checksum; ``what`` names it in the error."""
    if not _BASE32.fullmatch(text):
        raise KeyFormatError(f"{what} is not base32 in capital letters")
    # Many times faster than base64.b32decode, and thousands of documents are read at once.
    number, spare = int(text.translate(_DIGITS), 32), 5 * len(text) % 8
    raw = (number >> spare).to_bytes(5 * len(text) // 8, "big")
    data, checksum = raw[:-2], raw[-2:]
    if number & (1 << spare) - 1 or binascii.crc_hqx(data, 0).to_bytes(2, "little") != checksum:
        raise KeyFormatError(
            f"{what} has a wrong checksum", hint="a character is mistyped or missing"
        )
    return data


def _shown(text: str) -> str:
    """How an error names ``text``: whole where it may be a public key, hidden where a secret.

    Seeds begin with S, private keys with P, and no public key with either.
    """
    if not text:
        return "an empty text"
    if text.lstrip()[:1].upper() in ("S", "P") and len(text) > 20:
        return "the text"
    return repr(text) if len(text) <= _PUBLIC_LENGTH else f"{text[:16]!r}…"
