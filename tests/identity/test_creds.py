from __future__ import annotations

import pytest

from jetshare.errors import JetshareError, KeyFormatError, MalformedToken, TokenTooLarge
from jetshare.identity import creds, jwt
from jetshare.identity.claims import Activation, Claims, User
from jetshare.identity.creds import Creds
from jetshare.identity.nkeys import KeyPair, Kind
from support.generated import KEYS

NOW = 1_800_000_000
ACCOUNT, USER = KEYS[Kind.ACCOUNT], KEYS[Kind.USER]
TOKEN = jwt.encode(Claims(name="u", sub=USER.public, nats=User()), ACCOUNT, NOW).token
HELD = Creds(jwt=TOKEN, key=USER)
FILE = creds.format_creds(HELD)
ACTIVATION = jwt.encode(
    Claims(sub=ACCOUNT.public, nats=Activation(subject="a", kind="service")), ACCOUNT, NOW
).token


def test_creds_file() -> None:
    assert (
        f"-----BEGIN NATS USER JWT-----\n{TOKEN}\n------END NATS USER JWT------\n\n"
        "************************* IMPORTANT *************************\n"
        "NKEY Seed printed below can be used to sign and prove identity.\n"
        "NKEYs are sensitive and should be treated as secrets.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{USER.seed()}\n------END USER NKEY SEED------\n\n"
        "*************************************************************\n"
    ) == FILE
    assert creds.parse_creds(FILE) == HELD


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("\n", "\r\n"),
        FILE.replace("\n", "\n\n"),
        FILE.replace("-----B", "---B").replace("------E", "---E"),
        FILE.rstrip("*\n"),
        "\ufeff" + FILE,
        "mine:\n" + FILE + "\nkeep it safe\n",
        "".join(f"  {line}\n" for line in FILE.splitlines()),
    ],
)
def test_creds_files_of_other_tools(text: str) -> None:
    assert creds.parse_creds(text) == HELD
    assert creds.parse_token_file(text) == TOKEN
    assert creds.parse_seed_file(text) == USER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "this holds 0 and 0"),
        (TOKEN, "this holds 0 and 0"),
        (USER.seed(), "this holds 0 and 0"),
        (FILE.split("****")[0], "this holds 1 and 0"),
        (FILE[FILE.index("***") :], "this holds 0 and 1"),
        (FILE + FILE, "this holds 2 and 2"),
        (FILE.replace("------END USER NKEY SEED------", ""), "not closed: the file is cut short"),
        (FILE.replace("------END NATS USER JWT------", ""), "NATS USER JWT is not closed"),
        (FILE.replace("END NATS USER JWT", "END NATS X JWT"), "ends as one of NATS X JWT"),
        (FILE.replace(TOKEN, ""), "NATS USER JWT holds 0 lines"),
        (FILE.replace(TOKEN, TOKEN[:50] + "\n" + TOKEN[50:]), "NATS USER JWT holds 2 lines"),
        (FILE.replace(USER.seed(), ""), "USER NKEY SEED holds 0 lines"),
        (FILE.replace(TOKEN, TOKEN[:-9] + "AAAAAAAAA"), "not as .* signed it|not base64url"),
        (FILE.replace(TOKEN, ACTIVATION), "type activation, and user is wanted"),
        (FILE.replace(USER.seed(), USER.seed()[:-1]), "58 characters, not 57"),
        (FILE.replace(USER.seed(), USER.seed()[:-1] + "A"), "wrong checksum"),
        (FILE.replace(USER.seed(), ACCOUNT.seed()), f"and the seed that of {ACCOUNT.public}"),
        (
            FILE.replace(USER.seed(), KeyPair.generate(Kind.USER).seed()),
            f"is that of user {USER.public}, and the seed that of U",
        ),
    ],
)
def test_creds_files_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(JetshareError, match=reason) as raised:
        creds.parse_creds(text)
    assert USER.seed()[:20] not in str(raised.value)


def test_too_large() -> None:
    with pytest.raises(TokenTooLarge):
        creds.parse_creds("x" * (2 * jwt.SIZE_LIMIT))


def test_creds_that_do_not_belong_together_are_not_written() -> None:
    with pytest.raises(MalformedToken, match="is that of user"):
        creds.format_creds(Creds(jwt=TOKEN, key=KeyPair.generate(Kind.USER)))
    with pytest.raises(MalformedToken, match="type activation, and user is wanted"):
        creds.format_creds(Creds(jwt=ACTIVATION, key=USER))


def test_creds_show_no_secret() -> None:
    assert repr(HELD) == f"Creds(key=KeyPair({USER.public}))"


def test_activation_file() -> None:
    text = creds.format_activation(ACTIVATION)
    assert text == (
        "-----BEGIN NATS ACTIVATION JWT-----\n"
        f"{ACTIVATION}\n"
        "------END NATS ACTIVATION JWT------\n\n"
    )
    assert creds.parse_token_file(text) == ACTIVATION
    with pytest.raises(MalformedToken, match="type user, and activation is wanted"):
        creds.format_activation(TOKEN)


@pytest.mark.parametrize("text", [TOKEN, f"{TOKEN}\n", f"\r\n  {TOKEN}\r\n", f"\t{TOKEN}"])
def test_bare_token(text: str) -> None:
    assert creds.parse_token_file(text) == TOKEN


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no tokens"),
        (" \n", "holds no tokens"),
        (f"{TOKEN}\n{TOKEN}", "holds no tokens"),
        (creds.format_activation(ACTIVATION) * 2, "holds 2 tokens"),
        (creds.format_activation(ACTIVATION)[:-40], "cut short"),
        ("hello world", "holds no tokens"),
    ],
)
def test_token_files_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(MalformedToken, match=reason):
        creds.parse_token_file(text)


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.ACCOUNT, Kind.USER])
def test_seed_file(kind: Kind) -> None:
    key = KEYS[kind]
    text = creds.format_seed(key)
    name = str(kind).upper()
    assert f"-----BEGIN {name} NKEY SEED-----\n{key.seed()}\n------END {name} NKEY SEED" in text
    assert creds.parse_seed_file(text) == key
    assert creds.parse_seed_file(f" {key.seed()}\r\n") == key


@pytest.mark.parametrize("kind", [Kind.SERVER, Kind.CLUSTER, Kind.CURVE])
def test_seeds_that_have_no_frame(kind: Kind) -> None:
    with pytest.raises(KeyFormatError, match="have no frame"):
        creds.format_seed(KEYS[kind])


@pytest.mark.parametrize(
    "text", ["", TOKEN, USER.public, creds.format_seed(USER)[:-90], creds.format_seed(USER) * 2]
)
def test_seed_files_that_are_refused(text: str) -> None:
    with pytest.raises(KeyFormatError) as raised:
        creds.parse_seed_file(text)
    assert USER.seed()[:20] not in str(raised.value)
