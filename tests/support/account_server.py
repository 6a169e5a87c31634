"""An account server as an operator runs one: a process of its own that speaks HTTP.

    python account_server.py SEEDS [CERTIFICATE KEY]

SEEDS holds signing.nk and operator.jwt. With a certificate it speaks HTTPS.

It prints its port. What is posted must be signed by the account itself; it is signed
anew by the operator's signing key, with the limit of 100 connections that this operator
gives its customers. The file SEEDS/mode makes it behave otherwise:

    pending   it takes documents, and agrees to none yet (202)
    refuse    it takes none (403)
    silent    it never answers
    forge     it gives back documents that a key of nobody signed
"""

from __future__ import annotations

import http.server
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

from jetshare.errors import JetshareError
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims, Operator
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind

ROOT = "/jwt/v1"
CONNECTIONS = 100


class AccountServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seeds: Path, certificate: Sequence[str] = ()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.seeds = seeds
        self.signer = KeyPair.from_seed((seeds / "signing.nk").read_text())
        self.accounts: dict[str, str] = {}

    @property
    def mode(self) -> str:
        path = self.seeds / "mode"
        return path.read_text().strip() if path.exists() else ""

    def account(self, public: str) -> str:
        """What was posted, or the system account, which the operator has made itself."""
        own = self.seeds / f"{public}.jwt"
        return own.read_text() if own.exists() else self.accounts.get(public, "")

    def sign(self, document: Document[Account]) -> str:
        claims = document.claims
        limits = replace(claims.nats.limits, conn=CONNECTIONS)
        signer = KeyPair.generate(Kind.OPERATOR) if self.mode == "forge" else self.signer
        return jwt.encode(claims.with_nats(limits=limits), signer, int(time.time())).token


class Handler(BaseHTTPRequestHandler):
    server: AccountServer

    def do_GET(self) -> None:
        name = self.path.removeprefix(f"{ROOT}/")
        if name == "operator":
            self.answer(200, (self.server.seeds / "operator.jwt").read_text())
        elif name == "accounts/":
            self.answer(200, "here")  # nats-server asks before it starts
        elif token := self.server.account(name.removeprefix("accounts/")):
            self.answer(200, token)
        else:
            self.answer(404, "no such document")

    def do_POST(self) -> None:
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        mode = self.server.mode
        if mode == "silent":
            Event().wait(60)
        if mode == "refuse" or self.headers["Content-Type"] != "application/jwt":
            self.answer(403, "your account\nis not paid for")
        elif mode == "pending":
            self.answer(202, "an administrator will look at it")
        elif self.path == f"{ROOT}/activations":
            jwt.decode(token, Activation)
            self.answer(200, "activation stored")
        else:
            self.take(token)

    def take(self, token: str) -> None:
        try:
            document = jwt.decode(token, Account)
        except JetshareError as error:
            self.answer(400, str(error))
            return
        public = self.path.removeprefix(f"{ROOT}/accounts/")
        if {document.claims.sub, document.claims.iss} != {public}:
            self.answer(400, "the account has not signed this itself")
            return
        self.server.accounts[public] = self.server.sign(document)
        self.answer(200, "")

    def answer(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: what the process prints is its port."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """An account server that runs, and the operator that it is of."""

    url: str
    seeds: Path
    operator: Document[Operator]
    system: Document[Account]

    def behave(self, mode: str) -> None:
        (self.seeds / "mode").write_text(mode)


@contextmanager
def account_server(
    folder: Path, *, name: str = "NGS", certificate: Sequence[Path] = ()
) -> Iterator[Running]:
    """Start a server with an operator of its own, and end it.

    With ``certificate``, a file and that of its key, it speaks HTTPS.
    """
    seeds = folder / "account-server"
    seeds.mkdir()
    identity, signing, system = (
        KeyPair.generate(kind) for kind in (Kind.OPERATOR, Kind.OPERATOR, Kind.ACCOUNT)
    )
    (seeds / "signing.nk").write_text(signing.seed())
    now = int(time.time())
    account = jwt.encode(Claims(name="SYS", sub=system.public, nats=Account()), signing, now)
    (seeds / f"{system.public}.jwt").write_text(account.token)
    process = subprocess.Popen(
        [sys.executable, __file__, seeds, *certificate],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if certificate else None,  # handshakes that fail are told there
        text=True,
    )
    try:
        assert process.stdout
        scheme = "https" if certificate else "http"
        url = f"{scheme}://127.0.0.1:{int(process.stdout.readline())}{ROOT}"
        body = Operator(
            signing_keys=(signing.public,), system_account=system.public, account_server_url=url
        )
        operator = jwt.encode(Claims(name=name, sub=identity.public, nats=body), identity, now)
        (seeds / "operator.jwt").write_text(operator.token)
        yield Running(url=url, seeds=seeds, operator=operator, system=account)
    finally:
        process.terminate()
        process.wait()
        assert process.stdout
        process.stdout.close()


def main() -> None:
    seeds, *certificate = sys.argv[1:]
    server = AccountServer(Path(seeds), certificate)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
