"""``jetshare doctor`` and ``jetshare explain`` as their users see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Operator
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing.kinds import Role
from jetshare.store.folder import FolderStore, create_store, open_store
from jetshare.store.locate import Location
from support.cli import Finished, Jetshare
from support.many_shares import write_store
from support.shares import NOW, Pair, pair

SHARE = "ORDERS/ORDERS-C1"


class Desk:
    """The documents of a pair in a store and as files, and the command line on both."""

    def __init__(self, folder: Path, cli: Jetshare, made: Pair) -> None:
        self.folder, self.cli = folder, cli
        operator = KeyPair.generate(Kind.OPERATOR)
        location = Location(stores=folder, keystore=folder, config=folder / "nsc.json")
        own = jwt.encode(Claims(name="OP", sub=operator.public, nats=Operator()), operator, NOW)
        documents = [jwt.encode(c, operator, NOW) for c in (made.provider, made.importer)]
        with create_store(location, "OP") as edit:
            edit.put_operator(own)
            edit.put_key(operator)
            edit.put_key(made.key)
            for document in documents:
                edit.put_account(document)
        self.store: FolderStore = open_store(location, "OP")
        self.files = []
        for document in documents:
            path = folder / f"{document.claims.name}.jwt"
            path.write_text(document.token, encoding="ascii")
            self.files += ["--jwt", str(path)]

    def __call__(self, *words: str) -> Finished:
        return self.cli("doctor", *words, "-H", self.folder)

    def account(self, name: str) -> Account:
        return self.store.account(name).claims.nats


@pytest.fixture
def desk(tmp_path: Path, jetshare_cli: Jetshare) -> Callable[[Pair], Desk]:
    return lambda made: Desk(tmp_path / "store", jetshare_cli, made)


def spoilt() -> Pair:
    made = pair(public=True)
    made.change_export(Role.NEXT, response_type="Singleton")
    made.drop_import(Role.ACK)
    made.drop_import(Role.INFO)
    return made


def test_a_right_share_is_said_to_be_right(desk: Callable[[Pair], Desk]) -> None:
    run = desk(pair())
    done = run()
    assert (done.exit, done.stderr) == (0, "")
    assert done.stdout == f"{SHARE} (pull consumer) from ACCTC to ACCTB: nothing found\n"
    noted = run("--notes")
    assert noted.exit == 0
    assert "JS307 note" in noted.stdout


def test_findings_have_a_code_a_place_and_a_cure(desk: Callable[[Pair], Desk]) -> None:
    run = desk(spoilt())
    done = run(SHARE)
    assert done.exit == 1
    first, *rest = done.stdout.splitlines()
    assert first.endswith("from ACCTC to ACCTB: it does NOT work as it should, 2 errors, 1 warning")
    assert any(line.startswith("  JS101 error: NEXT of") for line in rest)
    assert any("where: ACCTC nats.exports[" in line for line in rest)
    assert f"    cure:  jetshare doctor {SHARE} --account ACCTC --fix" in rest


def test_loose_documents_are_as_good_as_a_store(
    desk: Callable[[Pair], Desk], jetshare_cli: Jetshare, tmp_path: Path
) -> None:
    run = desk(spoilt())
    done = jetshare_cli("doctor", *run.files, "--json", "-H", tmp_path / "nowhere")
    assert done.exit == 1
    (share,) = done.json()["shares"]
    assert {f["code"] for f in share["findings"]} == {"JS101", "JS203", "JS206"}
    half = jetshare_cli("doctor", *run.files[2:], "--json", "-H", tmp_path / "nowhere")
    assert {f["code"] for f in half.json()["shares"][0]["findings"]} == {"JS203", "JS206"}


@pytest.mark.parametrize("form", ["json", "junit", "sarif"])
def test_other_forms_are_printed_whole_and_alone(desk: Callable[[Pair], Desk], form: str) -> None:
    done = desk(spoilt())("--format", form)
    assert (done.exit, done.stderr) == (1, "")
    if form == "junit":
        ElementTree.fromstring(done.stdout.encode())  # noqa: S314 (ours)
    else:
        done.json()


def test_a_store_of_500_right_accounts_gives_no_alarm(
    jetshare_cli: Jetshare, tmp_path: Path
) -> None:
    write_store(tmp_path, 500, varied=True)
    done = jetshare_cli("doctor", "-H", tmp_path, "--fail-on", "warning")
    assert done.exit == 0, done.stderr
    told = done.stdout.splitlines()
    assert len(told) == 500  # one line for each that is shared, and no other
    assert all(line.endswith(": nothing found") for line in told)
    assert sum(" to A" in line for line in told) == 250
    assert done.stderr == "500 shares: nothing found\n"


def test_what_fails(desk: Callable[[Pair], Desk]) -> None:
    made = pair()
    made.drop_import(Role.INFO)
    run = desk(made)
    assert run().exit == 0
    assert run("--fail-on", "warning").exit == 1


def test_fix_shows_the_change_asks_and_mends(desk: Callable[[Pair], Desk]) -> None:
    run = desk(spoilt())
    before = run.account("ACCTC")
    refused = run("--fix", "--no-push")  # nobody says yes
    assert refused.exit == 2
    assert "--yes" in refused.stderr
    assert run.account("ACCTC") == before
    done = run("--fix", "--no-push", "--yes")
    assert done.exit == 0, done.stderr
    assert "response_type: 'Singleton' -> 'Stream'" in done.stdout
    assert "+ import service $JS.ACK.ORDERS.ORDERS-C1.>" in done.stdout
    assert run().exit == 0
    assert run("--fail-on", "warning").exit == 0


def test_fix_says_what_needs_the_other_side(desk: Callable[[Pair], Desk]) -> None:
    made = pair()
    made.drop_import(Role.ACK)
    done = desk(made)("--fix", "--yes", "--no-push")
    assert done.exit == 1
    assert "left, because it needs ACCTC too: JS203" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--account", "NOBODY"), "NOBODY"),
        (("--account", "ACTB"), 'did you mean "ACCTB"?'),
        (("--account", "ZZ"), "there are: ACCTB, ACCTC"),
        (("NO/SUCH",), "NO/SUCH"),
        (("ORDERS/ORDERS-C2",), f"did you mean {SHARE}?"),
        (("--all", "--account", "ACCTB"), "--all"),
        (("--resolver", "--fix"), "--resolver"),
        (("--jwt", "a", "--resolver"), "--resolver"),
        (("--jwt", "a", "--live"), "--live"),
        (("--jwt", "a", "--consume"), "--consume"),
        (("--jwt", "a", "--fix"), "--fix"),
        (("--consume", "--offline"), "--consume and --offline"),
        (("--json", "--format", "junit"), "--format junit"),
        (("--fix", "--format", "sarif"), "--format sarif"),
        (("ORDERS",), "STREAM/CONSUMER"),
        (("--format", "yaml"), "yaml"),
        (("--jwt", "missing.jwt"), "missing.jwt"),
        (("--fail-on", "note"), "--fail-on"),
    ],
)
def test_words_that_cannot_be_used(
    desk: Callable[[Pair], Desk], words: tuple[str, ...], says: str
) -> None:
    done = desk(pair())(*words)
    assert done.exit == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_account(desk: Callable[[Pair], Desk], tmp_path: Path) -> None:
    run = desk(pair())
    rubbish = tmp_path / "rubbish.jwt"
    rubbish.write_text("not a token", encoding="ascii")
    done = run("--jwt", str(rubbish))
    assert done.exit == 2
    assert str(rubbish) in done.stderr


def test_servers_out_of_reach(desk: Callable[[Pair], Desk]) -> None:
    done = desk(pair())("--live", "--server", "nats://127.0.0.1:1", "--timeout", "1")
    assert done.exit == 4
    assert "were not looked at" in done.stderr
    assert "nothing found" in done.stdout  # the documents are told all the same


def test_what_cannot_be_looked_at_is_not_mended(desk: Callable[[Pair], Desk]) -> None:
    run = desk(spoilt())
    before = run.account("ACCTC")
    done = run("--live", "--fix", "--yes", "--server", "nats://127.0.0.1:1", "--timeout", "1")
    assert done.exit == 4
    assert run.account("ACCTC") == before


def test_a_share_that_its_owner_ended_is_no_failure(desk: Callable[[Pair], Desk]) -> None:
    made = pair()
    made.revoke(*Role, at=NOW + 5)
    run = desk(made)
    done = run("--fail-on", "warning")
    assert done.exit == 0
    first, note, *_ = done.stdout.splitlines()
    assert first.endswith("ended, revoked on 2027-01-15; it is of no use any more")
    assert note.startswith("  JS310 note: ACCTC ended it (revoked on 2027-01-15), and ACCTB still")
    mended = run("--fix", "--yes", "--no-push")
    assert mended.exit == 0, mended.stderr
    assert mended.stdout.count("- import service") == 4
    assert run.account("ACCTB").imports == ()


def test_several_accounts_are_named(desk: Callable[[Pair], Desk]) -> None:
    run = desk(spoilt())
    both = run("--account", "ACCTC", "--account", run.store.account("ACCTB").claims.sub, "--json")
    assert len(both.json()["shares"]) == 1
    assert run("--all", "--json").json() == both.json()


def test_a_damaged_file_stands_in_nobodys_way(desk: Callable[[Pair], Desk]) -> None:
    run = desk(pair())
    (damaged,) = run.folder.rglob("accounts/ACCTB/ACCTB.jwt")
    damaged.write_text("damaged", encoding="ascii")
    done = run()
    assert done.exit == 5
    assert "imported by nobody here: nothing found" in done.stdout
    assert str(damaged) in done.stderr


def test_explain(jetshare_cli: Jetshare) -> None:
    listed = jetshare_cli("explain")
    assert listed.exit == 0
    assert "JS101  error    NEXT is exported as a Singleton" in listed.stdout
    story = jetshare_cli("explain", "js101")
    assert story.exit == 0
    for word in ("What you see", "Why", "Cure", "Source", "nats-io/nats.go#1703"):
        assert word in story.stdout
    assert jetshare_cli("explain", "JS101", "--json").json()["code"] == "JS101"
    unknown = jetshare_cli("explain", "JS999")
    assert unknown.exit == 2
    assert "JS999" in unknown.stderr


def test_fix_asks_also_where_json_is_printed(desk: Callable[[Pair], Desk]) -> None:
    run = desk(spoilt())
    before = run.account("ACCTC")
    assert run("--fix", "--no-push", "--json").exit == 2
    assert run.account("ACCTC") == before
    done = run("--fix", "--no-push", "--json", "--yes")
    assert done.exit == 0
    assert sorted(done.json()["mended"]) == ["ACCTB", "ACCTC"]
    assert done.json()["remaining"] == []
