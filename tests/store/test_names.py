from __future__ import annotations

import pytest

from jetshare.errors import InputError
from jetshare.store.names import check_free, check_name, is_name, not_found


@pytest.mark.parametrize("name", ["A", "Äpfel", "a b", "a.b", "x" * 240, "$SYS", "-"])
def test_names_that_can_be_files(name: str) -> None:
    assert check_name("account", name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (".", "begins with a dot"),
        ("..", "begins with a dot"),
        (".hidden", "begins with a dot"),
        ("a/b", "holds '/'"),
        ("a\\b", r"holds '\\\\'"),
        ("a\0b", "holds '.x00'"),
        ("a\nb", "holds '.n'"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("x" * 241, "longer than 240 bytes"),
        ("ä" * 121, "longer than 240 bytes"),
        ("a\ud800", "holds '.ud800'"),
    ],
)
def test_names_that_cannot(name: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        check_name("account", name)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\\b", "a\0"])
def test_what_is_not_looked_for_in_the_folder(name: str) -> None:
    assert not is_name(name)


def test_names_of_other_tools_are_looked_for() -> None:
    assert is_name(".hidden")


def test_letters_case_alone_makes_no_name() -> None:
    check_free("account", "A", ["A", "B"])
    with pytest.raises(InputError, match='"Acct" differs from "ACCT" by upper and lower case'):
        check_free("account", "Acct", ["B", "ACCT"])


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (["ACCTB", "SYS"], 'did you mean "ACCTB"?'),
        (["X", "SYS"], "there are: SYS, X"),
        ([], "there is no account yet"),
        ([f"zzzz{i}" for i in range(10)], "there are: zzzz0, zzzz1, zzzz2, zzzz3, zzzz4, zzzz5,"),
    ],
)
def test_the_nearest_is_named(known: list[str], hint: str) -> None:
    error = not_found("account", "acctc", known, where="operator OP")
    assert str(error) == 'account "acctc" is not in operator OP'
    assert error.hint.startswith(hint)


def test_an_unknown_name_cannot_break_the_line() -> None:
    assert "\n" not in str(not_found("account", "a\nb" + "x" * 1000, [], where="operator OP"))
