"""The commands that change an export, and nothing else of it.

nsc's own ``edit export`` drops the revocations, the token position, and the response type where
that stays as it is (nsc cmd/editexport.go). So with nsc the export is taken out and added anew,
with all that it has; ``jetshare nsc edit export`` changes what is named.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from jetshare.identity.claims import Export
from jetshare.sharing.kinds import SINGLETON
from jetshare.sharing.rules.rule import Finding, once
from jetshare.sharing.rules.shares import Offer

_SERVICE, _STREAM = "--service", "--service=false"
_USUAL = ("", SINGLETON)


def remade(found: Finding, *changes: tuple[Offer, Export]) -> Finding:
    """``found`` with the commands that make of each offer of its account what stands beside it.

    What ``--fix`` mends keeps that as its cure. There are no commands of nsc where nsc has none
    that keep all of the export: it tells exports apart by their subject alone, and loses a token
    position to a description.
    """
    account = found.account
    push = shlex.join(["nsc", "push", "--account", account])
    edits = [_edit(account, offer, new) for offer, new in changes]
    lines = [line for _, new in changes for line in _anew(account, new)]
    able = all(_nsc_can(offer, new) for offer, new in changes)
    return replace(
        found,
        cure=found.cure if found.fix else (*edits, f"jetshare {push}"),
        nsc=once((*lines, push)) if able else (),
    )


def _edit(account: str, offer: Offer, new: Export) -> str:
    """jetshare's command. Of two exports of one subject the one is in the way where it is to be
    of the other's type."""
    old = offer.export
    which = [_SERVICE if old.type == "service" else _STREAM] if offer.twin else []
    if offer.twin and new.type != old.type:
        return shlex.join(["jetshare", *_words("delete export", account, old), *which])
    words = _words("edit export", account, old) + which
    if new.type != old.type:
        words += [_SERVICE if new.type == "service" else _STREAM]
    if new.token_req and not old.token_req:
        words += ["--private"]
    if new.account_token_position != old.account_token_position:
        words += ["--account-token-position", str(new.account_token_position)]
    if new.response_type != old.response_type:
        words += ["--response-type", new.response_type]
    if new.response_threshold != old.response_threshold:
        words += ["--response-threshold", _duration(new.response_threshold)]
    return shlex.join(["jetshare", *words])


def _anew(account: str, new: Export) -> Iterator[str]:
    """nsc's commands: the export of this subject out, ``new`` in, with what only an edit can say,
    and with the revocations, each of its own time."""
    yield shlex.join(_words("delete export", account, new))
    kind = [_SERVICE] if new.type == "service" else []
    typed = ["--response-type", new.response_type] if new.response_type not in _USUAL else []
    trace = ["--allow-trace"] if new.allow_trace else []
    told = _told(new)
    # An edit drops the type that it finds and is told to keep: so where there is one, it says it.
    words = kind + _terms(new) + trace + ([] if told else typed)
    yield shlex.join(_words("add export", account, new) + words)
    if told:
        yield shlex.join(_words("edit export", account, new) + told + typed + trace)
    for who, at in new.revocations.items():
        revoked = ["--target-account", who, "--at", str(at)]
        yield shlex.join(_words("revocations add-activation", account, new) + kind + revoked)


def _terms(export: Export) -> list[str]:
    words = ["--private"] if export.token_req else []
    if export.name not in ("", export.subject):
        words += ["--name", export.name]
    if export.response_threshold:
        words += ["--response-threshold", _duration(export.response_threshold)]
    if latency := export.service_latency:
        sampling = "header" if latency.sampling == "headers" else str(latency.sampling)
        words += ["--latency", latency.results, "--sampling", sampling]
    if export.account_token_position:
        words += ["--account-token-position", str(export.account_token_position)]
    return words + (["--advertise"] if export.advertise else [])


def _told(export: Export) -> list[str]:
    """What people are told of an export, for which ``add export`` has no words."""
    words = ["--description", export.description] if export.description else []
    return words + (["--info-url", export.info_url] if export.info_url else [])


def _nsc_can(offer: Offer, new: Export) -> bool:
    lost = new.account_token_position or new.advertise  # by the edit that describes it
    return not offer.twin and not (lost and _told(new))


def _words(command: str, account: str, export: Export) -> list[str]:
    return ["nsc", *command.split(), "--account", account, "--subject", export.subject]


def _duration(nanoseconds: int) -> str:
    """As nsc reads it, to the nanosecond."""
    whole, rest = divmod(nanoseconds, 1_000_000)
    return f"{nanoseconds}ns" if rest else f"{whole}ms" if whole else "0s"
