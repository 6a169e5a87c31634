"""The verbs of a share as people type them, on a real server."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jetshare.identity.creds import format_creds
from jetshare.sharing import receipt
from jetshare.sharing.times import show_time
from jetshare.store.contexts import Context, ContextFolder
from support.cli import Jetshare
from support.desk import BUNDLE, NAME, Desk, at_desk
from support.offline import granted
from support.scene import SHARE


@pytest.fixture
async def desk(tmp_path: Path, jetshare_cli: Jetshare) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path, jetshare_cli) as made:
        yield made


async def test_grant_says_what_it_did_and_where_the_bundle_is(desk: Desk) -> None:
    done = await desk("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--expires", "90d")
    assert done.exit == 0, done.stderr
    assert "+ export service $JS.API.CONSUMER.MSG.NEXT.RESTOCKEVENTS" in done.stdout
    assert f"bundle: {BUNDLE}" in done.stdout
    assert "server jetshare took it" in done.stderr
    assert (desk.folder / BUNDLE).stat().st_mode & 0o777 == 0o600


async def test_a_renewal_says_what_becomes_of_the_end(desk: Desk) -> None:
    yesterday = int(time.time()) - 86_400
    end = yesterday + 90 * 86_400
    await granted(desk.live.store, "ACCTB", now=yesterday, expires=end)
    words = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--no-push")
    again = await desk(*words)
    assert f"{NAME} of ACCTC renewed for ACCTB, until 2" in again.stdout
    assert f"  it was until {show_time(end)}; now for the same 90 d again\n" in again.stdout
    endless = await desk(*words, "--expires", "never")
    assert "renewed for ACCTB, without an end\n  it was until 2" in endless.stdout
    (told,) = (await desk.json(*words, "--expires", "2099-01-01"))["grants"]
    assert (told["renewed"], told["before"], told["expires"]) == (True, 0, 4_070_908_800)


async def test_a_dry_run_says_who_would_be_granted_and_writes_nothing(desk: Desk) -> None:
    before = desk.live.store.account("ACCTC").token
    words = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--to", "ACCTA", "--dry-run")
    done = await desk(*words)
    assert done.exit == 0
    assert "+ export service $JS.API.CONSUMER.MSG.NEXT.RESTOCKEVENTS" in done.stdout
    assert f"{NAME} of ACCTC would be granted to ACCTB, without an end" in done.stdout
    assert f"{NAME} of ACCTC would be granted to ACCTA, without an end" in done.stdout
    assert "nothing was written" in done.stderr
    assert desk.live.store.account("ACCTC").token == before
    assert list(desk.folder.iterdir()) == []


async def test_a_bundle_never_replaces_one_of_another_grant(desk: Desk) -> None:
    """Names are short: two consumers of one name, say, or what somebody else sent."""
    (desk.folder / BUNDLE).write_text("kept")
    words = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")
    assert "bundle: ACCTC-RESTOCKEVENTS-C1-ACCTB.2.share" in (await desk(*words)).stdout
    assert "bundle: ACCTC-RESTOCKEVENTS-C1-ACCTB.2.share" in (await desk(*words)).stdout
    assert (desk.folder / BUNDLE).read_text() == "kept"
    assert len(list(desk.folder.iterdir())) == 2


async def test_loose_tokens_are_those_that_nsc_writes(desk: Desk) -> None:
    words = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--tokens", "tokens")
    (desk.folder / "tokens").mkdir()
    assert (await desk(*words)).exit == 0
    files = sorted((desk.folder / "tokens").iterdir())
    assert [path.name.rpartition("-ACCTB-")[2] for path in files] == [
        "ACK-V2.tok",
        "ACK.tok",
        "INFO.tok",
        "NEXT.tok",
    ]
    for path in files:
        lines = path.read_text().splitlines()
        assert lines[0] == "-----BEGIN NATS ACTIVATION JWT-----"
        assert lines[2] == "------END NATS ACTIVATION JWT------"
    loose = [str(path) for path in files]
    done = await desk("accept", *loose, "--account", "ACCTB", "--prefix", "MINE.API", "--yes")
    assert done.exit == 0, done.stderr
    assert "ACCTB can pull RESTOCKEVENTS/RESTOCKEVENTS-C1 under MINE.API" in done.stdout


async def test_many_importers_from_a_file(desk: Desk) -> None:
    listed = desk.folder / "importers.txt"
    listed.write_text(f"# partners\nACCTA\n\n{desk.live.members['ACCTB'].public}  # by key\n")
    words = ("grant", NAME, "--from", "ACCTC", "--to-file", str(listed), "-o", "out/")
    (desk.folder / "out").mkdir()
    told = await desk.json(*words)
    assert [grant["name"] for grant in told["grants"]] == ["ACCTA", "ACCTB"]
    assert len(list((desk.folder / "out").iterdir())) == 2


async def test_a_consumer_that_is_not_there_is_warned_of(desk: Desk) -> None:
    done = await desk("grant", "RESTOCKEVENTS/NOT-YET", "--from", "ACCTC", "--to", "ACCTB")
    assert done.exit == 0
    assert "warning: RESTOCKEVENTS/NOT-YET is not there yet" in done.stderr


async def test_accept_shows_the_change_and_the_proofs(desk: Desk) -> None:
    await desk("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")
    dry = await desk("accept", BUNDLE, "--account", "ACCTB", "--dry-run")
    assert "as ACCTC.API.CONSUMER.MSG.NEXT.RESTOCKEVENTS.RESTOCKEVENTS-C1" in dry.stdout
    assert desk.live.store.account("ACCTB").claims.nats.imports == ()
    done = await desk("accept", BUNDLE, "--account", "ACCTB", "--yes")
    assert done.exit == 0
    assert done.stdout.startswith(f"ACCTB takes {NAME} from ACCTC under ACCTC.API:\n")
    assert "ok  NEXT reaches the consumer" in done.stdout
    again = await desk("accept", BUNDLE, "--account", "ACCTB")
    assert again.exit == 0
    assert "holds this grant" in again.stdout


async def test_a_bundle_comes_by_standard_input_too(desk: Desk) -> None:
    await desk("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")
    text = (desk.folder / BUNDLE).read_text()
    assert "jetshare bundle" in (await desk("inspect", "-", stdin=text)).stdout
    done = await desk("accept", "-", "--account", "ACCTB", "--yes", stdin=text)
    assert done.exit == 0, done.stderr


async def test_next_pulls_and_acknowledges(desk: Desk) -> None:
    await desk.shared()
    await desk.live.publish(b"Restock for item 5678 pronto!", b"raw")
    done = await desk("next", NAME, "--account", "ACCTB")
    assert done.exit == 0
    assert "subj: retail.v1.restock.requested / tries: 1 / cons seq: 1 / str seq: 1" in done.stdout
    assert done.stdout.endswith("\nRestock for item 5678 pronto!\n\nAcknowledged message\n")
    assert (await desk("next", NAME, "--raw")).stdout == "raw"
    empty = await desk("next", NAME, "--timeout", "0.3")
    assert empty.exit == 1
    assert "no message was waiting" in empty.stderr


async def test_next_as_json(desk: Desk) -> None:
    await desk.shared()
    await desk.live.publish(b"one")
    told = await desk.json("next", NAME, "--nak")
    assert told["messages"][0]["outcome"] == "nak"
    assert told["messages"][0]["data"] == "one"


async def test_verify_and_ls(desk: Desk) -> None:
    await desk.shared()
    done = await desk("verify", NAME)
    assert done.exit == 0
    assert "RESTOCKEVENTS/RESTOCKEVENTS-C1 from ACCTC to ACCTB: works" in done.stdout
    told = await desk.json("verify", NAME)
    assert told["held"] is True
    listed = await desk.json("ls")
    assert [g["state"] for g in listed["offered"][0]["granted"]] == ["active"]
    assert listed["accepted"][0]["prefix"] == "ACCTC.API"
    assert "ACCTB" in (await desk("ls")).stdout


async def test_a_share_that_does_not_work_is_exit_1(desk: Desk) -> None:
    await desk.shared()
    await desk.live.api(f"CONSUMER.DELETE.{SHARE.stream}.{SHARE.consumer}")
    done = await desk("verify", NAME)
    assert done.exit == 1
    assert "does NOT work" in done.stdout
    assert "FAILED" in done.stdout


async def test_revoke_leaves_a_receipt(desk: Desk) -> None:
    await desk.shared()
    done = await desk("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB")
    assert done.exit == 0, (done.stdout, done.stderr)
    assert "observed from the importer's side" in done.stdout
    (receipt,) = desk.folder.glob("*.receipt")
    told = await desk("inspect", str(receipt), "--json")
    assert json.loads(told.stdout)["payload"]["seen"] == "observed from the importer's side"
    again = await desk("next", NAME)
    assert again.exit == 4
    assert "hint: " in again.stderr
    after = await desk("verify", NAME)
    assert after.exit == 1
    headline = f"{NAME} from ACCTC to ACCTB: revoked, and closed\n"
    assert after.stdout.startswith(headline)
    _, *rows = (await desk("ls")).stdout.splitlines()
    assert [("revoked" in row, row.split()[-1]) for row in rows] == [(True, "-")] * 2


async def test_what_has_no_place_is_refused_before_anything_is_done(desk: Desk) -> None:
    (desk.folder / "afile").write_text("kept")
    assert (await desk("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")).exit == 0
    before = desk.live.store.account("ACCTC").token, desk.live.store.ledger("ACCTC")
    for words in (
        ("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB", "-o", "afile/x"),
        ("revoke", NAME, "--from", "ACCTC", "--expired", "-o", "missing"),
        ("grant", NAME, "--from", "ACCTC", "--to", "ACCTA", "-o", "missing/"),
        ("grant", NAME, "--from", "ACCTC", "--to", "ACCTA", "-o", "missing/deeper/a.share"),
        ("grant", NAME, "--from", "ACCTC", "--to", "ACCTA", "--tokens", "afile"),
    ):
        done = await desk(*words)
        assert done.exit == 2, words
        assert "no file can be made in" in done.stderr
        assert "nothing was changed" in done.stderr
    assert (desk.live.store.account("ACCTC").token, desk.live.store.ledger("ACCTC")) == before
    assert sorted(path.name for path in desk.folder.iterdir()) == [BUNDLE, "afile"]


async def test_a_receipt_that_cannot_be_written_is_shown(desk: Desk) -> None:
    """Such as on a disk that has become full: what was done is done."""
    await desk.shared()
    for at in range(int(time.time()), int(time.time()) + 60):  # in each file's place a folder
        (desk.folder / f"ACCTC-RESTOCKEVENTS-C1-ACCTB-{stamp(at)}.receipt").mkdir()
    done = await desk("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB")
    assert done.exit == 1
    assert "cannot be written: Is a directory; what belongs into it is below" in done.stderr
    assert "grant again" not in done.stderr
    told, begin, text = done.stdout.partition("-----BEGIN")
    assert "ACCTB: NEXT is refused" in told
    assert "revoked for ACCTB: observed from the importer's side" in told
    assert "receipt:" not in told
    assert receipt.read(begin + text).witness is receipt.Witness.IMPORTER
    again = await desk("revoke", NAME, "--from", "ACCTC", "--to", "ACCTB", "--json")
    ((left,),) = [again.json()["receipts"]]
    assert (again.exit, left["file"]) == (1, "")
    assert receipt.read(left["text"]).share == SHARE


async def test_a_bundle_that_cannot_be_written_is_shown(desk: Desk) -> None:
    (desk.folder / BUNDLE).mkdir()
    words = ("grant", NAME, "--from", "ACCTC", "--to", "ACCTB")
    done = await desk(*words)
    assert done.exit == 1
    assert "cannot be written: Is a directory" in done.stderr
    _, begin, text = done.stdout.partition("-----BEGIN")
    taken = await desk("accept", "-", "--account", "ACCTB", "--yes", stdin=begin + text)
    assert taken.exit == 0, taken.stderr
    (left,) = (await desk(*words, "--json")).json()["grants"]
    assert left["bundle"] == ""
    assert left["text"].startswith("-----BEGIN")


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


async def test_what_is_not_asked_to_be_pushed_is_not(desk: Desk) -> None:
    done = await desk("grant", NAME, "--from", "ACCTC", "--to", "ACCTB", "--no-push")
    assert done.exit == 0
    assert "not pushed" in done.stderr
    assert "to carry it there: jetshare nsc push -a ACCTC" in done.stderr
    done = await desk("accept", BUNDLE, "--account", "ACCTB", "--yes")
    assert done.exit == 1  # carried, and proven not to work: the exports are missing there
    assert "FAILED" in done.stdout


async def test_give_a_share_back(desk: Desk) -> None:
    await desk.shared()
    dry = await desk("drop", NAME, "--dry-run")
    assert f"ACCTB would give back {NAME} from ACCTC:" in dry.stdout
    assert dry.stdout.count("\n- import service $JS.") == 4
    unasked = await desk("drop", NAME)
    assert unasked.exit == 2
    assert "not confirmed" in unasked.stderr
    assert len(desk.live.store.account("ACCTB").claims.nats.imports) == 4
    done = await desk("drop", NAME, "--account", "ACCTB", "--from", "ACCTC", "--yes")
    assert done.exit == 0, (done.stdout, done.stderr)
    assert done.stdout.startswith(f"ACCTB gives back {NAME} from ACCTC:\n")
    assert f"ACCTB has no part in {NAME} any more" in done.stdout
    again = await desk("drop", NAME, "--yes")
    assert again.exit == 2
    assert f"no account in this store imports {NAME}" in again.stderr
    assert "accept" not in again.stderr


async def test_nothing_that_is_past_its_time_is_no_failure(desk: Desk) -> None:
    await desk.shared()
    done = await desk("revoke", NAME, "--from", "ACCTC", "--expired")
    assert done.exit == 0
    assert f"no grant of {NAME} is past its time and still open" in done.stderr
    assert (await desk("verify", NAME)).exit == 0
    both = await desk("revoke", NAME, "--from", "ACCTC", "--expired", "--all")
    assert both.exit == 2


async def test_one_server_of_two_that_is_down(desk: Desk) -> None:
    await desk.shared()
    servers = f"nats://127.0.0.1:1,{desk.live.servers[0].url}"
    place = ("-H", str(desk.live.store.folder.parent))
    done = desk.cli("verify", NAME, *place, "--server", servers, cwd=desk.folder)
    assert done.exit == 1
    assert "FAILED  the server is reached" in done.stdout
    assert "ok      NEXT reaches the consumer" in done.stdout


async def test_a_context_gives_the_server_and_the_user(desk: Desk, fresh_home: Path) -> None:
    await desk.shared()
    creds = desk.folder / "b.creds"
    creds.write_text(format_creds(desk.live.members["ACCTB"].user("only")))
    with desk.live.store.edit() as edit:
        edit.delete_key(desk.live.members["ACCTB"].public)  # nobody else can speak for it
    contexts = ContextFolder.of({}, fresh_home)
    contexts.add_if_absent("B", Context(url=desk.live.servers[0].url, creds=str(creds)))
    place = ("-H", str(desk.live.store.folder.parent))
    await desk.live.publish(b"one")
    for words in (("verify", NAME), ("next", NAME)):
        done = desk.cli(*words, *place, "--context", "B", cwd=desk.folder)
        assert done.exit == 0, (done.stdout, done.stderr)
    contexts.add_if_absent("DOWN", Context(url="nats://127.0.0.1:1", creds=str(creds)))
    down = desk.cli("verify", NAME, *place, "--context", "DOWN", cwd=desk.folder)
    assert down.exit == 4


@pytest.mark.parametrize(
    "words", [("ls", "--server"), ("ls", "--timeout"), ("inspect", "--creds"), ("up", "--context")]
)
def test_an_option_that_would_have_no_effect_is_unknown(
    jetshare_cli: Jetshare, words: tuple[str, str]
) -> None:
    done = jetshare_cli(*words, "1")
    assert done.exit == 2
    assert f"No such option '{words[1]}'" in done.stderr
