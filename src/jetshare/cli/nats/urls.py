"""URLs of servers, as they may be shown."""

from __future__ import annotations


def redacted(urls: str) -> str:
    """URLs, comma separated, without the users and passwords that may stand in them."""
    return ",".join(map(_redacted, urls.split(",")))


def _redacted(url: str) -> str:
    before, sign, after = url.rpartition("@")
    if not sign:
        return url
    scheme, slashes, _ = before.rpartition("//")
    return f"{scheme}{slashes}{after}"
