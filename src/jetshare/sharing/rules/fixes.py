"""Apply the cures that need one document alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from jetshare.identity.claims import Account, Claims
from jetshare.sharing.rules.rule import Finding, Fix


def fixed(claims: Claims[Account], findings: Iterable[Finding]) -> Claims[Account]:
    """``claims`` with every fix of the findings that are about it."""
    for finding in findings:
        if finding.fix is not None and finding.key == claims.sub:
            claims = _apply(claims, finding.fix)
    return claims


def _apply(claims: Claims[Account], fix: Fix) -> Claims[Account]:
    held: list[Any] = list(getattr(claims.nats, fix.list))
    if fix.index is not None:
        held[fix.index] = replace(held[fix.index], **fix.changes)
    elif fix.added not in held:
        held.append(fix.added)
    return claims.with_nats(**{fix.list: tuple(held)})
