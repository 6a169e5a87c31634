"""``jetshare demo`` as a person runs it."""

from __future__ import annotations

from pathlib import Path

from support.cli import Jetshare


def test_every_proof_holds_and_nothing_is_left(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    temporary, work = tmp_path / "tmp", tmp_path / "work"
    temporary.mkdir()
    work.mkdir()
    done = jetshare_cli("demo", env={"TMPDIR": str(temporary)}, cwd=work)
    assert done.exit == 0, done.stderr
    assert "Every proof held: 28 of 28" in done.stdout
    assert "FAILED" not in done.stdout
    assert "not seen" not in done.stdout
    assert done.stderr == ""
    assert [*temporary.iterdir(), *work.iterdir()] == []


def test_the_same_as_json(jetshare_cli: Jetshare) -> None:
    done = jetshare_cli("demo", "--json")
    assert done.exit == 0, done.stderr
    told = done.json()
    assert told["held"] is True
    assert len(told["steps"]) == 11
    proofs = [proof for step in told["steps"] for proof in step["proofs"]]
    assert {proof["held"] for proof in proofs} == {True}
    assert {"importer", "provider", "outsider", "servers", "documents"} == {
        proof["side"] for proof in proofs
    }


def test_its_files_can_be_kept(jetshare_cli: Jetshare, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert jetshare_cli("demo", "--keep", kept).exit == 0
    for name, what in (("grant.share", "bundle"), ("revocation.receipt", "receipt")):
        told = jetshare_cli("inspect", kept / name)
        assert told.exit == 0, told.stderr
        assert what in told.stdout
    again = jetshare_cli("demo", "--keep", kept)
    assert again.exit == 2
    assert "not empty" in again.stderr


def test_a_missing_server_is_told_with_what_to_do(jetshare_cli: Jetshare) -> None:
    done = jetshare_cli("demo", env={"NATS_SERVER": "nowhere/nats-server"})
    assert done.exit == 4
    assert "hint: " in done.stderr


def test_a_program_that_is_no_server_is_told_apart(jetshare_cli: Jetshare) -> None:
    done = jetshare_cli("demo", env={"NATS_SERVER": "/bin/false"})
    assert done.exit == 4
    assert "Traceback" not in done.stderr
