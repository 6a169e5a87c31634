"""Finding secret keys in any text or file, with a rule of its own: nothing of jetshare's.

A secret counts only when its checksum fits, so text that merely looks like one is no
find. Base64 is opened and looked into, since the payload of a token hides its text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SEED: Final = re.compile(rb"S[OAUNCX][A-Z2-7]{56}")
_PRIVATE_KEY: Final = re.compile(rb"P[A-Z2-7]{107}")
_DECORATED: Final = re.compile(rb"-BEGIN [A-Z ]*SEED-+([A-Z2-7\s]+)-")
_ENCODED: Final = re.compile(rb"[A-Za-z0-9+/_-]{77,}")  # a seed in base64 has 78
_DEEPEST: Final = 4  # a token in a bundle in a token, and one more

_SEED_HEAD: Final = 18 << 3
_PRIVATE_HEAD: Final = 15 << 3
_ACCOUNT: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret that was found. ``name`` tells which without giving it away."""

    name: str
    start: int


def seed_text(raw: bytes, kind: int = _ACCOUNT) -> str:
    """The text of a seed, by nkeys' rule: two bytes of prefix, the key, its CRC."""
    return _spell(bytes((_SEED_HEAD | kind >> 5, (kind & 31) << 3)) + raw)


def private_key_text(raw: bytes) -> str:
    """The text of an Ed25519 private key of 64 bytes, which nkeys can write too."""
    return _spell(bytes((_PRIVATE_HEAD,)) + raw)


def _spell(data: bytes) -> str:
    checked = data + binascii.crc_hqx(data, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode("ascii").rstrip("=")


_MARKER_BYTES: Final = b"jetshare marker, never to appear"
MARKER_SEED: Final = seed_text(_MARKER_BYTES)
"""An account's seed that everybody may know, to plant where a secret belongs."""

_MARKER_FORMS: Final = {
    "as bytes": _MARKER_BYTES,
    "in hex": _MARKER_BYTES.hex().encode(),
    "in base64": base64.b64encode(_MARKER_BYTES).rstrip(b"="),
}


def find_secrets(data: bytes) -> Iterator[Secret]:
    """Every secret in ``data``, once for each place and form."""
    yield from _find(data, 0, "")


def _find(data: bytes, depth: int, inside: str) -> Iterator[Secret]:
    for start, text in _spelled(_SEED, data):
        yield Secret(name=f"seed {text[:6].decode()}…{inside}", start=start)
    for start, _ in _spelled(_PRIVATE_KEY, data):
        yield Secret(name=f"private key{inside}", start=start)
    for match in _DECORATED.finditer(data):
        body = b"".join(match[1].split())
        if body not in data and _checks(body):  # else it was found as it stands
            yield Secret(name=f"decorated seed over several lines{inside}", start=match.start())
    for form, marker in _MARKER_FORMS.items():
        if (start := data.find(marker)) >= 0:
            yield Secret(name=f"marker seed {form}{inside}", start=start)
    if depth < _DEEPEST:
        for match in _ENCODED.finditer(data):
            text = match[0].translate(bytes.maketrans(b"-_", b"+/"))
            decoded = base64.b64decode(text[: len(text) // 4 * 4])
            for secret in _find(decoded, depth + 1, ", in base64"):
                yield Secret(name=secret.name, start=match.start())


def _spelled(pattern: re.Pattern[bytes], data: bytes) -> Iterator[tuple[int, bytes]]:
    """Matches whose checksum fits; they may begin inside one whose checksum does not."""
    position = 0
    while match := pattern.search(data, position):
        fits = _checks(match[0])
        position = match.end() if fits else match.start() + 1
        if fits:
            yield match.start(), match[0]


def _checks(text: bytes) -> bool:
    try:
        raw = base64.b32decode(text + b"=" * (-len(text) % 8))
    except ValueError:
        return False
    heads = (_SEED_HEAD, _PRIVATE_HEAD)
    checksum = binascii.crc_hqx(raw[:-2], 0).to_bytes(2, "little")
    return raw[-2:] == checksum and raw[0] & 0xF8 in heads
