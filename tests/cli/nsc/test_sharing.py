"""nsc add, edit and delete export, import and mapping; generate activation; revocations."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jetshare.identity import jwt
from jetshare.identity.claims import Activation, Claims, Export, Import, ServiceLatency
from jetshare.identity.creds import parse_token_file
from jetshare.identity.nkeys import KeyPair, Kind
from support.nsc import Nsc

STRANGER = KeyPair.generate(Kind.ACCOUNT).public


def token(nsc: Nsc, name: str) -> Claims[Activation]:
    return jwt.decode(parse_token_file((nsc.work / name).read_text()), Activation).claims


@pytest.fixture
def shared(house: Nsc) -> Nsc:
    """A exports a private service and a public stream."""
    house("add export -a A --subject ask.it --service --private --name ask")
    house("add export -a A --subject 'tell.>' --name tell")
    return house


def test_an_export_with_everything(house: Nsc) -> None:
    done = house(
        "add export -a A -n name -s 'q.*' -r --latency lat --sampling 30 --response-threshold 1s"
        " --response-type stream --allow-trace --account-token-position 2 --advertise"
    )
    assert done.stdout == '[ OK ] added public service export "name"\n'
    assert house.account("A").nats.exports == (
        Export(
            name="name",
            subject="q.*",
            type="service",
            response_type="Stream",
            response_threshold=10**9,
            service_latency=ServiceLatency(sampling=30, results="lat"),
            account_token_position=2,
            advertise=True,
            allow_trace=True,
        ),
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("add export", "a subject is required"),
        ("add export -s 'a b'", "white space"),
        ("add export -s a..b", "empty token"),
        ("add export -s a -p --account-token-position 1", "only valid for public exports"),
        ("add export -s a --account-token-position 1", "position"),
        ("add export -s a --response-type Stream", "in conjunction with service"),
        ("add export -s a -r --response-type Odd", 'unknown response type "Odd"'),
        ("add export -s a -r --sampling 10", "needs a subject"),
        ("add export -s a -r --latency l --sampling 0", "between 1 and 100"),
        ("add export -s a --response-threshold 1s", "threshold"),
        ("add export -s ask.it -a A -r", 'already exports "ask.it"'),
        ("add export -s tell.more -a A", "lies within"),
        ("edit export -a A", "please specify some options"),
        ("edit export -a A -n x", "a subject is required"),
        ("edit export -a A -s nothing -n x", 'no export matching "nothing" found'),
        ("edit export -a B -n x", "doesn't have exports"),
        ("edit export -a A -s tell.> --allow-trace", "allows traces"),
        ("delete export -a A", "a subject is required"),
        ("delete export -a A -s nothing", 'no export matching "nothing" found'),
        ("delete export -a B -s x", "doesn't have exports"),
        ("add import -a B", "public imports require src-account, remote-subject"),
        ("add import -a B --token t --src-account A", "private imports require"),
        ("add import -a B --token missing.tok", "error loading `missing.tok`"),
        ("add import -a B --src-account NOPE --remote-subject x", "account NOPE does not exist"),
        ("add import -a A --src-account A --remote-subject x", "export issuer is this account"),
        ("add import -a B --src-account A --remote-subject x --share", "only services can set"),
        ("add import -a B --src-account A --remote-subject 'a b'", "white space"),
        ("delete import -a B", "doesn't have imports"),
        ("add mapping -a A --to b", "from subject is required"),
        ("add mapping -a A --from a", "to subject is required"),
        ("add mapping -a A --from a --to b --weight 101", "is not within 1 to 100"),
        ("delete mapping -a A", "from subject is required"),
        ("generate activation -a A -s ask.it", "target-account cannot be empty"),
        ("generate activation -a A -t B -s 'a b'", "white space"),
        ("generate activation -a B -t A -s x", "doesn't have exports"),
        ("generate activation -a A -t B -s 'tell.>'", "a private export for"),
        ("generate activation -a A -t nobody -s ask.it", "account nobody does not exist"),
        ("generate activation -a A -t B --expiry soon", 'expiry "soon" is invalid'),
        ("generate activation -a A -t B -o /nowhere/x.tok", "cannot be written"),
        ("revocations add-activation -a A", "target-account cannot be empty"),
        ("revocations add-activation -a A -t B -s none", "was not found"),
        ("revocations add-activation -a B -t A", "doesn't have exports"),
        ("revocations add-activation -a A -t B --at noon", "nor parsable as RFC3339"),
        ("revocations delete-activation -a A -t B -s tell.x", "is not revoked for"),
        ("revocations list-activations -a A", "stream tell has no revocations"),
        ("revocations add-user -a A", "user is required"),
        ("revocations add-user -a A -n nobody", 'user "nobody" is not in account A'),
        ("revocations add-user -a A -n x -u y", "mutually exclusive"),
        ("revocations delete-user -a A -u '*'", "no user revocations set in account A"),
        ("revocations list-users -a A", "account A does not have revoked users"),
    ],
)
def test_what_cannot_be(shared: Nsc, line: str, says: str) -> None:
    shared.refused(line, says)


def test_editing_an_export_says_what_changed(shared: Nsc) -> None:
    done = shared(
        "edit export -a A -s ask.it --name asked --private=false --response-type Chunked"
        " --response-threshold 2s --latency lat --sampling header --description d --info-url https://u"
        " --allow-trace"
    )
    assert done.stdout.splitlines() == [
        "[ OK ] changed export name to asked",
        "[WARN] changed export to be public - every account can import it",
        "[ OK ] changed response threshold to 2000000000 ns",
        '[ OK ] changed description to "d"',
        '[ OK ] changed info url to "https://u"',
        "[ OK ] changed allowed trace to true",
        "[ OK ] changed response type to Chunked",
        "[ OK ] changed service latency to the requests that ask for it on lat",
        '[ OK ] edited service export "asked"',
    ]
    done = shared("edit export -a A -s ask.it --rm-latency-sampling --private")
    assert "[ OK ] removed latency tracking" in done.stdout
    assert "[WARN] changed export to be private - this will break importers" in done.stdout
    done = shared("edit export -a A -s tell.> --service")
    assert '[WARN] changed export type to "service" - this will break importers' in done.stdout
    assert shared.account("A").nats.exports[1].response_type == "Singleton"


def test_the_sampling_alone_can_be_edited(house: Nsc) -> None:
    house("add export -a A -s x -r --latency lat --sampling 30")
    house("edit export -a A --sampling 40")
    assert house.account("A").nats.exports[0].service_latency == ServiceLatency(
        sampling=40, results="lat"
    )


def test_an_activation_of_the_only_private_export(shared: Nsc) -> None:
    done = shared(f"generate activation -a A -t {STRANGER} -o t.tok --start 1d --expiry 90d")
    assert f'[ OK ] generated "ask" activation for account "{STRANGER}"' in done.stdout
    assert "[ OK ] token valid 20" in done.stdout
    assert "[ OK ] wrote activation token to `t.tok`" in done.stdout
    claims = token(shared, "t.tok")
    assert (claims.name, claims.sub, claims.nats.kind) == ("ask.it", STRANGER, "service")
    assert claims.exp - claims.nbf == 89 * 86400
    assert claims.nats.issuer_account == ""
    assert (shared.work / "t.tok").stat().st_mode & 0o777 == 0o600


def test_an_activation_of_a_part_of_an_export(house: Nsc) -> None:
    house("add export -a A -s 'tell.>' -p")
    house("generate activation -a A -t B -s tell.one -o t.tok")
    assert token(house, "t.tok").nats.subject == "tell.one"
    house("add import -a B --token t.tok")
    assert house.account("B").nats.imports[0].subject == "tell.one"


def test_an_activation_after_a_revocation_works_at_once(shared: Nsc) -> None:
    shared("revocations add-activation -a A --service -s ask.it -t B")
    shared("generate activation -a A -t B -o t.tok")
    (at,) = shared.account("A").nats.exports[0].revocations.values()
    assert token(shared, "t.tok").iat > at
    shared("add import -a B --token t.tok")
    shared("validate -A")


def test_a_private_import(shared: Nsc) -> None:
    shared("generate activation -a A -t B -o t.tok")
    done = shared("add import -a B --token t.tok --name mine --local-subject my.it --share")
    assert done.stdout == '[ OK ] added service import "ask.it"\n'
    (item,) = shared.account("B").nats.imports
    assert (item.name, item.subject, item.local_subject) == ("mine", "ask.it", "my.it")
    assert (item.account, item.type, item.share) == (shared.account("A").sub, "service", True)
    assert item.token == parse_token_file((shared.work / "t.tok").read_text())
    shared.refused("add import -a B --token t.tok", 'already imports service "ask.it"')
    shared("delete import -a B")
    assert shared.account("B").nats.imports == ()


def test_a_service_without_a_local_subject_keeps_its_own(shared: Nsc) -> None:
    shared("generate activation -a A -t B -o t.tok")
    shared("add import -a B --token t.tok")
    assert shared.account("B").nats.imports[0].local_subject == "ask.it"


def test_a_public_import(shared: Nsc) -> None:
    done = shared("add import -a B --src-account A --remote-subject tell.x --local-subject a.x")
    assert done.stdout == '[ OK ] added stream import "tell.x"\n'
    assert shared.account("B").nats.imports == (
        Import(
            name="tell.x",
            subject="tell.x",
            account=shared.account("A").sub,
            local_subject="a.x",
            type="stream",
        ),
    )


def test_imports_of_one_subject_from_several_accounts(shared: Nsc) -> None:
    shared(f"add import -a B --src-account {STRANGER} --remote-subject x --local-subject l1")
    shared("add export -a A -s x")
    shared("add import -a B --src-account A --remote-subject x --local-subject l2")
    shared.refused("delete import -a B -s x", "specify --src-account with one of")
    shared("delete import -a B -s x --src-account A")
    assert [item.account for item in shared.account("B").nats.imports] == [STRANGER]
    shared.refused("delete import -a B -s x --src-account A", 'no import matching "x" found from')


def test_a_token_from_a_url(shared: Nsc) -> None:
    shared("generate activation -a A -t B -o t.tok")
    with _site((shared.work / "t.tok").read_bytes()) as url:
        shared(f"add import -a B --token {url}/t.tok")
        shared.refused(f"add import -a B --token {url}/other", "is not there")
    assert shared.account("B").nats.imports[0].token.startswith("eyJ")
    shared.refused("add import -a B --token http://127.0.0.1:1/x", "cannot be reached")


@contextmanager
def _site(content: bytes) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/t.tok" else 404)
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Print nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_token_that_was_changed_is_refused(shared: Nsc) -> None:
    shared("generate activation -a A -t B -o t.tok")
    text = (shared.work / "t.tok").read_text()
    head, payload, signature = parse_token_file(text).split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    (shared.work / "t.tok").write_text(f"{head}.{payload}.{flipped}")
    shared.refused("add import -a B --token t.tok", "is not as")
    (shared.work / "t.tok").write_text(text[: len(text) // 2])
    shared.refused("add import -a B --token t.tok", "cut short")


def test_a_token_for_another_account_is_refused(shared: Nsc) -> None:
    shared(f"generate activation -a A -t {STRANGER} -o t.tok")
    message = shared.refused("add import -a B --token t.tok", "ask the exporter")
    assert STRANGER in message


def test_mappings(house: Nsc) -> None:
    house("add mapping -a A --from a --to b --weight 30")
    house("add mapping -a A --from a --to c --weight 20 --cluster east")
    house("add mapping -a A --from a --to b --weight 40")
    assert [
        (entry.subject, entry.weight, entry.cluster)
        for entry in house.account("A").nats.mappings["a"]
    ] == [("b", 40, ""), ("c", 20, "east")]
    house.refused("add mapping -a A --from a --to d --weight 61", "100")
    assert "[ OK ] deleted all mapping for a\n" in house("delete mapping -a A --from a").stdout
    assert house.account("A").nats.mappings == {}


def test_revoking_a_user(house: Nsc) -> None:
    house("add user u")
    public = house.user("B", "u").sub
    assert f'revoked user "{public}"' in house("revocations add-user").stdout
    house("revocations add-user -n U --at 1001")
    (at,) = house.account("B").nats.revocations.values()
    assert at > 1001, "what was revoked stays revoked"
    shown = house("revocations list-users").stdout
    assert f"| {public} |" in shown
    done = house("revocations add_user -u '*' --at 2026-01-01T00:00:00Z")
    assert "revoked all users issued before 2026-01-01 00:00:00 UTC" in done.stdout
    assert "* [All Users]" in house("revocations list_users").stdout
    house.refused(f"revocations delete-user -u {KeyPair.generate(Kind.USER).public}", "not revoked")
    house("revocations delete_user -u '*'")
    house(f"revocations delete-user -u {public}")
    assert house.account("B").nats.revocations == {}


def test_revoking_an_activation(shared: Nsc) -> None:
    done = shared("revocations add-activation -a A --service -s ask.it -t B")
    importer = shared.account("B").sub
    assert done.stdout == f'[ OK ] revoked activation "ask" for account {importer}\n'
    done = shared("revocations add-activation -a A -s tell.x -t '*' --at 1700000000")
    assert 'revoked all activations for "tell" issued before 2023-11-14' in done.stdout
    assert "* [All Accounts]" in shared("revocations list-activations -a A").stdout
    ask, tell = shared.account("A").nats.exports
    assert ask.revocations.keys() == {importer}
    assert tell.revocations == {"*": 1700000000}
    shared("revocations delete-activation -a A -t '*'")
    shared(f"revocations delete-activation -a A --service -t {importer}")
    assert not any(export.revocations for export in shared.account("A").nats.exports)
