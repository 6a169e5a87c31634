from __future__ import annotations

import base64
from pathlib import Path

import pytest

from jetshare.errors import InputError, NotFound, TokenError
from jetshare.identity.creds import Creds, format_creds
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.references import Reader
from store.house import House, creds, folder_store, location_in

ACCOUNT = KeyPair.generate(Kind.ACCOUNT)


@pytest.fixture
def held() -> Creds:
    return creds("u", ACCOUNT)


@pytest.fixture
def reader(tmp_path: Path, held: Creds) -> Reader:
    (tmp_path / "u.creds").write_text(format_creds(held))
    (tmp_path / "token").write_text("s3cret\r\n")
    inline = base64.b64encode(format_creds(held).encode()).decode()
    return Reader(
        environment={
            "DIR": str(tmp_path),
            "CREDS": format_creds(held),
            "TOKEN": "s3cret",
            "INLINE": inline,
            "EMPTY": "",
        },
        home=tmp_path,
    )


@pytest.mark.parametrize(
    "reference",
    ["~/u.creds", "$DIR/u.creds", "${DIR}/u.creds", "file://$DIR/u.creds", "FILE://~/u.creds"],
)
def test_files(reader: Reader, held: Creds, reference: str) -> None:
    assert reader.creds(reference) == held


def test_a_path_as_it_is(reader: Reader, held: Creds, tmp_path: Path) -> None:
    assert reader.creds(str(tmp_path / "u.creds")) == held
    assert reader.path("~") == tmp_path
    assert reader.path("a~/b") == Path("a~/b")
    assert reader.path("$NONE/x") == Path("/x")


def test_the_environment_and_inline_data(reader: Reader, held: Creds) -> None:
    assert reader.creds("env://CREDS") == held
    inline = reader.environment["INLINE"]
    assert reader.creds(f"data:;base64,{inline}") == held
    assert reader.creds(f"data:text/plain;base64,{inline}") == held
    assert reader.text("env://TOKEN") == "s3cret"
    assert reader.text("file://~/token") == "s3cret"
    assert reader.text(f"data:;base64,{base64.b64encode(b's3cret').decode()}") == "s3cret"


@pytest.mark.parametrize(
    "value", ["", "s3cret", "a:b", "data", "env:x", "C:\\x", "pass://word", "nsc:x"]
)
def test_a_value_that_is_no_reference_stands_for_itself(reader: Reader, value: str) -> None:
    assert reader.text(value) == value


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("no/such/file", "cannot be read: No such file"),
        ("file:///no/such", "cannot be read: No such file"),
        ("env://NONE", 'no variable "NONE"'),
        ("env://EMPTY", 'no variable "EMPTY"'),
        ("env://", 'no variable ""'),
        ("data:;base64,%%%", "does not decode"),
        ("data:,plain", "is not base64"),
        ("data:;base64", "is not base64"),
        ("op://vault/item/field", "op://"),
        ("nsc://OP/A/u", "cannot be used here"),
        ("nsc://OP/A", "does not name a user"),
        ("nsc://OP//u", "does not name a user"),
        ("nsc://OP/A/u?store=/x", "does not name a user"),
    ],
)
def test_what_leads_nowhere(reader: Reader, reference: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        reader.creds(reference)
    assert caught.value.hint


def test_only_a_file_can_be_a_certificate(reader: Reader) -> None:
    with pytest.raises(InputError, match="env: cannot be used here"):
        reader.path("env://CERT")


def test_what_is_no_creds_is_an_error_that_quotes_nothing(reader: Reader) -> None:
    with pytest.raises(TokenError) as caught:
        reader.creds("env://TOKEN")
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"
    assert "s3cret" not in repr(reader)


def test_a_user_in_nscs_folders(tmp_path: Path, held: Creds) -> None:
    house = House("O P")
    location = location_in(tmp_path / "d")
    store = folder_store(location, house)
    with store.edit() as edit:
        edit.put_account(house.account("A", ACCOUNT))
        edit.put_creds("A", "u", held)
    reader = Reader(environment={}, home=tmp_path, location=location)
    assert reader.creds("nsc://O%20P/A/u") == held
    assert reader.creds(f"NSC://O+P/{ACCOUNT.public}/u") == held
    for missing in ("nsc://O+P/B/u", "nsc://O+P/A/v", "nsc://X/A/u"):
        with pytest.raises(NotFound):
            reader.creds(missing)
