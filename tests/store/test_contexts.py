from __future__ import annotations

import json
import stat
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetshare.errors import InputError, NotFound, StoreDamaged
from jetshare.store.contexts import Context, ContextFolder, decode, encode, read_file

# What natscli v0.5.0 wrote for `nats context add C --server … --creds … --description …`.
WRITTEN_BY_NATS = r"""{
  "description": "a \u003cb\u003e \u0026 ünï",
  "url": "nats://127.0.0.1:4222",
  "socks_proxy": "",
  "token": "",
  "user": "",
  "password": "",
  "creds": "/k/creds/OP/C/c.creds",
  "nkey": "",
  "cert": "",
  "key": "",
  "ca": "",
  "nsc": "",
  "jetstream_domain": "",
  "jetstream_api_prefix": "",
  "jetstream_event_prefix": "",
  "inbox_prefix": "",
  "user_jwt": "",
  "user_seed": "",
  "color_scheme": "",
  "tls_first": false,
  "windows_cert_store": "",
  "windows_cert_match_by": "",
  "windows_cert_match": "",
  "windows_ca_certs_match": null
}"""


@pytest.fixture
def folder(tmp_path: Path) -> ContextFolder:
    return ContextFolder(tmp_path / "nats")


def test_where_the_folder_is(tmp_path: Path) -> None:
    assert ContextFolder.of({}, tmp_path).root == tmp_path / ".config/nats"
    assert ContextFolder.of({"XDG_CONFIG_HOME": "/c"}, tmp_path).root == Path("/c/nats")


def test_a_file_of_nats_comes_back_byte_for_byte() -> None:
    context = decode(WRITTEN_BY_NATS.encode(), "C.json")
    assert context.description == "a <b> & ünï"
    assert context.creds == "/k/creds/OP/C/c.creds"
    assert encode(context).decode() == WRITTEN_BY_NATS


def test_files_and_folders_are_private(folder: ContextFolder) -> None:
    path = folder.write("C", Context())
    folder.select("C")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder.root / "context.txt").stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700


def test_unknown_fields_stay(folder: ContextFolder) -> None:
    path = folder.write("C", Context())
    stored = json.loads(path.read_text()) | {"later": {"b": [1], "a": None}}
    path.write_text(json.dumps(stored))
    folder.write("C", replace(folder.read("C"), url="nats://new"))
    assert json.loads(path.read_text()) == stored | {"url": "nats://new"}


text = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    context=st.builds(
        Context,
        **{
            each.name: text
            for each in fields(Context)
            if each.name not in ("tls_first", "windows_ca_certs_match", "unknown")
        },
        tls_first=st.booleans(),
        windows_ca_certs_match=st.none() | st.lists(text, max_size=3).map(tuple),
        unknown=st.dictionaries(text.map("x{}".format), st.none() | st.integers() | text),
    )
)
def test_what_is_written_is_read_again(context: Context) -> None:
    assert decode(encode(context), "C.json") == context


@given(data=st.binary(max_size=40) | text.map(str.encode))
def test_any_bytes_are_a_context_or_an_error(data: bytes) -> None:
    with suppress(StoreDamaged):
        assert isinstance(decode(data, "C.json"), Context)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON object"),
        ("null", "no JSON object"),
        ('{"url":1}', '"url" is of the wrong type'),
        ('{"tls_first":"yes"}', '"tls_first" is of the wrong type'),
        ('{"windows_ca_certs_match":[1]}', '"windows_ca_certs_match" is no list of texts'),
    ],
)
def test_damage_is_named(folder: ContextFolder, text: str, why: str) -> None:
    folder.write("C", Context()).write_text(text)
    with pytest.raises(StoreDamaged, match=why):
        folder.read("C")


def test_names(folder: ContextFolder) -> None:
    assert folder.names() == []
    for name in ("b", "a", "c.d"):
        folder.write(name, Context())
    (folder.root / "context" / "empty.json").touch()
    (folder.root / "context" / "note.txt").write_text("x")
    (folder.root / "context" / "x..y.json").write_text("{}")
    assert folder.names() == ["a", "b", "c.d"]


def test_an_unknown_name_names_the_nearest(folder: ContextFolder) -> None:
    folder.write("ACCTB", Context())
    with pytest.raises(NotFound, match='context "acctc"') as caught:
        folder.read("acctc")
    assert caught.value.hint == 'did you mean "ACCTB"?'


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "..", "a..b", "a\0"])
def test_names_that_nats_does_not_take(folder: ContextFolder, name: str) -> None:
    with pytest.raises(InputError):
        folder.write(name, Context())
    assert not folder.root.exists()


def test_a_context_that_is_there_is_kept(folder: ContextFolder) -> None:
    assert folder.add_if_absent("C", Context(url="first"))
    assert not folder.add_if_absent("C", Context(url="second"))
    assert folder.read("C").url == "first"


def test_even_a_damaged_context_is_kept(folder: ContextFolder) -> None:
    folder.write("C", Context()).write_text("{")
    assert not folder.add_if_absent("C", Context())
    assert (folder.root / "context/C.json").read_text() == "{"


def test_selecting(folder: ContextFolder) -> None:
    assert folder.selected() == ""
    folder.write("A", Context())
    folder.write("B", Context())
    assert folder.select("A") == ""
    assert folder.select("B") == "A"
    assert (folder.selected(), folder.previous()) == ("B", "A")
    assert (folder.root / "context.txt").read_bytes() == b"B"
    assert folder.unselect() == "B"
    assert (folder.selected(), folder.previous()) == ("", "B")
    assert folder.unselect() == ""


def test_an_unknown_name_leaves_the_selection(folder: ContextFolder) -> None:
    folder.write("A", Context())
    folder.select("A")
    with pytest.raises(NotFound):
        folder.select("B")
    assert (folder.selected(), folder.previous()) == ("A", "")


def test_the_selected_one_is_removed_last(folder: ContextFolder) -> None:
    folder.write("A", Context())
    folder.write("B", Context())
    folder.select("A")
    with pytest.raises(InputError, match="selected"):
        folder.remove("A")
    folder.remove("B")
    folder.remove("A")
    assert (folder.names(), folder.selected()) == ([], "")
    with pytest.raises(NotFound):
        folder.remove("A")


def test_a_file_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    with pytest.raises(NotFound, match=r"c\.json"):
        read_file(path)
    path.write_text('{"url":"nats://h"}')
    assert read_file(path).url == "nats://h"


def test_a_secret_does_not_show() -> None:
    secret = "s3cret-value"
    context = Context(
        token=secret,
        password=secret,
        creds=secret,
        nkey=secret,
        user_jwt=secret,
        user_seed=secret,
        socks_proxy=secret,
        unknown={"later": secret},
    )
    assert secret not in repr(context)
