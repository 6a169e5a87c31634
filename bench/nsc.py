"""What does the nsc face cost: the guide's nine steps, and a push of 1,000 accounts.

    python bench/nsc.py [--runs N] [--json]

Whole processes. The same nine steps run with the nsc on PATH, or the one that NSC names,
where there is one. The push goes to a live server with a full resolver, and counts only
where that has answered for every account.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import open_store
from jetshare.store.locate import locate
from support.plain_server import plain_server

OURS = [sys.executable, "-P", "-m", "jetshare.cli.nsc"]
ACCOUNTS = 1000

_STREAM, _CONSUMER = "RESTOCKEVENTS", "RESTOCKEVENTS-C1"
_SUBJECTS = {
    "NEXT": f"$JS.API.CONSUMER.MSG.NEXT.{_STREAM}.{_CONSUMER}",
    "ACK": f"$JS.ACK.{_STREAM}.{_CONSUMER}.>",
    "INFO": f"$JS.API.CONSUMER.INFO.{_STREAM}.{_CONSUMER}",
}


class House:
    """A home folder with an operator and its accounts, for one of the two tools."""

    def __init__(self, home: Path, tool: list[str]) -> None:
        self.home, self._tool = home, tool
        home.mkdir()
        # Compiled already, as it is for one who installed it.
        left_out = {"PYTHONDONTWRITEBYTECODE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        self._environment = {**kept, "HOME": str(home)}
        self.run("add", "operator", "OP", "--sys")

    def run(self, *words: str) -> tuple[float, str]:
        """Seconds that one process took, and what it printed."""
        started = time.perf_counter()
        done = subprocess.run(
            [*self._tool, *words],
            cwd=self.home,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - started
        if done.returncode:
            sys.exit(f"{' '.join([*self._tool, *words])}\n{done.stdout}{done.stderr}")
        return took, done.stdout

    def key(self, account: str) -> str:
        public: str = json.loads(self.run("describe", "account", account, "-J")[1])["sub"]
        return public


def nine_steps(house: House, number: int) -> float:
    """Three exports, three activations, three imports, as the guide has them."""
    provider, importer = f"ACCTC{number}", f"ACCTB{number}"
    for name in (provider, importer):
        house.run("add", "account", name)
    public = house.key(importer)
    steps = []
    for role, subject in _SUBJECTS.items():
        local = subject if role == "ACK" else subject.replace("$JS.API", "ACCTC.API")
        response = ["--response-type", "Stream"] if role == "NEXT" else []
        token = f"{role}-{number}.tok"
        export = f"add export --private --service --account {provider} --name {role}"
        activation = f"generate activation --account {provider} --output-file {token}"
        take = f"add import --account {importer} --token {token} --name {role}"
        steps += [
            [*export.split(), "--subject", subject, *response],
            [*activation.split(), "--subject", subject, "--target-account", public],
            [*take.split(), "--local-subject", local],
        ]
    return sum(house.run(*words)[0] for words in steps)


def push(house: House, runs: int) -> float:
    """Seconds for all accounts, from the start of the process to its end."""
    place = locate({"HOME": str(house.home)}, cwd=house.home, home=house.home)
    store = open_store(place, "OP")
    signer = store.key(store.operator().claims.sub)
    assert signer
    with store.edit() as editing:
        for number in range(ACCOUNTS - len(store.accounts())):
            key = KeyPair.generate(Kind.ACCOUNT)
            claims = Claims(name=f"T{number:04}", sub=key.public, nats=Account())
            editing.put_account(jwt.encode(claims, signer, int(time.time())))
    took = []
    with plain_server(
        house.home / "server", house.run("generate", "config", "--nats-resolver")[1]
    ) as url:
        for _ in range(runs):
            seconds, said = house.run("push", "-A", "-u", url)
            if said.count("jwt updated") != ACCOUNTS:
                sys.exit("the server has not answered for every account")
            took.append(seconds)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    theirs = shutil.which(os.environ.get("NSC", "nsc"))
    report: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        ours = House(Path(folder) / "ours", OURS)
        nine_steps(ours, 0)
        report["jetshare_s"] = statistics.median(nine_steps(ours, n + 1) for n in range(words.runs))
        if theirs:
            house = House(Path(folder) / "theirs", [theirs])
            report["nsc_s"] = statistics.median(nine_steps(house, n) for n in range(words.runs))
            report["ratio"] = report["jetshare_s"] / report["nsc_s"]
        report["push_s"] = push(ours, words.runs)
    report = {name: round(value, 3) for name, value in report.items()}
    if words.json:
        print(json.dumps(report, indent=2))
        return
    print(f"nine steps with jetshare nsc: {report['jetshare_s']} s")
    if theirs:
        print(f"nine steps with nsc:          {report['nsc_s']} s; ratio {report['ratio']}")
    else:
        print("there is no nsc on PATH to compare with")
    print(f"push of {ACCOUNTS:,} accounts:       {report['push_s']} s")


if __name__ == "__main__":
    main()
