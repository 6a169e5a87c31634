"""Which shares an account's document holds, whoever wrote it.

Shares are recognised by their subjects alone, so those made by hand with ``nsc``
are found as well as ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from jetshare.identity.claims import Account, Claims, Export, Import
from jetshare.sharing.kinds import PullConsumer, Role

_NEXT = "$JS.API.CONSUMER.MSG.NEXT."
_INFO = "$JS.API.CONSUMER.INFO."
_ACK = "$JS.ACK."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A share that an account exports."""

    share: PullConsumer
    exports: tuple[tuple[Role, Export], ...]

    @property
    def public(self) -> bool:
        return not any(export.token_req for _, export in self.exports)

    def export(self, role: Role) -> Export | None:
        return next((export for held, export in self.exports if held is role), None)

    def revoked_at(self, importer: str) -> int | None:
        """When any subject of it was last revoked for ``importer``; None when none ever was."""
        return max((at for at in self._revoked(importer) if at is not None), default=None)

    def ended_at(self, importer: str) -> int | None:
        """Up to when tokens of ``importer`` are revoked for every subject of the share; None
        where one was never revoked, and access goes on there."""
        times = self._revoked(importer)
        known = [at for at in times if at is not None]
        return min(known) if known and len(known) == len(times) else None

    def _revoked(self, importer: str) -> list[int | None]:
        """When each export was last revoked for ``importer``, by its key or for everyone."""
        return [
            max(
                (at for key, at in (export.revocations or {}).items() if key in (importer, "*")),
                default=None,
            )
            for _, export in self.exports
        ]

    def importers_revoked(self) -> frozenset[str]:
        return frozenset(key for _, export in self.exports for key in export.revocations or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A share that an account imports from ``provider`` (its public key)."""

    share: PullConsumer
    provider: str
    prefix: str
    imports: tuple[tuple[Role, Import], ...]

    def import_(self, role: Role) -> Import | None:
        return next((item for held, item in self.imports if held is role), None)


def offered(account: Claims[Account]) -> tuple[Offered, ...]:
    """Every pull consumer that the account exports, in order of its name."""
    found: dict[PullConsumer, list[tuple[Role, Export]]] = {}
    for export in account.nats.exports:
        if export.type == "service" and (named := recognise(export.subject)):
            role, share = named
            found.setdefault(share, []).append((role, export))
    return tuple(
        Offered(share=share, exports=tuple(exports)) for share, exports in sorted(found.items())
    )


def offered_share(account: Claims[Account], share: PullConsumer) -> Offered | None:
    return next((offer for offer in offered(account) if offer.share == share), None)


def accepted(account: Claims[Account]) -> tuple[Accepted, ...]:
    """Every pull consumer that the account imports, in order of name and provider."""
    found: dict[tuple[PullConsumer, str], list[tuple[Role, Import]]] = {}
    for item in account.nats.imports:
        if item.type == "service" and (named := recognise(remote_subject(item))):
            role, share = named
            found.setdefault((share, item.account), []).append((role, item))
    return tuple(
        Accepted(share=share, provider=provider, prefix=_prefix(imports), imports=tuple(imports))
        for (share, provider), imports in sorted(found.items(), key=lambda pair: pair[0])
    )


def accepted_share(
    account: Claims[Account], share: PullConsumer, provider: str | None = None
) -> tuple[Accepted, ...]:
    return tuple(
        item
        for item in accepted(account)
        if item.share == share and provider in (None, item.provider)
    )


def local_subject(item: Import) -> str:
    """The name under which the importer's clients use an import of a service."""
    return item.local_subject or item.subject


def remote_subject(item: Import) -> str:
    """What an import of a service asks for in the exporter's account.

    In the form with ``to``, which older tools wrote, that field is the exporter's subject
    and ``subject`` the importer's own (nats-io/jwt, ``Import.Validate``).
    """
    return item.subject if item.local_subject else item.to or item.subject


def recognise(subject: str) -> tuple[Role, PullConsumer] | None:
    """Which part of which share a subject is; None for a subject of no share."""
    for role, head in ((Role.NEXT, _NEXT), (Role.INFO, _INFO)):
        if subject.startswith(head):
            return _named(role, subject.removeprefix(head).split("."))
    if not subject.startswith(_ACK):
        return None
    tokens = subject.removeprefix(_ACK).split(".")
    if tokens[-1] != ">":
        return None
    if len(tokens) == 3:
        return _named(Role.ACK, tokens[:2])
    if len(tokens) == 5:
        return _named(Role.ACK_V2, tokens[2:4])
    return None


def _named(role: Role, tokens: list[str]) -> tuple[Role, PullConsumer] | None:
    if len(tokens) != 2 or any(token in ("*", ">", "") for token in tokens):
        return None
    return role, PullConsumer(*tokens)


def _prefix(imports: list[tuple[Role, Import]]) -> str:
    """The prefix under which NEXT (else INFO) is imported; empty when neither is mapped."""
    for wanted, tail in ((Role.NEXT, ".CONSUMER.MSG.NEXT."), (Role.INFO, ".CONSUMER.INFO.")):
        for role, item in imports:
            head, found, _ = local_subject(item).partition(tail)
            if role is wanted and found:
                return head
    return ""
