"""What a server may take for the name of a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetshare.server.spellings import all_text, lower, spelt_in


def test_small_letters_are_those_of_go() -> None:
    assert lower("Pİd_FILE") == "pid_file"
    assert lower("\N{KELVIN SIGN}ey") == "key"
    assert lower("leafnodeſ") == "leafnodeſ"


def test_every_spelling_is_found_wherever_it_stands() -> None:
    text = "Http: 1; x-HTTP_port $http # hTTp"
    assert spelt_in(text, "http") == {"Http", "HTTP", "http", "hTTp"}
    assert spelt_in(text, "http_port") == {"HTTP_port"}
    # Python ignores the case of these, and a server does not.
    assert spelt_in("pıd_file leafnodeſ", "pid_file") == set()
    assert spelt_in("leafnodeſ", "leafnodes") == set()


@pytest.mark.parametrize(
    "line",
    [
        "include more/a.conf",
        "INCLUDE more/a.conf;",
        "include 'more/a.conf'",
        'accounts { İnclude "more/../more/a.conf" }',
        "include /more/a.conf",  # below the folder of the file too
        "x: {include more/a.conf}",
    ],
)
def test_what_is_included_is_read_too(line: str, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.conf").write_text("include b.conf")
    (tmp_path / "more" / "b.conf").write_text("found: 1\ninclude ../a.conf")
    (tmp_path / "a.conf").write_text(f"{line}\n", encoding="utf-8")
    assert "found: 1" in all_text(tmp_path / "a.conf")


def test_what_cannot_be_read_is_left_to_the_server(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_bytes(b"include none.conf\ninclude .\ninclude a\0b\n\xff")
    assert all_text(file).startswith("include none.conf")
