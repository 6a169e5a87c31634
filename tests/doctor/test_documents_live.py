"""Failures that documents show, made to happen: the symptom, the code, the cure, and no symptom.

Each share is made right, spoilt in one place on the servers too, and used by a plain client
of the importer. What the doctor prints as a cure is run as it stands, with jetshare's
commands and, on a second server, with nsc's.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jetshare.sharing.kinds import Role
from support.shares import OTHER, Pair, Spoil
from support.ward import PREFIX, WELL, Health, ward

NEXT, ACK, ACK_V2, INFO = Role.NEXT, Role.ACK, Role.ACK_V2, Role.INFO
PULLED_ONLY = Health(bound=False, came=3, acked=3, again=0)
NOT_ACKED = Health(bound=True, came=3, acked=0, again=3)
NOT_PULLED = Health(bound=True, came=0, acked=0, again=0)
FIRST_ONLY = Health(bound=True, came=1, acked=1, again=0)
REFUSED = {PULLED_ONLY: {"bind"}, NOT_ACKED: {"ack"}, NOT_PULLED: {"pull"}, FIRST_ONLY: set()}


def now() -> int:
    return int(time.time())


def another_prefix(made: Pair) -> None:
    share = made.share
    local = f"OTHER.API.CONSUMER.INFO.{share.stream}.{share.consumer}"
    made.change_import(INFO, local_subject=local)


CASES: list[tuple[str, Spoil, Health, tuple[str, ...]]] = [
    ("JS101", lambda p: p.change_export(NEXT, response_type="Singleton"), FIRST_ONLY,
     ("cure", "nsc")),
    ("JS203", lambda p: p.drop_import(ACK), NOT_ACKED, ("cure", "nsc")),
    ("JS103", lambda p: p.drop(ACK), NOT_ACKED, ("cure", "nsc")),
    ("JS202", lambda p: p.change_import(ACK, local_subject=f"{PREFIX}.ACK.>"), NOT_ACKED,
     ("cure", "nsc")),
    ("JS206", lambda p: p.drop_import(INFO), PULLED_ONLY, ("cure", "nsc")),
    ("JS115", lambda p: p.drop(INFO), PULLED_ONLY, ("cure", "nsc")),
    ("JS209", another_prefix, PULLED_ONLY, ("cure", "nsc")),
    ("JS213", lambda p: p.drop_import(NEXT), NOT_PULLED, ("cure", "nsc")),
    ("JS116", lambda p: p.drop(NEXT), NOT_PULLED, ("cure", "nsc")),
    ("JS301", lambda p: p.change_import(NEXT, token=""), NOT_PULLED, ("cure", "nsc")),
    ("JS302", lambda p: p.change_token(NEXT, exp=now() - 5), NOT_PULLED, ("cure", "nsc")),
    ("JS309", lambda p: p.change_token(NEXT, nbf=now() + 3600), NOT_PULLED, ("cure", "nsc")),
    ("JS304", lambda p: p.change_token(NEXT, key=OTHER), NOT_PULLED, ("cure", "nsc")),
    ("JS401", lambda p: p.drop_export(ACK), NOT_ACKED, ("cure", "nsc")),
    ("JS111", lambda p: p.change_export(NEXT, type="stream", response_type=""), NOT_PULLED,
     ("cure", "nsc")),
    ("JS214", lambda p: p.change_import(NEXT, type="stream", token=""), NOT_PULLED,
     ("nsc",)),
]  # fmt: skip


def public(spoil: Spoil) -> Spoil:
    """The same in a share that asks for no tokens."""

    def spoilt(made: Pair) -> None:
        for role in Role:
            made.change_export(role, token_req=False)
            made.change_import(role, token="")
        spoil(made)

    return spoilt


CASES += [
    ("JS203", public(lambda p: p.drop_import(ACK)), NOT_ACKED, ("cure", "nsc")),
    ("JS202", public(lambda p: p.change_import(ACK, local_subject=f"{PREFIX}.ACK.>")), NOT_ACKED,
     ("nsc",)),
]  # fmt: skip


def _cases() -> list[object]:
    return [
        pytest.param(code, spoil, sick, how, id=f"{code}-{how}")
        for code, spoil, sick, hows in CASES
        for how in hows
    ]


@pytest.mark.parametrize(("code", "spoil", "sick", "how"), _cases())
async def test_a_spoilt_share_is_named_and_cured(
    code: str, spoil: Spoil, sick: Health, how: str, tmp_path: Path
) -> None:
    async with ward(tmp_path) as made:
        assert await made.doctor() == []
        await made.spoil(spoil)
        seen = await made.health()
        assert (seen, seen.refused) == (sick, REFUSED[sick])
        await made.finding(code)
        await made.cure_all(code, how)
        assert await made.health() == WELL


async def test_the_guides_share_by_nine_commands_gives_no_finding(tmp_path: Path) -> None:
    async with ward(tmp_path, granted=False) as made:
        share, importer = made.share, made.live.members["ACCTB"].public
        pieces = {
            "NEXT": (share.next_subject(), "--response-type Stream"),
            "ACK": (share.ack_subject(), ""),
            "INFO": (share.info_subject(), ""),
        }
        for name, (subject, more) in pieces.items():
            local = subject.replace("$JS.API", PREFIX)
            lines = (
                f"add export --account ACCTC --private --service --subject {subject} {more}",
                f"generate activation --account ACCTC --subject {subject}"
                f" --target-account {importer} --output-file {name}.tok",
                f"add import --account ACCTB --token {name}.tok --local-subject {local}",
            )
            for line in lines:
                await made.run(["nsc", *line.split()], must=True)
        for account in ("ACCTC", "ACCTB"):
            await made.run(["nsc", "push", "--account", account], must=True)
        assert await made.health() == WELL
        assert await made.doctor() == []
        assert await made.doctor("--live") == []
