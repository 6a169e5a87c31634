"""Files with frames: a user's token and seed in one (creds), a token, or a seed.

The frames are written as nats-io/jwt v2 writes them, byte for byte. When read, lines may
end in CR LF, and the number of dashes does not matter. What surrounds a frame is for
people and is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from jetshare.errors import KeyFormatError, MalformedToken, TokenError, TokenTooLarge
from jetshare.identity import jwt
from jetshare.identity.claims import Activation, User
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.identity.record import record

_FILE_LIMIT: Final = jwt.SIZE_LIMIT + 4096  # a token, a seed, and the words around them

_BYTE_ORDER_MARK: Final = "\ufeff"  # which editors on Windows put first
_FRAME: Final = re.compile(r"-{3,}[ \t]*(BEGIN|END)[ \t]+([A-Z_ ]*?)[ \t]*-{3,}")
_TOKEN: Final = re.compile(r"NATS [A-Z_]+ JWT")
_SEED: Final = re.compile(r"[A-Z]+ NKEY SEED")

_NOTICE: Final = """\
************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

"""
_RULE: Final = "*************************************************************\n"


@record
class Creds:
    """What a client connects with: a user's token and the key that it names."""

    jwt: str = field(repr=False)  # a bearer token is a secret too
    key: KeyPair


def parse_creds(text: str) -> Creds:
    """The token and the key of a creds file, which belong together.

    Raises TokenError or KeyFormatError; neither ever quotes the file.
    """
    tokens, seeds = _framed(text)
    if len(tokens) != 1 or len(seeds) != 1:
        raise MalformedToken(
            f"a creds file holds one token and one seed; this holds {len(tokens)} and {len(seeds)}",
            hint="nsc generate creds writes a new one",
        )
    return _checked(Creds(jwt=tokens[0], key=KeyPair.from_seed(seeds[0])))


def format_creds(creds: Creds) -> str:
    """The creds file of a user. Raises TokenError where token and key do not belong together."""
    _checked(creds)
    return f"{_frame('NATS USER JWT', creds.jwt)}\n{format_seed(creds.key)}"


def format_activation(token: str) -> str:
    """The file of an activation token. Raises TokenError where the token is none."""
    jwt.decode(token, Activation)
    return f"{_frame('NATS ACTIVATION JWT', token)}\n"


def parse_token_file(text: str) -> str:
    """The token of a file that holds it bare or in a frame; ``jwt.decode`` reads it.

    Raises MalformedToken where there is not exactly one.
    """
    tokens, _ = _framed(text)
    bare = text.split()
    if not tokens and len(bare) == 1:
        tokens = bare
    if len(tokens) != 1:
        raise MalformedToken(
            f"the file holds {len(tokens) or 'no'} tokens, not one",
            hint="give a file with one token, bare or between its BEGIN and END lines",
        )
    return tokens[0]


def format_seed(key: KeyPair) -> str:
    """A seed in its frame. Raises KeyFormatError for keys other than O, A and U."""
    if key.kind not in (Kind.OPERATOR, Kind.ACCOUNT, Kind.USER):
        raise KeyFormatError(f"{key.public} is of kind {key.kind}, whose seeds have no frame")
    frame = _frame(f"{key.kind} NKEY SEED".upper(), key.seed())
    return f"{_NOTICE}{frame}\n{_RULE}"


def parse_seed_file(text: str) -> KeyPair:
    """The key of a file that holds a seed bare or in a frame. Raises KeyFormatError."""
    try:
        _, seeds = _framed(text)
    except TokenError as error:
        raise KeyFormatError(str(error)) from None
    if len(seeds) > 1:
        raise KeyFormatError("the file holds more than one seed")
    return KeyPair.from_seed(seeds[0] if seeds else text)


def _checked(creds: Creds) -> Creds:
    user = jwt.decode(creds.jwt, User).claims
    if user.sub != creds.key.public:
        raise MalformedToken(
            f"the token is that of user {user.sub}, and the seed that of {creds.key.public}",
            hint="the two must be of one user; nsc generate creds writes them together",
        )
    return creds


def _frame(label: str, content: str) -> str:
    return f"-----BEGIN {label}-----\n{content}\n------END {label}------\n"


def _framed(text: str) -> tuple[list[str], list[str]]:
    """The tokens and the seeds that stand in frames."""
    if len(text) > _FILE_LIMIT:
        raise TokenTooLarge(f"the file has {len(text):,} characters, and no token has over 1 MiB")
    found = list(_sections(text))
    return (
        [content for label, content in found if _TOKEN.fullmatch(label)],
        [content for label, content in found if _SEED.fullmatch(label)],
    )


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Each frame's label and the one line in it."""
    label, content = "", list[str]()
    for line in map(str.strip, text.removeprefix(_BYTE_ORDER_MARK).splitlines()):
        mark = _FRAME.fullmatch(line)
        if mark is None:
            if line:
                content.append(line)
            continue
        if mark[1] == "BEGIN":
            if label:
                raise MalformedToken(f"a frame of {label} is not closed")
            label, content = mark[2], []
        elif mark[2] != label:
            raise MalformedToken(f"a frame of {label or 'nothing'} ends as one of {mark[2]}")
        elif len(content) != 1:
            raise MalformedToken(f"a frame of {label} holds {len(content)} lines, not one")
        else:
            yield label, content[0]
            label = ""
    if label:
        raise MalformedToken(f"the frame of {label} is not closed: the file is cut short")
