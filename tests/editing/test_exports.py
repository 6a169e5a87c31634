from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jetshare.editing import exports
from jetshare.errors import InputError, JetshareError, NotFound, ShareConflict
from jetshare.identity.claims import Export, ServiceLatency
from support.accounts import account

ASK = Export(name="ask", subject="ask.*", type="service", token_req=True, unknown={"x": 1})
TELL = Export(name="tell", subject="tell.>", type="stream", token_req=True)
OPEN = Export(name="open", subject="open", type="stream")
BOTH = (
    Export(name="s", subject="both", type="stream"),
    Export(name="r", subject="both", type="service"),
)


def test_a_subject_may_be_a_stream_and_a_service() -> None:
    held = account(exports=(TELL,))
    for export in BOTH:
        held = exports.add_export(held, export)
    assert held.nats.exports == (TELL, *BOTH)
    with pytest.raises(ShareConflict, match=r'stream export subject "tell\.>" already exports'):
        exports.add_export(held, replace(TELL, name="again"))


def test_an_edit_touches_the_fields_that_it_names() -> None:
    held = account(exports=(TELL, ASK, OPEN))
    after = exports.edit_export(held, ASK, name="asked", token_req=False)
    assert after == held.with_nats(
        exports=(TELL, replace(ASK, name="asked", token_req=False), OPEN)
    )


@pytest.mark.parametrize(
    ("changes", "response_type"), [({}, "Singleton"), ({"response_type": "Chunked"}, "Chunked")]
)
def test_a_stream_that_becomes_a_service(changes: dict[str, Any], response_type: str) -> None:
    held = account(exports=(TELL,))
    (after,) = exports.edit_export(held, TELL, kind="service", **changes).nats.exports
    assert after == replace(TELL, type="service", response_type=response_type)


def test_a_service_that_becomes_a_stream_has_nothing_left_of_it() -> None:
    service = replace(
        ASK,
        response_type="Stream",
        response_threshold=5,
        service_latency=ServiceLatency(sampling=1, results="l"),
        allow_trace=True,
    )
    (after,) = exports.edit_export(account(exports=(service,)), service, kind="stream").nats.exports
    assert after == replace(ASK, type="stream")


def test_deleting() -> None:
    held = account(exports=(TELL, ASK))
    assert exports.delete_export(held, ASK) == account(exports=(TELL,))


@pytest.mark.parametrize(
    ("subject", "kind", "found"),
    [
        ("tell.>", "", TELL),
        ("", "service", ASK),
        ("tell.>", "stream", TELL),
        ("ask.*", "service", ASK),
    ],
)
def test_finding(subject: str, kind: str, found: Export) -> None:
    assert exports.find_export(account(exports=(TELL, OPEN, ASK)), subject, kind) is found


@pytest.mark.parametrize(
    ("held", "subject", "kind", "error", "says", "hint"),
    [
        ((), "x", "", NotFound, "doesn't have exports", None),
        ((TELL,), "x", "service", NotFound, "doesn't have service exports", None),
        ((TELL, ASK), "", "", InputError, "a subject is required", "there are: tell.>, ask.*"),
        ((TELL,), "tell.x", "", NotFound, 'no export matching "tell.x"', "there are: tell.>"),
        (BOTH, "both", "", InputError, "a stream and a service are both", "--service=false"),
    ],
)
def test_what_is_not_found(
    held: tuple[Export, ...],
    subject: str,
    kind: str,
    error: type[JetshareError],
    says: str,
    hint: str | None,
) -> None:
    with pytest.raises(error) as raised:
        exports.find_export(account(exports=held), subject, kind)
    assert says in str(raised.value)
    assert hint is None or hint in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("subject", "kind", "private", "found"),
    [
        ("tell.a.b", "", False, TELL),
        ("ask.me", "service", True, ASK),
        ("open", "", False, OPEN),
        ("", "service", True, ASK),
    ],
)
def test_what_covers_a_subject(subject: str, kind: str, private: bool, found: Export) -> None:
    held = account(exports=(TELL, ASK, OPEN))
    assert exports.covering_export(held, subject, kind, private=private) is found


@pytest.mark.parametrize(
    ("held", "subject", "private", "says"),
    [
        ((OPEN,), "open", True, "doesn't have exports that require an activation token"),
        ((TELL, OPEN), "open", True, 'a private export for "open" was not found'),
        ((TELL, ASK), "", False, "a subject is required"),
        ((ASK,), "ask.a.b", False, 'an export for "ask.a.b" was not found'),
        (BOTH, "both", False, "a stream and a service are both exported"),
    ],
)
def test_what_covers_nothing(
    held: tuple[Export, ...], subject: str, private: bool, says: str
) -> None:
    with pytest.raises(JetshareError, match=says):
        exports.covering_export(account(exports=held), subject, private=private)
