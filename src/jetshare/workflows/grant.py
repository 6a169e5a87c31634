"""Grant: offer a pull consumer to other accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from jetshare.errors import InputError, NotFound
from jetshare.identity import nkeys
from jetshare.identity.claims import Account, Activation, Claims
from jetshare.identity.creds import format_activation
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.sharing import bundle, edit, ledger
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.found import offered_share
from jetshare.sharing.kinds import PullConsumer, Role, check_prefix, suggested_prefix
from jetshare.store.contract import Edit, Store
from jetshare.workflows.accounts import account_names
from jetshare.workflows.consumer import Seen, look_at_consumer
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach
from jetshare.workflows.signers import activation_signer, refuse_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """``importers`` are names of accounts in the store, or public keys.

    ``expires`` is Unix seconds, 0 for never; with None a renewal lasts as long again as the
    grant before it, and a new grant has no end. ``signing_key`` is a public key or a seed
    file's path; empty means the account's identity key, else one of its signing keys.
    """

    share: PullConsumer
    provider: str
    importers: tuple[str, ...] = ()
    public: bool = False
    info: bool = True
    expires: int | None = None
    signing_key: str = ""
    domain: str = ""
    prefix: str = ""
    dry_run: bool = False
    push: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One importer's part: its bundle, and the same as loose activation files by role.

    ``expires`` is when it ends, ``before`` when the grant that it renews did: Unix seconds,
    0 for never, and ``before`` None where it renews none. A dry run signs nothing, so
    ``bundle`` is empty then.
    """

    importer: str
    importer_name: str
    expires: int
    before: int | None
    bundle: str = ""
    activations: tuple[tuple[Role, str], ...] = ()

    @property
    def renewed(self) -> bool:
        return self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantResult:
    share: PullConsumer
    provider: str
    provider_name: str
    changes: tuple[Change, ...]
    grants: tuple[Grant, ...]
    push: Push | None
    warnings: tuple[str, ...] = ()

    @property
    def expires(self) -> int:
        """When the last of the grants ends, in Unix seconds; 0 where one has no end."""
        ends = [granted.expires for granted in self.grants]
        return 0 if 0 in ends else max(ends)

    @property
    def pushed(self) -> bool:
        """Nothing is left to carry: no change, none asked for, or taken by every server."""
        return self.push is None or self.push.complete


async def grant(
    store: Store,
    request: GrantRequest,
    reach: Reach,
    now: int,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> GrantResult:
    """Add the exports that are missing, sign the activations, write the ledger, push.

    Granting again changes no export and makes new tokens, which is how a grant is
    renewed. Raises InputError where a renewal is to last as long again as a grant whose
    record has no such time.
    """
    _check_request(request, now)
    seen = (
        await look_at_consumer(store, request.provider, request.share, reach, now)
        if request.push
        else Seen()
    )
    if seen.domain and not request.domain:
        request = replace(request, domain=seen.domain)
    if request.dry_run:
        provider = store.account(request.provider)
        after = _offered(provider.claims, request)
        grants = _would_grant(store, after, request, now)
        return _result(provider.claims, after, request, grants=grants, push=None, seen=seen)
    with store.edit() as editing:
        provider = editing.account(request.provider)
        after = _offered(provider.claims, request)
        signer = activation_signer(editing, provider.claims, request.signing_key)
        grants = _activate(editing, after, request, signer, now, progress)
        document = provider
        if after is not provider.claims:
            document = sign_account(editing, after, now)
            editing.put_account(document)
    carried = await push(store, [document], reach, now) if request.push else None
    return _result(provider.claims, after, request, grants=grants, push=carried, seen=seen)


def _check_request(request: GrantRequest, now: int) -> None:
    refuse_seed(request.signing_key)
    if request.public and request.importers:
        raise InputError(
            "a public share is open to every account, so it is granted to none by name",
            hint="leave --to out, or leave --public out",
        )
    if not request.public and not request.importers:
        raise InputError(
            f"nobody is named to grant {request.share} to",
            hint="name an account or its public key with --to",
        )
    if request.prefix:
        check_prefix(request.prefix)
    if request.expires and request.expires <= now:
        raise InputError(
            "the grant would expire in the past", hint="give a later date, or a span such as 90d"
        )


def _offered(provider: Claims[Account], request: GrantRequest) -> Claims[Account]:
    after = edit.offer(provider, request.share, public=request.public, info=request.info)
    return checked(provider, after)


def _would_grant(
    store: Store, provider: Claims[Account], request: GrantRequest, now: int
) -> tuple[Grant, ...]:
    known = ledger.active(store.ledger(provider.name), request.share)
    return tuple(
        _unsigned(key, name, request, known.get(key), now)
        for key, name in _whom(store, provider, request)
    )


def _unsigned(
    importer: str, name: str, request: GrantRequest, held: ledger.Grant | None, now: int
) -> Grant:
    return Grant(
        importer=importer,
        importer_name=name,
        expires=_end(request, held, now),
        before=held.expires if held else None,
    )


def _end(request: GrantRequest, held: ledger.Grant | None, now: int) -> int:
    """As asked for, else after as long a time as the grant that is renewed had.

    Renewing is no word about the end: without one it must not make a dated grant endless.
    """
    if request.expires is not None:
        return request.expires
    if held is None or not held.expires:
        return 0
    if held.expires <= held.issued:  # a clock was wrong at one of its renewals
        raise InputError(
            f"how long the grant of {request.share} to {held.importer} lasted is not on record",
            hint="say when it ends with --expires: a span, a date, or never",
        )
    return now + held.expires - held.issued


def _whom(store: Store, provider: Claims[Account], request: GrantRequest) -> list[tuple[str, str]]:
    """Keys and names, both empty for the one bundle of a public share."""
    return [("", "")] if request.public else _importers(store, provider, request.importers)


def _activate(
    editing: Edit,
    provider: Claims[Account],
    request: GrantRequest,
    signer: KeyPair,
    now: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[Grant, ...]:
    wanted = request.share.subjects(provider.sub, info=request.info)
    offer = offered_share(provider, request.share)
    known = ledger.active(editing.ledger(provider.name), request.share)
    prefix = request.prefix or suggested_prefix(provider.name)
    grants: list[Grant] = []
    entries: list[ledger.NewEntry] = []
    importers = _whom(editing, provider, request)
    for done, (importer, name) in enumerate(importers, 1):
        granted = _unsigned(importer, name, request, known.get(importer), now)
        issued = edit.issue_time(offer, importer, now)
        activations: tuple[Document[Activation], ...] = ()
        if importer:
            activations = edit.activate(
                wanted,
                provider=provider.sub,
                importer=importer,
                signer=signer,
                now=issued,
                expires=granted.expires,
            )
        entries.extend(
            ledger.granted(request.share, held.claims, at=now, renewed=granted.renewed)
            for held in activations
        )
        grants.append(
            replace(
                granted,
                activations=tuple(
                    (subject.role, format_activation(held.token))
                    for subject, held in zip(wanted, activations, strict=False)
                ),
                bundle=bundle.make(
                    request.share,
                    provider=provider.sub,
                    provider_name=provider.name,
                    importer=importer,
                    prefix=prefix,
                    activations=activations,
                    signer=signer,
                    now=issued,
                    domain=request.domain,
                    info=request.info,
                    expires=granted.expires,
                ),
            )
        )
        if progress:
            progress(done, len(importers))
    editing.append_ledger(provider.name, entries)
    return tuple(grants)


def _importers(
    store: Store, provider: Claims[Account], named: Sequence[str]
) -> list[tuple[str, str]]:
    """Public keys with the names known for them; a key of an unknown account is fine."""
    found: dict[str, str] = {}
    names = account_names(store)
    for text in named:
        if text in names.values():
            public = next(key for key, name in names.items() if name == text)
        elif len(text) == 56 or nkeys.is_public(text):
            nkeys.parse_public(text, Kind.ACCOUNT)
            public = text
        else:
            public = store.account(text).claims.sub  # NotFound names the nearest
        if public == provider.sub:
            raise InputError(
                f"{provider.name} cannot grant a share to itself",
                hint="its own clients reach the consumer without one",
            )
        found[public] = names.get(public, "")
    if not found:
        raise NotFound("nobody is named to grant to", hint="name an account with --to")
    return list(found.items())


def _result(
    before: Claims[Account],
    after: Claims[Account],
    request: GrantRequest,
    *,
    grants: tuple[Grant, ...],
    push: Push | None,
    seen: Seen,
) -> GrantResult:
    return GrantResult(
        share=request.share,
        provider=after.sub,
        provider_name=after.name,
        changes=changes(before, after),
        grants=grants,
        push=push,
        warnings=seen.warnings,
    )
