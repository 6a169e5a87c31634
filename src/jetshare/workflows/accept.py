"""Accept: take a grant into an account of one's own.

Two steps, so that a person can see the change between them: `plan_accept` checks
everything and changes nothing, `accept` stores, pushes and proves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from jetshare.errors import InputError, NotFound, TokenError, TokenRevoked
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Activation, Claims
from jetshare.identity.creds import parse_token_file
from jetshare.sharing import bundle as bundles
from jetshare.sharing import edit, envelope
from jetshare.sharing.bundle import Bundle
from jetshare.sharing.diff import Change, changes
from jetshare.sharing.expiry import terms
from jetshare.sharing.found import accepted_share, offered_share
from jetshare.sharing.kinds import PullConsumer, Role, check_prefix
from jetshare.sharing.times import show_time
from jetshare.store.contract import Store
from jetshare.workflows.documents import checked, sign_account
from jetshare.workflows.push import Push, push
from jetshare.workflows.reach import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRequest:
    """``files`` are the texts of one bundle, or of the loose tokens of one share.

    ``names`` are what to call each of them in an error; none are needed.
    """

    files: tuple[str, ...]
    account: str
    names: tuple[str, ...] = ()
    prefix: str = ""
    push: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPlan:
    """What would change, with what a person should know before saying yes."""

    bundle: Bundle
    account: str
    prefix: str
    before: Claims[Account]
    after: Claims[Account]
    warnings: tuple[str, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return changes(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResult:
    share: PullConsumer
    account: str
    provider: str
    prefix: str
    changes: tuple[Change, ...]
    push: Push | None
    warnings: tuple[str, ...]

    @property
    def pushed(self) -> bool:
        return self.push is None or self.push.complete


def plan_accept(store: Store, request: AcceptRequest, now: int) -> AcceptPlan:
    """Check the grant and work out the change. Raises on every reason to refuse it."""
    account = store.account(request.account).claims
    bundle = read_grant(request.files, request.names)
    prefix = _prefix(request, bundle, account)
    bundles.check_recipient(bundle, account)
    jwt.check_times(f"the grant of {bundle.share}", bundle.expires, bundle.not_before, now)
    warnings = _check_against_provider(store, bundle)
    roles = {subject.role for subject, _ in bundle.tokens()}
    if Role.ACK not in roles:
        warnings.append("the grant has no ACK token: every message will be redelivered")
    if Role.NEXT not in roles:
        warnings.append("the grant has no NEXT token: nothing can be pulled")
    if Role.INFO not in roles:
        warnings.append("the grant has no INFO: clients that must bind to a consumer cannot")
    warnings += _older(account, bundle)
    after = checked(account, edit.accept(account, bundle, prefix))
    return AcceptPlan(
        bundle=bundle,
        account=account.name,
        prefix=prefix,
        before=account,
        after=after,
        warnings=tuple(warnings),
    )


async def accept(store: Store, request: AcceptRequest, reach: Reach, now: int) -> AcceptResult:
    """Store the imports and push the account."""
    with store.edit() as editing:
        plan = plan_accept(editing, request, now)  # again, on what is there under the lock
        document = editing.account(request.account)
        if plan.after is not plan.before:
            document = sign_account(editing, plan.after, now)
            editing.put_account(document)
    carried = await push(store, [document], reach, now) if request.push else None
    return AcceptResult(
        share=plan.bundle.share,
        account=plan.account,
        provider=plan.bundle.provider,
        prefix=plan.prefix,
        changes=plan.changes,
        push=carried,
        warnings=plan.warnings,
    )


def read_grant(files: Sequence[str], names: Sequence[str] = ()) -> Bundle:
    """One bundle, or the loose tokens of one share, from the texts of their files."""
    if not files:
        raise NotFound("no file was given", hint="name the bundle, or the token files")
    called = [f"{name}: " for name in names] or [""] * len(files)
    wrapped = [envelope.is_wrapped(bundles.LABEL, text) for text in files]
    if not any(wrapped):
        return bundles.from_tokens(
            [_loose_token(text, name) for text, name in zip(files, called, strict=True)]
        )
    if len(files) > 1:
        raise TokenError(
            "a bundle was given together with other files",
            hint="accept each bundle by itself, and loose tokens all of one share together",
        )
    with _about(called[0]):
        return bundles.read(files[0])


def _loose_token(text: str, name: str) -> str:
    with _about(name):
        token = parse_token_file(text)
        jwt.decode(token, Activation)
        return token


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Name the file in what is wrong with it."""
    try:
        yield
    except TokenError as error:
        raise type(error)(f"{name}{error}", hint=error.hint) from None


def _prefix(request: AcceptRequest, bundle: Bundle, account: Claims[Account]) -> str:
    """The one asked for, else the one in use for this share, else the one suggested."""
    if request.prefix:
        return check_prefix(request.prefix)
    for held in accepted_share(account, bundle.share, bundle.provider):
        if held.prefix:
            return held.prefix
    if bundle.prefix:
        return bundle.prefix
    raise InputError(
        "loose tokens suggest no prefix to import under",
        hint="choose one with --prefix, for example ACCTC.API",
    )


def _older(account: Claims[Account], bundle: Bundle) -> list[str]:
    """That what is held was granted later than what is taken, where it was."""
    held = accepted_share(account, bundle.share, bundle.provider)
    newest = max((term.issued for each in held for term in terms(each)), default=0)
    if bundle.public or newest <= bundle.issued:
        return []
    return [
        f"this grant was made on {show_time(bundle.issued)}, before the one that {account.name}"
        f" holds, of {show_time(newest)}: taken, it counts in its place"
    ]


def _check_against_provider(store: Store, bundle: Bundle) -> list[str]:
    """Compare the grant with the provider's own document, where the store holds it."""
    try:
        provider = store.account(bundle.provider).claims
    except NotFound:
        if bundle.signer == bundle.provider:
            return []
        return [
            f"{bundle.signer} signed the grant, and nothing here says that it may sign"
            f" for {bundle.provider}"
        ]
    bundles.check_issuer(bundle, provider)
    offer = offered_share(provider, bundle.share)
    if offer is None:
        return [f"{provider.name} does not export {bundle.share} (yet)"]
    if bundles.revoked_at(bundle, provider) is not None:
        raise TokenRevoked(
            f"{provider.name} has revoked this grant of {bundle.share}",
            hint=f"ask {provider.name} for a new grant",
        )
    return []
