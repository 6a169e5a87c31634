"""Rules of imports, and of the tokens in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jetshare.identity.claims import Import
from support.broken.case import (
    NOW,
    OPERATOR,
    PROVIDER,
    SIGNER,
    USER,
    Case,
    account,
    activation,
    service_import,
    signed,
    stream_import,
    token,
)


def import_cases() -> Iterator[Case]:
    def case(code: str, place: str, broken: Import, fine: Import) -> Case:
        return Case(
            code=f"import-{code}",
            path=f"nats.imports[1].{place}",
            broken=account(imports=(stream_import(subject="zebra"), broken)),
            fine=account(imports=(stream_import(subject="zebra"), fine)),
        )

    yield case("type", "type", stream_import(type=""), stream_import())
    yield case("subject", "subject", stream_import(subject="a..b"), stream_import(subject="a.>"))
    yield case("account", "account", stream_import(account=""), stream_import())
    yield case("account-key", "account", stream_import(account=USER.public), stream_import())
    yield case(
        "service-trace",
        "allow_trace",
        service_import(allow_trace=True),
        stream_import(allow_trace=True),
    )
    yield case("stream-share", "share", stream_import(share=True), service_import(share=True))
    yield case("to", "to", stream_import(to="a"), stream_import())

    for subject, local, good in (
        ("a", "b b", "b"),
        ("a.*", "b..*", "b.*"),
        ("a.>", "b", "b.>"),
        ("a", "b.>", "b.x>"),
        (">", "b", ">"),
        ("a.*", "b.$2", "b.$1"),
        ("a", "b.$1", "b.$x"),
        ("a.*.*", "$1.$3", "$2.$1"),
        ("a.*", "b", "$1"),
        ("a.*", "*.$1", "*"),
        ("a", "*", "$"),
        ("a.*.>", "b.>", "b.*.>"),
    ):
        yield case(
            "local-subject",
            "local_subject",
            service_import(subject=subject, local_subject=local),
            service_import(subject=subject, local_subject=good),
        )

    yield case(
        "local-subject-to",
        "local_subject",
        service_import(local_subject="a.$1", to="b.*"),
        service_import(local_subject="a.$1"),
    )

    yield from _overlap_cases()

    with_token = stream_import(token=token())
    for_account = signed(activation(issuer_account=PROVIDER.public), SIGNER)
    yield case("token", "token", stream_import(token="no token"), with_token)
    yield case("token", "token", stream_import(token=token() + "A"), with_token)
    yield case("token", "token", stream_import(token=signed(account(), OPERATOR)), with_token)
    yield case(
        "token-issuer",
        "token",
        stream_import(token=token(SIGNER)),
        stream_import(token=for_account),
    )
    yield case(
        "token-importer",
        "token",
        stream_import(token=signed(replace(activation(), sub=SIGNER.public), PROVIDER)),
        with_token,
    )
    yield case("token-type", "token", service_import(token=token()), with_token)
    for named, allowed in (("a", "orders.x"), (">", "orders.x")):
        yield case(
            "token-subject",
            "token",
            stream_import(subject=named, token=token()),
            stream_import(subject=allowed, token=token()),
        )
    yield case(
        "token-expired",
        "token",
        stream_import(token=token(exp=NOW)),
        stream_import(token=token(exp=NOW + 1)),
    )
    yield case(
        "token-not-yet-valid",
        "token",
        stream_import(token=token(nbf=NOW + 1)),
        stream_import(token=token(nbf=NOW)),
    )
    # What is wrong inside the token stands at the token.
    yield Case(
        code="activation-issuer-account",
        path="nats.imports[0].token",
        broken=account(
            imports=(stream_import(token=signed(activation(issuer_account="A"), PROVIDER)),)
        ),
        fine=account(imports=(with_token,)),
    )


def _overlap_cases() -> Iterator[Case]:
    def case(one: Import, other: Import, fine: Import, field: str) -> Case:
        return Case(
            code="import-overlap",
            path=f"nats.imports[1].{field}",
            broken=account(imports=(one, other)),
            fine=account(imports=(one, fine)),
        )

    elsewhere = {"account": SIGNER.public}
    for local in ("a", "*"):
        first = service_import(subject=local)
        yield case(
            first,
            service_import(subject="a"),
            service_import(subject="a", **elsewhere),
            "subject",
        )
        yield case(first, service_import(subject="a"), stream_import(subject="a"), "subject")
        yield case(
            first,
            service_import(subject="b", local_subject="a"),
            service_import(subject="b", local_subject="c.b"),
            "local_subject",
        )
    yield case(
        service_import(subject="x.*", local_subject="a.$1"),
        service_import(subject="y", local_subject="a.b"),
        service_import(subject="y", local_subject="a.b.c"),
        "local_subject",
    )
