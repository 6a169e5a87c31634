from __future__ import annotations

import base64
import binascii
import copy
import pickle
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError, KeyFormatError
from jetshare.identity.nkeys import KeyPair, Kind, is_public, parse_public, verify
from support.generated import KEYS

BASE32 = string.ascii_uppercase + "234567"
SIGNING = [kind for kind in Kind if kind is not Kind.CURVE]
CURVE, USER = KEYS[Kind.CURVE], KEYS[Kind.USER]

kinds = st.sampled_from(Kind)
raw_keys = st.binary(min_size=32, max_size=32)


def spelled(raw: bytes) -> str:
    """Text with a checksum that fits, whatever the bytes."""
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


@pytest.mark.parametrize(
    ("kind", "letter", "name"),
    [
        (Kind.OPERATOR, "O", "operator"),
        (Kind.ACCOUNT, "A", "account"),
        (Kind.USER, "U", "user"),
        (Kind.SERVER, "N", "server"),
        (Kind.CLUSTER, "C", "cluster"),
        (Kind.CURVE, "X", "curve"),
    ],
)
def test_kinds(kind: Kind, letter: str, name: str) -> None:
    key = KeyPair.generate(kind)
    assert (kind.letter, str(kind)) == (letter, name)
    assert key.public[0] == letter
    assert key.seed()[:2] == f"S{letter}"
    assert (len(key.public), len(key.seed())) == (56, 58)
    assert parse_public(key.public) is kind


@given(kinds, raw_keys)
def test_a_seed_makes_the_same_pair_again(kind: Kind, raw: bytes) -> None:
    key = KeyPair(kind, raw)
    for text in (key.seed(), key.seed().encode(), f" {key.seed()}\r\n"):
        again = KeyPair.from_seed(text)
        assert (again.kind, again.public, again.seed()) == (kind, key.public, key.seed())
    assert parse_public(key.public) is kind


@given(st.sampled_from(SIGNING), raw_keys, st.binary(), st.binary(min_size=1))
def test_signatures(kind: Kind, raw: bytes, data: bytes, more: bytes) -> None:
    key = KeyPair(kind, raw)
    signature = key.sign(data)
    assert verify(key.public, data, signature)
    assert not verify(key.public, data + more, signature)
    assert not verify(key.public, data, signature + more)
    assert not verify(key.public, data, signature[:-1])
    assert not verify(key.public, data, bytes(64))
    assert not verify(KeyPair.generate(kind).public, data, signature)


def test_every_changed_bit_of_a_signature_is_detected() -> None:
    signature = USER.sign(b"data")
    for bit in range(8 * len(signature)):
        changed = int.from_bytes(signature, "big") ^ 1 << bit
        assert not verify(USER.public, b"data", changed.to_bytes(64, "big"))


@given(raw_keys, raw_keys, st.binary())
def test_sealed_boxes(one: bytes, other: bytes, data: bytes) -> None:
    sender, recipient = KeyPair(Kind.CURVE, one), KeyPair(Kind.CURVE, other)
    box = sender.seal(data, recipient.public)
    assert box[:4] == b"xkv1"
    assert len(box) == 4 + 24 + 16 + len(data)
    assert recipient.open(box, sender.public) == data


def test_a_sealed_box_opens_only_whole_and_only_for_whom_it_was_sealed() -> None:
    recipient = KeyPair.generate(Kind.CURVE)
    box = CURVE.seal(b"hello", recipient.public)
    assert box != CURVE.seal(b"hello", recipient.public)
    for position in range(len(box)):
        changed = box[:position] + bytes((box[position] ^ 1,)) + box[position + 1 :]
        with pytest.raises(InputError, match="sealed box"):
            recipient.open(changed, CURVE.public)
    for length in range(len(box)):
        with pytest.raises(InputError, match="sealed box"):
            recipient.open(box[:length], CURVE.public)
    with pytest.raises(InputError, match="does not open"):
        KeyPair.generate(Kind.CURVE).open(box, CURVE.public)
    with pytest.raises(InputError, match="does not open"):
        recipient.open(box, KeyPair.generate(Kind.CURVE).public)


def test_what_each_kind_cannot_do() -> None:
    with pytest.raises(InputError, match="curve key, and those cannot sign"):
        CURVE.sign(b"")
    with pytest.raises(KeyFormatError, match="curve key, and those cannot sign"):
        verify(CURVE.public, b"", bytes(64))
    with pytest.raises(InputError, match="is not a curve key"):
        USER.seal(b"", CURVE.public)
    with pytest.raises(InputError, match="is not a curve key"):
        USER.open(b"", CURVE.public)
    with pytest.raises(KeyFormatError, match="of kind user, not curve"):
        CURVE.seal(b"", USER.public)
    with pytest.raises(KeyFormatError, match="of kind user, not curve"):
        CURVE.open(b"", USER.public)


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_sealed_to_a_weak_key(point: bytes) -> None:
    with pytest.raises(KeyFormatError, match="it is a weak key"):
        CURVE.seal(b"x", spelled(bytes((Kind.CURVE.value,)) + point))


@pytest.mark.parametrize("kind", Kind)
def test_every_changed_character_of_a_public_key_is_detected(kind: Kind) -> None:
    public = KEYS[kind].public
    for changed in neighbours(public):
        assert not is_public(changed)


@pytest.mark.parametrize("kind", Kind)
def test_every_changed_character_of_a_seed_is_detected(kind: Kind) -> None:
    seed = KEYS[kind].seed()
    for changed in neighbours(seed):
        if changed.strip() == seed:
            continue
        with pytest.raises(KeyFormatError) as raised:
            KeyPair.from_seed(changed)
        assert seed[2:20] not in str(raised.value)


def neighbours(text: str) -> list[str]:
    """``text`` with each character changed, missing, doubled, or in small letters."""
    found = [text.lower(), text.swapcase(), "", text + text]
    for position, char in enumerate(text):
        head, tail = text[:position], text[position + 1 :]
        found += [head + other + tail for other in BASE32 + " =-\n0é" if other != char]
        found += [head + tail, head + char + char + tail, head + char.lower() + tail]
        found += [head + "\n" + char + tail]
    return [other for other in found if other != text]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        bytes(31),
        bytes(32),
        bytes(34),
        bytes((18 << 3,)) + bytes(32),
        bytes((15 << 3,)) + bytes(32),
        bytes((25 << 3,)) + bytes(32),
        bytes((1,)) + bytes(32),
        bytes((Kind.USER.value | 1,)) + bytes(32),
    ],
)
def test_text_with_a_right_checksum_that_is_no_public_key(raw: bytes) -> None:
    with pytest.raises(KeyFormatError):
        parse_public(spelled(raw))


@pytest.mark.parametrize(
    "raw",
    [
        bytes(34),
        bytes((18 << 3, 0)) + bytes(31),
        bytes((18 << 3, 0)) + bytes(33),
        bytes((18 << 3, 1 << 3)) + bytes(32),
        bytes((18 << 3, 1)) + bytes(32),
        bytes((18 << 3 | 7, 31 << 3)) + bytes(32),
        bytes((15 << 3, 0)) + bytes(32),
    ],
)
def test_text_with_a_right_checksum_that_is_no_seed(raw: bytes) -> None:
    with pytest.raises(KeyFormatError):
        KeyPair.from_seed(spelled(raw))


def test_text_that_is_no_key() -> None:
    for text in (
        "",
        " ",
        "A" * 55 + "B",
        "🔑" * 56,
        "U" * 10_000,
        USER.public + "\n",
        "\ud800" * 56,
    ):
        assert not is_public(text)
    for seed in ("", b"", b"\xff" * 58, "é" * 58, USER.public):
        with pytest.raises(KeyFormatError):
            KeyPair.from_seed(seed)
    with pytest.raises(KeyFormatError, match="a seed is 32 bytes, not 31"):
        KeyPair(Kind.USER, bytes(31))


def test_wanted_kinds() -> None:
    assert parse_public(USER.public, Kind.ACCOUNT, Kind.USER) is Kind.USER
    assert not is_public(USER.public, Kind.ACCOUNT)
    with pytest.raises(KeyFormatError, match=r"of kind user, not account or operator\b"):
        parse_public(USER.public, Kind.ACCOUNT, Kind.OPERATOR)


@pytest.mark.parametrize(
    "text", [USER.seed(), USER.seed().lower(), f" {USER.seed()}", USER.seed()[:56], "P" + "A" * 99]
)
def test_no_error_quotes_a_secret_that_stands_for_a_public_key(text: str) -> None:
    with pytest.raises(KeyFormatError) as raised:
        parse_public(text)
    assert text.strip()[2:20] not in str(raised.value)
    assert raised.value.__cause__ is None


SHOWS: list[Callable[[KeyPair], object]] = [
    repr,
    str,
    "{}".format,
    "{!r:>80}".format,
    lambda key: f"{key}",
    lambda key: repr([key]),
    lambda key: "%s %r" % (key, key),  # noqa: UP031  # the older way must not show it either
    lambda key: repr(copy.copy(key)),
    lambda key: repr(copy.deepcopy({"key": key})),
]


@pytest.mark.parametrize("show", SHOWS)
def test_nothing_shows_the_seed(show: Callable[[KeyPair], object]) -> None:
    text = str(show(USER))
    assert USER.public in text
    assert USER.seed() not in text


def test_a_key_pair_is_neither_pickled_nor_changed() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(USER, protocol)
    with pytest.raises(AttributeError, match="does not change"):
        USER.public = "U"
    with pytest.raises(TypeError):
        vars(USER)


def test_equality_is_that_of_the_public_key() -> None:
    again = KeyPair.from_seed(USER.seed())
    assert again == USER
    assert hash(again) == hash(USER)
    assert KeyPair.generate(Kind.USER) != USER
    assert USER.public not in {USER}
