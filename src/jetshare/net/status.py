"""The header block of a frame: a message's headers, or a status in place of a message."""

from __future__ import annotations

from dataclasses import dataclass

_VERSION = b"NATS/1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A word of the server about a pull (ADR-37).

    The pending counts are what a pull that ended had still to be given; None where the
    server does not say.
    """

    code: int
    text: str = ""
    pending_messages: int | None = None
    pending_bytes: int | None = None


def parse_status(header: bytes) -> Status | None:
    """The status in a header block; None where it is the header of a message."""
    if not is_status(header):
        return None
    line = header[len(_VERSION) + 1 : header.find(b"\r\n")].decode("utf-8", "replace")
    code, _, text = line.partition(" ")
    fields = parse_headers(header)
    return Status(
        code=_count(code) or 0,
        text=text.strip(),
        pending_messages=_count(fields.get("Nats-Pending-Messages")),
        pending_bytes=_count(fields.get("Nats-Pending-Bytes")),
    )


def is_status(header: bytes) -> bool:
    return header[len(_VERSION) : len(_VERSION) + 1] == b" "


def parse_headers(header: bytes) -> dict[str, str]:
    """The fields of a header block; of a name given twice, the last value."""
    fields = {}
    for line in header.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            fields[_text(name)] = _text(value)
    return fields


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
