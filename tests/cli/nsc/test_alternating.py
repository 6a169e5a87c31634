"""A session in which nsc 2.13 and jetshare took turns on one folder.

After each of its 73 commands both tools described every document alike; what the
documents were is recorded, with names in the place of keys. Here jetshare runs the half
of nsc as well as its own, and every step must leave the same documents.
"""

from __future__ import annotations

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

from support.nsc import Names, Nsc, payload

SESSION = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "vectors/nsc-alternating.jsonl")
    .read_text()
    .splitlines()
]


def test_the_session_is_one_of_turns() -> None:
    assert len(SESSION) >= 60
    assert [step["by"] for step in SESSION[:2]] == ["jetshare", "nsc"]
    assert all(a["by"] != b["by"] for a, b in pairwise(SESSION))


def test_every_step_leaves_the_documents_that_it_left_then(nsc: Nsc) -> None:
    names = Names()
    before: dict[str, object] = {}
    for step in SESSION:
        words = re.sub(r"\$K_(\w+)", lambda found: nsc.account(found[1]).sub, step["command"])
        done = nsc.run(shlex.split(words)[1:])
        assert done.exit == step["exit"], f"{words}\n{done.stderr}"
        after = documents(nsc, names)
        changed = {path: found for path, found in after.items() if before.get(path) != found}
        gone = dict.fromkeys(before.keys() - after.keys())
        assert changed | gone == step["documents"], words
        before = after


def documents(nsc: Nsc, names: Names) -> dict[str, object]:
    stores = nsc.home / "data/nats/nsc/stores"
    return {
        str(path.relative_to(stores)): names.document(payload(path.read_text()))
        for path in sorted((stores / "OP").rglob("*.jwt"))
    }
