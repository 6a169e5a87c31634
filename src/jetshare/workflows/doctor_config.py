"""The accounts of a server's configuration file, for the doctor's rules."""

from __future__ import annotations

from pathlib import Path

from jetshare.identity.claims import (
    Account,
    AccountLimits,
    Claims,
    Export,
    ExportType,
    Import,
    ServiceLatency,
)
from jetshare.identity.permissions import NO_LIMIT
from jetshare.net.accountz import accounts_of
from jetshare.net.monitoring import AccountState, ExportState, ImportState
from jetshare.server.view import viewing
from jetshare.sharing.kinds import STREAM
from jetshare.sharing.rules.config_cures import letting_in
from jetshare.sharing.rules.shares import Accounts

_RESPONSE_TYPES = {"Streamed": STREAM}  # what the server calls otherwise than documents do


async def from_config(file: Path, binary: Path, now: int) -> Accounts:
    """What ``binary`` reads in ``file``. Raises as ``viewing`` does.

    Accounts have names there and no keys, so the name stands for the key. What a server
    does not tell of them is not looked at: users and their permissions, thresholds of
    responses and positions of account tokens.
    """
    async with viewing(file, binary) as url:
        states = await accounts_of(url)
    return Accounts(
        claims={state.account: _claims(state) for state in states},
        users={},
        now=now,
        config_file=str(file),
    )


def _claims(state: AccountState) -> Claims[Account]:
    storage = NO_LIMIT if state.jetstream else 0
    return Claims(
        name=state.account,
        sub=state.account,
        nats=Account(
            limits=AccountLimits(mem_storage=storage, disk_storage=storage),
            # A server tells them in no order.
            exports=tuple(map(_export, sorted(state.exports, key=lambda e: (e.subject, e.type)))),
            imports=tuple(
                map(_import, sorted(state.imports, key=lambda i: (i.subject, i.local_subject)))
            ),
        ),
    )


def _export(state: ExportState) -> Export:
    response = _RESPONSE_TYPES.get(state.response_type, state.response_type)
    export = Export(
        subject=state.subject,
        type=_type(state.type),
        response_type=response,
        service_latency=ServiceLatency(results=state.latency) if state.latency else None,
    )
    return letting_in(export, state.approved)


def _import(state: ImportState) -> Import:
    return Import(
        subject=state.subject,
        account=state.account,
        local_subject=state.local_subject,
        type=_type(state.type),
        share=state.share,
    )


def _type(word: str) -> ExportType:
    return "stream" if word == "stream" else "service"
