"""What the pull state machine says is to be done, and what it is told was found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jetshare.errors import JetshareError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Send this pull request; its statuses come back under ``token``."""

    token: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquire:
    """Ask for the consumer's INFO, and with ``pull`` make a pull that takes nothing."""

    pull: bool


@dataclass(frozen=True, slots=True)
class Warn:
    """Something was lost or refused, and is being made good."""

    text: str


@dataclass(frozen=True, slots=True)
class Forget:
    """The consumer is gone, and with it all that it held; another may take its name."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end: nothing more will come."""

    error: JetshareError


Action = Pull | Inquire | Warn | Forget | Stop


class Answer(StrEnum):
    """What an inquiry found."""

    PRESENT = "present"
    ABSENT = "absent"  # the server says that there is no such consumer or stream
    NO_RESPONDERS = "no responders"
    UNCLEAR = "unclear"  # silence, or an error that says nothing about the consumer
