"""Documents of a share, right as they are made and then spoilt in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from jetshare.identity import jwt
from jetshare.identity.claims import (
    Account,
    AccountLimits,
    Activation,
    Claims,
    Export,
    Import,
    User,
)
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import edit
from jetshare.sharing.kinds import PullConsumer, Role
from jetshare.sharing.rules.book import SeenOf, diagnose
from jetshare.sharing.rules.rule import Finding, Severity
from jetshare.sharing.rules.servers import Seen
from jetshare.sharing.rules.shares import Accounts

NOW = 1_800_000_000
SHARE = PullConsumer("ORDERS", "ORDERS-C1")
PREFIX = "ACCTC.API"
JETSTREAM = AccountLimits(mem_storage=-1, disk_storage=-1, streams=-1, consumer=-1)

# Drawing keys takes longer than all that a unit test does with them.
_PROVIDER, _IMPORTER, OTHER = (KeyPair.generate(Kind.ACCOUNT) for _ in range(3))


@dataclass
class Pair:
    """A provider's and an importer's document, to be changed in place."""

    provider: Claims[Account]
    importer: Claims[Account]
    key: KeyPair
    share: PullConsumer = SHARE
    now: int = NOW
    users: list[Claims[User]] = field(default_factory=list)
    others: list[Claims[Account]] = field(default_factory=list)

    def export(self, role: Role) -> int:
        return self._place(self.provider.nats.exports, role)

    def import_(self, role: Role) -> int:
        return self._place(self.importer.nats.imports, role)

    def _place(self, held: Iterable[Export | Import], role: Role) -> int:
        """Where a role's export or import is, by the name it was given."""
        return next(i for i, one in enumerate(held) if one.name == f"{self.share} {role}")

    def change_export(self, role: Role, **changes: Any) -> None:
        self.provider = _changed(self.provider, "exports", self.export(role), changes)

    def change_import(self, role: Role, **changes: Any) -> None:
        self.importer = _changed(self.importer, "imports", self.import_(role), changes)

    def drop_export(self, role: Role) -> None:
        self.provider = _without(self.provider, "exports", self.export(role))

    def drop_import(self, role: Role) -> None:
        self.importer = _without(self.importer, "imports", self.import_(role))

    def drop(self, role: Role) -> None:
        self.drop_export(role)
        self.drop_import(role)

    def add_export(self, **words: Any) -> None:
        added = Export(**({"type": "service"} | words))
        self.provider = self.provider.with_nats(exports=(*self.provider.nats.exports, added))

    def add_import(self, **words: Any) -> None:
        usual = {"type": "service", "account": self.provider.sub}
        added = Import(**(usual | words))
        self.importer = self.importer.with_nats(imports=(*self.importer.nats.imports, added))

    def token(self, role: Role, *, key: KeyPair | None = None, **words: Any) -> str:
        """An activation for a role's subject; ``words`` change its claims and its body."""
        subject = self.importer.nats.imports[self.import_(role)].subject
        return activation(
            key or self.key,
            self.importer.sub,
            subject,
            self.now,
            provider=self.provider.sub,
            **words,
        )

    def change_token(self, *roles: Role, **words: Any) -> None:
        for role in roles:
            self.change_import(role, token=self.token(role, **words))

    def revoke(self, *roles: Role, at: int, who: str = "") -> None:
        for role in roles:
            self.change_export(role, revocations={who or self.importer.sub: at})

    def accounts(self) -> Accounts:
        held = (self.provider, self.importer, *self.others)
        return Accounts(
            claims={claims.sub: claims for claims in held},
            users={self.importer.sub: tuple(self.users)},
            now=self.now,
        )

    def findings(self, seen: Seen | None = None) -> tuple[Finding, ...]:
        sights: SeenOf = {}
        if seen is not None:
            key = (self.share.stream, self.share.consumer)
            sights = {(self.importer.sub, self.provider.sub, key): seen}
        return diagnose(self.accounts(), sights).findings

    def ended(self) -> tuple[str, ...]:
        """How the doctor says that the share was ended by its owner; none where it was not."""
        return tuple(diagnose(self.accounts()).ended.values())

    def codes(self, seen: Seen | None = None, *, notes: bool = False) -> set[str]:
        return {
            finding.code
            for finding in self.findings(seen)
            if notes or finding.severity is not Severity.NOTE
        }


Spoil = Callable[[Pair], None]


def pair(
    *,
    share: PullConsumer = SHARE,
    public: bool = False,
    info: bool = True,
    second_form: bool = True,
    prefix: str = PREFIX,
    now: int = NOW,
    expires: int = 0,
    keys: tuple[KeyPair, KeyPair] = (_PROVIDER, _IMPORTER),
    names: tuple[str, str] = ("ACCTC", "ACCTB"),
) -> Pair:
    """A share as ``grant`` and ``accept`` make it."""
    provider_key, importer_key = keys
    provider = Claims(name=names[0], sub=provider_key.public, nats=Account(limits=JETSTREAM))
    importer = Claims(name=names[1], sub=importer_key.public, nats=Account(limits=JETSTREAM))
    provider = edit.offer(provider, share, public=public, info=info)
    made = Pair(provider, importer, provider_key, share=share, now=now)
    for subject in share.subjects(provider.sub, info=info):
        made.add_import(
            name=f"{share} {subject.role}",
            subject=subject.subject,
            local_subject=subject.local(prefix),
        )
        if not public:
            made.change_token(subject.role, exp=expires)
    if not second_form:
        made.drop(Role.ACK_V2)
    return made


def activation(
    key: KeyPair, importer: str, about: str, now: int, *, provider: str = "", **words: Any
) -> str:
    """A token of ``key`` for an importer's public key, about a subject of a service."""
    issued = words.pop("iat", now)
    body = Activation(
        subject=words.pop("subject", about),
        kind=words.pop("kind", "service"),
        issuer_account=provider if key.public != provider else "",
    )
    claims = Claims(name=about, sub=words.pop("sub", importer), nats=body, **words)
    return jwt.encode(claims, key, issued).token


def _changed(
    claims: Claims[Account], name: str, index: int, changes: dict[str, Any]
) -> Claims[Account]:
    held = list(getattr(claims.nats, name))
    held[index] = replace(held[index], **changes)
    return claims.with_nats(**{name: tuple(held)})


def _without(claims: Claims[Account], name: str, index: int) -> Claims[Account]:
    held = getattr(claims.nats, name)
    return claims.with_nats(**{name: (*held[:index], *held[index + 1 :])})
