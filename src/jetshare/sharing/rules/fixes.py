"""Apply the cures that need one document alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Account, Claims
from jetshare.sharing.rules.rule import Finding, Fix


def fixed(claims: Claims[Account], findings: Iterable[Finding]) -> Claims[Account]:
    """``claims`` with every fix of the findings that are about it."""
    fixes = [f.fix for f in findings if f.fix is not None and f.key == claims.sub]
    # What is taken out goes last: a fix knows its place in the list as it was found.
    for fix in fixes:
        if not fix.removed:
            claims = _apply(claims, fix)
    for name in ("exports", "imports"):
        gone = {index for fix in fixes if fix.list == name for index in fix.removed}
        held = getattr(claims.nats, name)
        kept = tuple(one for index, one in enumerate(held) if index not in gone)
        claims = claims.with_nats(**{name: kept}) if gone else claims
    return claims


def _apply(claims: Claims[Account], fix: Fix) -> Claims[Account]:
    held: list[Any] = list(getattr(claims.nats, fix.list))
    if fix.index is not None:
        held[fix.index] = replace(held[fix.index], **fix.changes)
    elif fix.added not in held:
        held.append(fix.added)
    return claims.with_nats(**{fix.list: tuple(held)})
