"""Messages in the API's answers, and answers that hold none."""

from __future__ import annotations

import pytest

from jetshare.net.stored import StoredMessage, stored_message


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        (b'{"message": {"subject": "a", "seq": 7, "data": "eA=="}}', False),
        (b'{"message": {"subject": "a", "seq": 7, "hdrs": "TkFUUw=="}}', False),
        (b'{"message": {"subject": "a", "seq": 7}}', True),
    ],
)
def test_a_message(body: bytes, empty: bool) -> None:
    assert stored_message(body) == StoredMessage(subject="a", sequence=7, empty=empty)


@pytest.mark.parametrize(
    "body",
    [b"", b"xx", b"[]", b"1", b"{}", b'{"error": {"code": 404}}', b'{"message": {"seq": 7}}'],
)
def test_no_message(body: bytes) -> None:
    assert stored_message(body) is None
