"""Rules of what an account exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from jetshare.identity.claims import Export, ServiceLatency
from jetshare.identity.containment import contained
from jetshare.identity.findings import Finding, at, finding, show, show_url
from jetshare.identity.nkeys import Kind, is_public
from jetshare.identity.subjects import fault, has_wildcards
from jetshare.identity.urls import parse_url

_RESPONSE_TYPES: Final = ("", "Singleton", "Stream", "Chunked")
_INFO_BYTES: Final = 8 * 1024


def check_exports(exports: tuple[Export, ...]) -> Iterator[Finding]:
    for index, export in enumerate(exports):
        yield from _export(f"nats.exports[{index}]", export)
    for services in (True, False):
        yield from _contained(
            [i for i, export in enumerate(exports) if (export.type == "service") is services],
            exports,
        )


def check_info(path: str, owner: str, description: str, info_url: str) -> Iterator[Finding]:
    """The words for people that accounts and exports carry."""
    if _bytes(description) > _INFO_BYTES:
        yield finding(
            "description-length", f"{path}.description", f"{owner}: description over 8 KiB"
        )
    if _bytes(info_url) > _INFO_BYTES:
        yield finding("info-url-length", f"{path}.info_url", f"{owner}: info URL over 8 KiB")
    url = parse_url(info_url)
    if info_url and (url is None or not url.scheme or not url.host):
        yield finding(
            "info-url",
            f"{path}.info_url",
            f"{owner}: info URL {show_url(info_url)} is not a URL with a scheme and a host",
        )


def _export(path: str, export: Export) -> Iterator[Finding]:
    owner = _name(export)
    if export.type not in ("stream", "service"):
        yield finding("export-type", f"{path}.type", f"{owner} is neither a stream nor a service")
    if export.type == "service" and export.response_type not in _RESPONSE_TYPES:
        yield finding(
            "export-response-type",
            f"{path}.response_type",
            f"{owner}: there is no response type {show(export.response_type)}",
        )
    if export.type == "stream":
        yield from _only_service(path, export)
    if export.service_latency is not None:
        yield from _latency(f"{path}.service_latency", export, export.service_latency)
    yield from _threshold(f"{path}.response_threshold", export)
    if wrong := fault(export.subject):
        yield finding("export-subject", f"{path}.subject", f"{owner}: the subject {wrong}")
    yield from _token_position(path, export)
    yield from check_info(path, owner, export.description, export.info_url)
    for key in export.revocations:
        if key != "*" and not is_public(key, Kind.ACCOUNT):
            yield finding(
                "export-revocation-key",
                at(f"{path}.revocations", key),
                f"{owner}: {show(key)} is revoked, which is neither an account's key nor '*'",
            )


def _only_service(path: str, export: Export) -> Iterator[Finding]:
    if export.response_type:
        yield finding(
            "export-stream-response-type",
            f"{path}.response_type",
            f"{_name(export)} has response type {show(export.response_type)}; "
            "only a service has one",
        )
    if export.allow_trace:
        yield finding(
            "export-stream-trace",
            f"{path}.allow_trace",
            f"{_name(export)} allows traces; only the export of a service may",
        )


def _latency(path: str, export: Export, latency: ServiceLatency) -> Iterator[Finding]:
    owner = _name(export)
    if export.type != "service":
        yield finding(
            "export-stream-latency", path, f"{owner} measures latency; only a service does"
        )
    # 0 stands for "headers" in Go, and never leaves as a number.
    if isinstance(latency.sampling, int) and not 0 <= latency.sampling <= 100:
        yield finding(
            "export-latency-sampling",
            f"{path}.sampling",
            f"{owner}: latency sampling of {latency.sampling} is not within 1 to 100",
        )
    wrong = fault(latency.results)
    if not wrong and has_wildcards(latency.results):
        wrong = "holds wildcards"
    if wrong:
        yield finding(
            "export-latency-results",
            f"{path}.results",
            f"{owner}: the subject {show(latency.results)} of its latencies {wrong}",
        )


def _threshold(path: str, export: Export) -> Iterator[Finding]:
    if export.response_threshold < 0:
        yield finding(
            "export-threshold", path, f"{_name(export)} has a negative response threshold"
        )
    elif export.response_threshold and export.type != "service":
        yield finding(
            "export-stream-threshold",
            path,
            f"{_name(export)} has a response threshold; only a service has one",
        )


def _token_position(path: str, export: Export) -> Iterator[Finding]:
    position = export.account_token_position
    if not position:
        return
    tokens = export.subject.split(".")
    owner = _name(export)
    if not 0 < position <= len(tokens) or tokens[position - 1] != "*":
        yield finding(
            "export-token-position",
            f"{path}.account_token_position",
            f"{owner}: account token position {position} is not that of a '*'",
        )
    elif export.token_req:
        yield finding(
            "export-token-unchecked",
            f"{path}.token_req",
            f"{owner} asks for activation tokens and takes the account named in token "
            f"{position} without one",
        )


def _contained(indices: list[int], exports: tuple[Export, ...]) -> Iterator[Finding]:
    for inner, outer in contained([exports[index].subject for index in indices]):
        within, around = exports[indices[inner]], exports[indices[outer]]
        yield finding(
            "export-contained",
            f"nats.exports[{indices[inner]}].subject",
            f"{_name(within)} lies within {_name(around)}",
        )


def _name(export: Export) -> str:
    return f"{export.type or 'untyped'} export {show(export.subject)}"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
