"""What a share offers, as subjects.

One kind so far: the durable pull consumer. It is shared as up to four service
subjects (ADR-37 for NEXT and INFO, ADR-15 for both forms of the
acknowledgement). API subjects are imported under a prefix of the importer's own,
because an unmapped ``$JS.API`` import makes both accounts answer; ACK subjects
are imported as they are, because the reply subject of a message arrives verbatim.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from jetshare.errors import InputError
from jetshare.identity import subjects

API_PREFIX = "$JS.API"
STREAM = "Stream"
SINGLETON = "Singleton"

_NAME_LIMIT = 255  # server/stream.go: JSMaxNameLen
_HASH_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Role(StrEnum):
    """What one shared subject is for."""

    NEXT = "NEXT"
    ACK = "ACK"
    ACK_V2 = "ACK-V2"
    INFO = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSubject:
    """One subject of a share: what the provider exports and the importer imports."""

    role: Role
    subject: str
    response_type: str

    def local(self, prefix: str) -> str:
        """The importer's own name for it: API subjects move under ``prefix``."""
        if self.role in (Role.ACK, Role.ACK_V2):
            return self.subject
        return prefix + self.subject.removeprefix(API_PREFIX)


@dataclass(frozen=True, slots=True, order=True)
class PullConsumer:
    """A durable pull consumer, named as ``STREAM/CONSUMER``."""

    stream: str
    consumer: str

    @classmethod
    def parse(cls, text: str) -> PullConsumer:
        stream, slash, consumer = text.partition("/")
        if not slash:
            raise InputError(
                f'"{text}" does not name a consumer',
                hint="write it as STREAM/CONSUMER, for example ORDERS/ORDERS-C1",
            )
        return cls(check_name("stream", stream), check_name("consumer", consumer))

    def __str__(self) -> str:
        return f"{self.stream}/{self.consumer}"

    @property
    def _tokens(self) -> str:
        return f"{self.stream}.{self.consumer}"

    def next_subject(self) -> str:
        return f"{API_PREFIX}.CONSUMER.MSG.NEXT.{self._tokens}"

    def info_subject(self) -> str:
        return f"{API_PREFIX}.CONSUMER.INFO.{self._tokens}"

    def ack_subject(self) -> str:
        return f"$JS.ACK.{self._tokens}.>"

    def ack_v2_subject(self, provider: str) -> str:
        """The second form, pinned to the provider: any domain, this account's hash only."""
        return f"$JS.ACK.*.{account_hash(provider)}.{self._tokens}.>"

    def subjects(self, provider: str, *, info: bool = True) -> tuple[SharedSubject, ...]:
        """The subjects of this share when ``provider`` (its public key) owns the stream.

        NEXT has the response type Stream: as a Singleton the server would let one
        message of each pull through and drop the rest, which stay leased.
        """
        shared = [
            SharedSubject(role=Role.NEXT, subject=self.next_subject(), response_type=STREAM),
            SharedSubject(role=Role.ACK, subject=self.ack_subject(), response_type=SINGLETON),
            SharedSubject(
                role=Role.ACK_V2,
                subject=self.ack_v2_subject(provider),
                response_type=SINGLETON,
            ),
        ]
        if info:
            shared.append(
                SharedSubject(role=Role.INFO, subject=self.info_subject(), response_type=SINGLETON)
            )
        return tuple(shared)


def account_hash(public: str) -> str:
    """The eight characters that stand for an account in v2 reply subjects (ADR-15).

    The first eight bytes of SHA-256 over the public key, each byte modulo 62 as a
    digit (nats-server, ``getHash``).
    """
    digest = hashlib.sha256(public.encode()).digest()
    return "".join(_HASH_DIGITS[byte % 62] for byte in digest[:8])


def check_name(what: str, name: str) -> str:
    """A stream's or consumer's name, as the server allows it (ADR-6), or InputError."""
    if not name:
        raise InputError(f"the {what} name is empty", hint="write STREAM/CONSUMER")
    if len(name.encode()) > _NAME_LIMIT:
        raise InputError(
            f"the {what} name is longer than {_NAME_LIMIT} bytes", hint="use a shorter name"
        )
    for char in name:
        if char in ".*>/\\" or char.isspace() or not char.isprintable():
            raise InputError(
                f'{what} name "{name}" holds {_spell(char)}'.replace("\n", " "),
                hint="a name holds no dot, space, *, >, / or \\",
            )
    return name


def check_prefix(prefix: str) -> str:
    """An importer's JetStream API prefix, or InputError.

    It must be literal (the server cannot map a wildcard here) and must not begin
    with ``$JS``, where the importer's own JetStream answers.
    """
    prefix = prefix.removesuffix(".")
    hint = "use plain tokens, for example ACCTC.API"
    if not prefix:
        raise InputError("the prefix is empty", hint=hint)
    if prefix.split(".", 1)[0].startswith("$"):
        raise InputError(f'prefix "{prefix}" begins with a reserved token', hint=hint)
    if subjects.has_wildcards(prefix):
        raise InputError(f'prefix "{prefix}" holds a wildcard', hint=hint)
    subjects.check(prefix)
    return prefix


def suggested_prefix(provider_name: str) -> str:
    """``ACCTC.API`` for a provider named ACCTC; characters that no token may hold become ``-``."""
    token = "".join(c if c.isalnum() or c in "-_" else "-" for c in provider_name)
    return f"{token or 'SHARED'}.API"


def _spell(char: str) -> str:
    if char.isspace():
        return "white space"
    return f'"{char}"' if char.isprintable() else f"the control character {char!r}"
