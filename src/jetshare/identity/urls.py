"""The shape of a URL in a document, after RFC 3986 and as Go's ``net/url`` takes it.

``urllib.parse.urlsplit`` is no judge of that: it drops control characters and lets
most malformed hosts pass, and a server then refuses the document.
"""

from __future__ import annotations

import ipaddress
import re

from jetshare.identity.record import record

_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)"
    r"(?:\?[^#]*)?"
    r"(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
# Of ASCII, a host may escape nothing but the percent sign itself.
_HOST = re.compile(r"(?:[^ #%/?@\[\\^`{|}]|%25|%[89A-Fa-f][0-9A-Fa-f])*")
_PORT = re.compile(r":?|:[0-9]+")
_ADDRESS = re.compile(r"\[(?P<address>[^\[]*)\](?P<port>[^\]]*)")


@record
class Url:
    """The parts that a document's rules look at. ``scheme`` is lower case; '' is absent."""

    scheme: str
    has_user: bool
    host: str
    path: str


def parse_url(text: str) -> Url | None:
    """The parts of a URL or of a relative reference; None where the text is neither."""
    parts = _PARTS.fullmatch(text)
    if parts is None or _CONTROL.search(text.partition("#")[0]):
        return None
    if _BAD_ESCAPE.search(parts["fragment"] or ""):
        return None
    scheme = (parts["scheme"] or "").lower()
    authority, path = parts["authority"], parts["path"]
    if scheme and authority is None and not path.startswith("/"):
        return Url(scheme=scheme, has_user=False, host="", path="")  # opaque, as in mailto:
    if not scheme and authority is None and ":" in path.partition("/")[0]:
        return None
    if _BAD_ESCAPE.search(path):
        return None
    user, at, address = (authority or "").rpartition("@")
    if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user):
        return None
    host = _host(address)
    return None if host is None else Url(scheme=scheme, has_user=bool(at), host=host, path=path)


def _host(address: str) -> str | None:
    if literal := _ADDRESS.fullmatch(address):
        host = literal["address"].replace("%25", "%")
        return host if _PORT.fullmatch(literal["port"]) and _is_ipv6(host) else None
    host, colon, port = address.rpartition(":") if ":" in address else (address, "", "")
    if not _PORT.fullmatch(colon + port) or not _HOST.fullmatch(host):
        return None
    return host


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
