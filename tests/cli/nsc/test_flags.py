"""Flags by the rules of Go's pflag."""

from __future__ import annotations

import pytest

from jetshare.cli.nsc.flags import UsageError, Words, number, parse, several, size, switch, text

FLAGS = (
    text("name", "n"),
    text("output-file", "o"),
    switch("private", "p"),
    switch("service", "r"),
    several("tag"),
    number("weight"),
    number("allow-pub-response", implied="1"),
    size("js-mem-storage"),
)


def read(*argv: str, arguments: int = 1) -> Words:
    return parse(argv, FLAGS, arguments=arguments)


@pytest.mark.parametrize(
    "argv",
    [
        ("--name", "x"),
        ("--name=x",),
        ("-n", "x"),
        ("-nx",),
        ("-n=x",),
        ("-pnx",),
        ("-p", "-n", "x"),
        ("-pn", "x"),
    ],
)
def test_the_ways_to_give_a_value(argv: tuple[str, ...]) -> None:
    assert read(*argv).text("name") == "x"


def test_a_value_may_look_like_a_flag() -> None:
    assert read("--js-mem-storage", "-1").number("js-mem-storage") == -1
    assert read("--output-file", "--").text("output-file") == "--"


def test_switches_stand_together_and_take_a_value_with_an_equals_sign_only() -> None:
    words = read("-pr")
    assert words.on("private")
    assert words.on("service")
    assert read("--private=false").switch("private") is False
    assert read("--private", "false").arguments == ("false",)
    assert read().switch("private") is None


def test_a_number_that_may_stand_alone() -> None:
    assert read("--allow-pub-response").number("allow-pub-response") == 1
    assert read("--allow-pub-response=5").number("allow-pub-response") == 5
    words = read("--allow-pub-response", "5")
    assert words.number("allow-pub-response") == 1
    assert words.arguments == ("5",)


def test_a_list_gathers() -> None:
    assert read("--tag", "a,b", "--tag=c").list("tag") == ("a", "b", "c")
    assert read().list("tag") == ()


def test_of_the_same_flag_the_last_counts() -> None:
    assert read("--name", "x", "--name", "y").text("name") == "y"


def test_arguments_stand_anywhere() -> None:
    assert read("x", "--private").arguments == ("x",)
    assert read("--private", "x").name() == "x"
    assert read("--name", "y", "x").name() == "y"
    assert read("--", "--private").arguments == ("--private",)
    assert read("-").arguments == ("-",)


@pytest.mark.parametrize(
    ("argv", "says", "hint"),
    [
        (("--frob",), "unknown flag: --frob", ""),
        (("--privat",), "unknown flag: --privat", "did you mean --private?"),
        (("-z",), 'unknown shorthand flag: "z" in -z', ""),
        (("-pz",), 'unknown shorthand flag: "z" in -pz', ""),
        (("--name",), "flag needs an argument: --name", ""),
        (("-n",), "flag needs an argument: -n", ""),
        (("--weight", "x"), 'invalid argument "x" for --weight: must be a whole number', ""),
        (("--private=maybe",), 'invalid argument "maybe" for --private', ""),
        (("a", "b"), 'unknown argument "b"', ""),
    ],
)
def test_words_that_are_none(argv: tuple[str, ...], says: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(*argv)
    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_a_hidden_flag_is_not_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        parse(["--advertis"], [switch("advertise", hidden=True)], arguments=0)
    assert "advertise" not in caught.value.hint
