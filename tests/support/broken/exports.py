"""Rules of exports, and of the words for people that accounts carry as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Export, ServiceLatency
from support.broken.case import ACCOUNT, LONG, Case, account, service, stream


def export_cases() -> Iterator[Case]:
    def case(code: str, place: str, broken: Export, fine: Export) -> Case:
        return Case(
            code=f"export-{code}",
            path=f"nats.exports[1].{place}",
            broken=account(exports=(stream(subject="zebra"), broken)),
            fine=account(exports=(stream(subject="zebra"), fine)),
        )

    latency = ServiceLatency(results="latency", sampling=1)
    yield case("type", "type", Export(subject="a"), stream(subject="a"))
    for bad in ("", "a b", ".a", "a.", "a..b", "a.>.b"):
        broken = case("subject", "subject", stream(subject=bad), stream(subject="a.b.>"))
        yield replace(broken, ours=bad == "a.>.b")
    yield case(
        "response-type",
        "response_type",
        service(response_type="stream"),
        service(response_type="Stream"),
    )
    yield case(
        "stream-response-type",
        "response_type",
        stream(response_type="Singleton"),
        service(response_type="Singleton"),
    )
    yield case("stream-trace", "allow_trace", stream(allow_trace=True), service(allow_trace=True))
    yield case(
        "stream-latency",
        "service_latency",
        stream(service_latency=latency),
        service(service_latency=latency),
    )
    yield case(
        "latency-sampling",
        "service_latency.sampling",
        service(service_latency=replace(latency, sampling=-100)),
        service(service_latency=replace(latency, sampling="headers")),
    )
    yield case(
        "stream-threshold",
        "response_threshold",
        stream(response_threshold=1),
        service(response_threshold=1),
    )
    yield case("threshold", "response_threshold", service(response_threshold=-1), service())
    for sampling, fine_sampling in ((-1, 1), (101, 100)):
        yield case(
            "latency-sampling",
            "service_latency.sampling",
            service(service_latency=replace(latency, sampling=sampling)),
            service(service_latency=replace(latency, sampling=fine_sampling)),
        )
    for results in ("", "a b", "latency.*", "*.latency", ">"):
        yield case(
            "latency-results",
            "service_latency.results",
            service(service_latency=replace(latency, results=results)),
            service(service_latency=replace(latency, results="latency.x*")),
        )
    for subject, position in (("a.b", 1), ("a.*", 1), ("a.*", 3), ("a.*.>", 3), ("a*.b", 1)):
        yield case(
            "token-position",
            "account_token_position",
            stream(subject=subject, account_token_position=position),
            stream(subject="a.*.>", account_token_position=2),
        )
    yield case(
        "token-unchecked",
        "token_req",
        service(token_req=True, account_token_position=2),
        service(token_req=True),
    )
    yield case(
        "revocation-key",
        'revocations["account"]',
        service(revocations={"account": 1}),
        service(revocations={"*": 1, ACCOUNT.public: 1}),
    )
    for inner, outer in (
        ("a", "a"),
        ("a", "*"),
        ("a.b", "a.*"),
        ("a.*", "a.>"),
        ("a.b.>", "a.>"),
        ("a.b", ">"),
        ("*", ">"),
        ("a.b.>", "a.*.*"),
    ):
        for make, other in ((stream, service), (service, stream)):
            yield Case(
                code="export-contained",
                path="nats.exports[2].subject",
                broken=account(
                    exports=(other(subject=inner), make(subject=outer), make(subject=inner))
                ),
                fine=account(exports=(make(subject=outer), other(subject=inner))),
            )
    yield from info_cases("nats.exports[0]", lambda **given: account(exports=(stream(**given),)))


def info_cases(path: str, make: Any) -> Iterator[Case]:
    def case(code: str, field: str, broken: str, fine: str) -> Case:
        return Case(
            code=code,
            path=f"{path}.{field}",
            broken=make(**{field: broken}),
            fine=make(**{field: fine}),
        )

    # Bytes count, and not characters.
    yield case("description-length", "description", "é" * (LONG // 2 + 1), "é" * (LONG // 2))
    url = "https://example.org/"
    yield case("info-url-length", "info_url", url.ljust(LONG + 1, "a"), url.ljust(LONG, "a"))
    for bad in (
        "example.org",
        "//example.org",
        "https://",
        "mailto:a@b",
        "https://%zz",
        "http://:1",
    ):
        yield case("info-url", "info_url", bad, "x://é:1")
