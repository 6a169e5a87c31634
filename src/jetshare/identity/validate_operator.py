"""Rules of an operator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jetshare.identity.claims import Operator
from jetshare.identity.findings import Finding, finding, show, show_url
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.urls import parse_url

_VERSION: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}")
_SERVICE_SCHEMES: Final = ("nats", "tls", "ws", "wss")


def check_operator(operator: Operator) -> Iterator[Finding]:
    url = parse_url(operator.account_server_url)
    if operator.account_server_url and (url is None or not url.scheme):
        yield finding(
            "operator-account-server-url",
            "nats.account_server_url",
            f"account server {show_url(operator.account_server_url)} is not a URL with a scheme",
        )
    for index, service in enumerate(operator.operator_service_urls):
        if service:
            yield from _service(f"nats.operator_service_urls[{index}]", service)
    for index, key in enumerate(operator.signing_keys):
        if not is_public(key, Kind.OPERATOR):
            yield finding(
                "operator-signing-key",
                f"nats.signing_keys[{index}]",
                f"signing key {show(key)} is not an operator's public key",
            )
    if operator.system_account and not is_public(operator.system_account, Kind.ACCOUNT):
        yield finding(
            "operator-system-account",
            "nats.system_account",
            f"system account {show(operator.system_account)} is not an account's public key",
        )
    version = operator.assert_server_version
    if version and not _VERSION.fullmatch(version):
        yield finding(
            "operator-server-version",
            "nats.assert_server_version",
            f"server version {show(version)} is not of the form x.y.z",
        )


def _service(path: str, text: str) -> Iterator[Finding]:
    url = parse_url(text)
    if url is None:
        yield finding("operator-service-url", path, f"service URL {show_url(text)} is not a URL")
    elif url.has_user:
        yield finding(
            "operator-service-url-user",
            path,
            f"service URL {show_url(text)} holds a user or a password",
        )
    elif url.path:
        yield finding(
            "operator-service-url-path", path, f"service URL {show_url(text)} holds a path"
        )
    elif url.scheme not in _SERVICE_SCHEMES:
        yield finding(
            "operator-service-url-scheme",
            path,
            f"service URL {show_url(text)} is none of {', '.join(_SERVICE_SCHEMES)}",
        )
    elif not url.host:
        yield finding(
            "operator-service-url-host", path, f"service URL {show_url(text)} names no host"
        )
