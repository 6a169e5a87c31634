"""Accounts of a server's configuration file: what the doctor finds in them, and its cures."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client

from jetshare.errors import InvalidDocument
from jetshare.server.run import Server, running
from jetshare.sharing.rules.config_cures import RELOAD
from jetshare.sharing.rules.rule import Finding
from jetshare.workflows.doctor import DoctorRequest, examine
from jetshare.workflows.doctor_config import from_config
from support.config_file import (
    IMPORTER,
    OTHER,
    PROVIDER,
    SHARE,
    ConfigFile,
    Spoil,
    guide,
    imported,
    reload,
    user_of,
)
from support.servers import binary
from support.waiting import until
from support.ward import ACK_WAIT_S, BODIES, PREFIX, WELL, Health, health_of

NEXT, ACK, INFO = SHARE.next_subject(), SHARE.ack_subject(), SHARE.info_subject()
NEXT_LOCAL = NEXT.replace("$JS.API", PREFIX)
INFO_LOCAL = INFO.replace("$JS.API", PREFIX)
TO_IMPORTER = f"accounts: [{IMPORTER}]"


async def doctor(file: ConfigFile, *, notes: bool = False) -> tuple[Finding, ...]:
    accounts = await from_config(file.write(), binary(), int(time.time()))
    return examine(accounts, DoctorRequest(notes=notes)).findings


def in_exports(head: str, entry: str | None, *, unimported: bool = False) -> Spoil:
    def spoil(file: ConfigFile) -> None:
        file.change("exports", PROVIDER, f'"{head}"', entry)
        if unimported:
            file.change("imports", IMPORTER, f'"{head}"', None)

    return spoil


def in_imports(head: str, entry: str | None) -> Spoil:
    return lambda file: file.change("imports", IMPORTER, f'"{head}"', entry)


def as_stream(file: ConfigFile) -> None:
    in_exports(NEXT, f'{{stream: "{NEXT}", {TO_IMPORTER}}}')(file)
    in_imports(NEXT, f'{{stream: {{account: "{PROVIDER}", subject: "{NEXT}"}}}}')(file)


def administration(file: ConfigFile) -> None:
    delete = "$JS.API.STREAM.DELETE.*"
    file.exports[PROVIDER].append(f'{{service: "{delete}", {TO_IMPORTER}}}')
    file.imports[IMPORTER].append(imported(delete, f"{PREFIX}.STREAM.DELETE.*"))


def every_consumer(file: ConfigFile) -> None:
    wild = f'{{service: "$JS.ACK.ORDERS.*.>", {TO_IMPORTER}}}'
    file.exports[PROVIDER].append(wild)


def without_flow_control(file: ConfigFile) -> None:
    """A source of the importer's: CREATE and a deliver subject, and nothing for its replies."""
    create = "$JS.API.CONSUMER.CREATE.ORDERS.>"
    file.exports[PROVIDER] = [
        f'{{service: "{create}", {TO_IMPORTER}}}',
        f'{{stream: "deliver.>", {TO_IMPORTER}}}',
    ]
    file.imports[IMPORTER] = [
        imported(create, create.replace("$JS.API", PREFIX)),
        f'{{stream: {{account: "{PROVIDER}", subject: "deliver.>"}}}}',
    ]


def second_provider(*, own_prefix: bool) -> Spoil:
    """Another account shares a consumer of the same names with the importer."""

    def spoil(file: ConfigFile) -> None:
        file.more[OTHER] = "jetstream: enabled"
        file.exports[OTHER] = [
            f'{{service: "{NEXT}", response_type: stream, {TO_IMPORTER}}}',
            f'{{service: "{ACK}", {TO_IMPORTER}}}',
            f'{{service: "{INFO}", {TO_IMPORTER}}}',
        ]
        prefix = "ACCTD.API" if own_prefix else PREFIX
        file.imports[IMPORTER] += [
            imported(NEXT, NEXT.replace("$JS.API", prefix), OTHER),
            imported(ACK, ACK, OTHER),
            imported(INFO, INFO.replace("$JS.API", prefix), OTHER),
        ]

    return spoil


def no_streams(file: ConfigFile) -> None:
    """Only another account has JetStream."""
    file.more = {OTHER: "jetstream: enabled"}


CURED: dict[str, tuple[str, Spoil]] = {
    "one reply": ("JS101", in_exports(NEXT, f'{{service: "{NEXT}", {TO_IMPORTER}}}')),
    "administration": ("JS102", administration),
    "no ack": ("JS103", in_exports(ACK, None, unimported=True)),
    "every consumer": ("JS106", every_consumer),
    "public ack": ("JS107", in_exports(ACK, f'{{service: "{ACK}"}}')),
    "no flow control": ("JS109", without_flow_control),
    "a stream": ("JS111", as_stream),
    "a stream imported": ("JS214", as_stream),
    "no info": ("JS115", in_exports(INFO, None, unimported=True)),
    "no next": ("JS116", in_exports(NEXT, None, unimported=True)),
    "next unmapped": ("JS201", in_imports(NEXT, imported(NEXT, NEXT))),
    "ack mapped": ("JS202", in_imports(ACK, imported(ACK, f"{PREFIX}.ACK.>"))),
    "ack not imported": ("JS203", in_imports(ACK, None)),
    "info not imported": ("JS206", in_imports(INFO, None)),
    "another prefix": ("JS209", in_imports(INFO, imported(INFO, f"ELSEWHERE.{INFO[8:]}"))),
    "flow control not imported": ("JS211", without_flow_control),
    "next not imported": ("JS213", in_imports(NEXT, None)),
}
FOUND: dict[str, tuple[str, Spoil]] = {
    "no streams": ("JS118", no_streams),
    "two providers' acks": ("JS205", second_provider(own_prefix=True)),
    "two providers, one prefix": ("JS208", second_provider(own_prefix=False)),
}


async def test_a_right_share_gives_no_finding(tmp_path: Path) -> None:
    assert await doctor(guide(tmp_path)) == ()
    assert await doctor(guide(tmp_path), notes=True) == ()


@pytest.mark.parametrize("what", CURED)
async def test_it_is_found_and_the_printed_cures_mend_the_file(what: str, tmp_path: Path) -> None:
    code, spoil = CURED[what]
    file = guide(tmp_path)
    spoil(file)
    found = await doctor(file)
    assert code in {finding.code for finding in found}
    cure_of(found, code, file)
    # A cure may bring to light what it could not mend: what is exported can be imported.
    for _ in range(4):
        if not (found := await doctor(file)):
            return
        cure_of(found, found[0].code, file)
    pytest.fail(str([(finding.code, finding.text) for finding in found]))


async def test_a_cure_leaves_the_rest_of_an_entry_as_it_is(tmp_path: Path) -> None:
    more = 'threshold: "3s", allow_trace: true'
    latency = 'latency: {sampling: 50, subject: "lat.next"}'  # not with several responses
    file = guide(tmp_path)
    in_exports(NEXT, f'{{service: "{NEXT}", {latency}, {TO_IMPORTER}, {more}}}')(file)
    cure_of(await doctor(file), "JS101", file)
    assert await doctor(file) == ()
    (cured,) = (entry for entry in file.exports[PROVIDER] if NEXT in entry)
    assert more in cured
    assert TO_IMPORTER in cured


@pytest.mark.parametrize("what", FOUND)
async def test_it_is_found(what: str, tmp_path: Path) -> None:
    code, spoil = FOUND[what]
    file = guide(tmp_path)
    spoil(file)
    found = [finding for finding in await doctor(file) if finding.code == code]
    assert found
    assert found[0].cure
    assert "nats.imports" not in found[0].text


def unexported(file: ConfigFile) -> None:
    in_exports(ACK, None)(file)


def let_in_another(file: ConfigFile) -> None:
    in_exports(ACK, f'{{service: "{ACK}", accounts: [{OTHER}]}}')(file)


def circle(file: ConfigFile) -> None:
    for account, from_ in ((PROVIDER, OTHER), (OTHER, PROVIDER)):
        file.exports.setdefault(account, []).append('{service: "a"}')
        file.imports.setdefault(account, []).append(imported("a", "a", from_))


@pytest.mark.parametrize(
    ("spoil", "words", "code"),
    [
        (unexported, f'"{ACK}": service import not authorized', "JS401"),
        (let_in_another, f'"{ACK}": service import not authorized', "JS401"),
        (circle, '"a": import forms a cycle', "JS207"),
    ],
)
async def test_what_the_server_refuses_is_said_in_its_words(
    spoil: Spoil, words: str, code: str, tmp_path: Path
) -> None:
    file = guide(tmp_path)
    spoil(file)
    with pytest.raises(InvalidDocument) as refused:
        await doctor(file)
    assert str(file.config_path) in str(refused.value)
    assert words in str(refused.value)
    assert code in refused.value.hint


LIVE = ("one reply", "ack mapped", "ack not imported", "info not imported", "another prefix")


@pytest.mark.parametrize("what", LIVE)
async def test_the_cure_of_a_running_server_takes_the_symptom_away(
    what: str, tmp_path: Path
) -> None:
    """JS101, JS202, JS203, JS206, JS209 on a server that runs with the very file."""
    code, spoil = CURED[what]
    file = guide(tmp_path)
    spoil(file)
    async with running(file, binary()) as server, provider(server) as owner:
        sick = await health(server, owner)
        assert sick != WELL
        cure_of(await doctor(file), code, file)
        await reload(server, file)
        assert await health(server, owner) == WELL, sick


async def test_a_right_share_works_on_a_server_with_the_file(tmp_path: Path) -> None:
    file = guide(tmp_path)
    async with running(file, binary()) as server, provider(server) as owner:
        assert await health(server, owner) == WELL
        # The doctor's server and the one that runs do not touch each other.
        assert await doctor(file) == ()
        assert await health(server, owner) == WELL


async def test_the_second_form_of_the_acknowledgement_has_the_accounts_name(
    tmp_path: Path,
) -> None:
    """JS104 and JS204, on a server that sends it."""
    file = guide(tmp_path)
    file.top = "feature_flags { js_ack_fc_v2: true }"
    second = SHARE.ack_v2_subject(PROVIDER)
    in_exports(second, None, unimported=True)(file)
    async with running(file, binary()) as server, provider(server) as owner:
        sick = await health(server, owner)
        assert (sick.came, sick.acked) == (3, 0)
        for code in ("JS104", "JS204"):
            cure_of(await doctor(file, notes=True), code, file)
        await reload(server, file)
        assert await health(server, owner) == WELL


def cure_of(found: tuple[Finding, ...], code: str, file: ConfigFile) -> None:
    """Apply what the doctor printed for the first finding of a code."""
    finding = next(finding for finding in found if finding.code == code)
    *lines, last = finding.cure
    assert last == RELOAD
    for line in lines:
        file.apply(line)


@asynccontextmanager
async def provider(server: Server) -> AsyncIterator[Client]:
    async with user_of(server, PROVIDER) as client:
        await client.jetstream().add_stream(name=SHARE.stream, subjects=["orders.>"])
        yield client


async def health(server: Server, owner: Client) -> Health:
    """What a plain client of the importer makes of three messages."""
    js = owner.jetstream()
    await js.purge_stream(SHARE.stream)
    names = {each.name for each in await js.consumers_info(SHARE.stream)}
    if SHARE.consumer in names:
        await js.delete_consumer(SHARE.stream, SHARE.consumer)
    await js.add_consumer(
        SHARE.stream, durable_name=SHARE.consumer, ack_policy="explicit", ack_wait=ACK_WAIT_S
    )
    for body in BODIES:
        await js.publish("orders.new", body)

    async def acked(wanted: int) -> int:
        deadline = time.monotonic() + ACK_WAIT_S

        async def settled() -> tuple[int] | None:
            info = await js.consumer_info(SHARE.stream, SHARE.consumer)
            count = info.ack_floor.consumer_seq if info.ack_floor else 0
            return (count,) if count >= wanted or time.monotonic() > deadline else None

        seen = await until(settled)
        assert seen is not None
        return seen[0]

    async with user_of(server, IMPORTER) as client:
        return await health_of(client, SHARE, acked, again=True)
