"""What the files are called that a verb leaves."""

from __future__ import annotations

import pytest

from jetshare.cli.files import file_words
from jetshare.workflows.grant import Grant


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("ACCTA", "ACCTB"), ["ACCTA", "ACCTB"]),
        (("A B", "A-B"), ["key0", "key1"]),
        (("acct", "ACCT", "OTHER"), ["key0", "key1", "OTHER"]),
        (("../../etc/x", ""), ["-..-etc-x", "key1"]),
    ],
)
def test_no_two_importers_share_a_file(names: tuple[str, ...], words: list[str]) -> None:
    grants = [
        Grant(importer=f"key{number}", importer_name=name, bundle="", renewed=False)
        for number, name in enumerate(names)
    ]
    assert list(file_words(grants).values()) == words
