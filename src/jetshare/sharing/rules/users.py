"""Rules of the importer's users: an account that may is of no use to a user who may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jetshare.identity.claims import Account, Claims, Permission, User, UserScope
from jetshare.identity.record import record
from jetshare.identity.subjects import is_contained, overlaps
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.pieces import Part
from jetshare.sharing.rules.rule import Finding, Rule, Severity
from jetshare.sharing.rules.shares import Kind, Taken

_EDIT = "nsc edit user --account {importer} --name {user}"

CANNOT_ASK = Rule(
    code="JS601",
    title="A user may not use what its account imports",
    severity=Severity.ERROR,
    symptom='"Permissions Violation for Publish", or simply no message: the account can pull'
    " and this user cannot.",
    cause="The user's permissions (or its scoped signing key's, or the account's default ones)"
    " leave out NEXT, INFO, or $JS.ACK.<stream>.<consumer>.>.",
    nsc=(
        f"{_EDIT} --allow-pub {{subject}}",
        "nsc generate creds --account {importer} --name {user}",
    ),
    source="nats-server client.go, canPubFrom; reference of user claims",
    shown="A user without the right to publish on $JS.ACK: its acknowledgement was refused and the"
    " message came again; after the cure not.",
)

CANNOT_HEAR = Rule(
    code="JS602",
    title="A user may not subscribe to its inbox",
    severity=Severity.ERROR,
    symptom='"Permissions Violation for Subscription", and every request times out.',
    cause="Messages and answers arrive at an inbox, _INBOX.> unless the client says otherwise,"
    " and the user's permissions leave it out.",
    nsc=(
        f"{_EDIT} --allow-sub '_INBOX.>'",
        "nsc generate creds --account {importer} --name {user}",
    ),
    source="nats-server client.go, canSubscribe",
    shown="A user with permissions to subscribe and no inbox among them heard nothing; after the"
    " cure it pulled a message.",
)

BEARER = Rule(
    code="JS210",
    title="Bearer users, and an import that tells who asks",
    severity=Severity.WARNING,
    symptom="None. But the provider sees, with each request, a credential that works.",
    cause="An import with share: true sends the user's JWT along, and for a bearer user the JWT"
    " alone is enough to log in. What was sent already must be revoked too.",
    nsc=(
        "nsc revocations add-user --account {importer} --name {user} --at {issued}",
        "nsc push --account {importer}",
        "nsc edit user --account {importer} --name {user} --bearer=false",
        "nsc generate creds --account {importer} --name {user}",
    ),
    source="nats-server client.go, Nats-Request-Info",
    shown="The provider took the JWT out of a request and logged in with it as the importer's user;"
    " after the cure it could not.",
)


@record
class _Rights:
    pub: Permission
    sub: Permission


def users_may(share: Taken, users: Iterable[Claims[User]]) -> Iterator[Finding]:
    """The findings of every user of the importer's account that is at hand."""
    if share.kind is not Kind.PULL:
        return
    for user in users:
        rights = _rights(share.importer, user)
        for take in share.all(Part.NEXT, Part.INFO, Part.ACK):
            if not _allows(rights.pub, take.local):
                text = f"user {user.name} of {share.importer.name} may not publish on {take.local}"
                yield _of_user(CANNOT_ASK, share, user, text, take.local)
                break
        if not _hears_inbox(rights.sub):
            text = f"user {user.name} of {share.importer.name} may not subscribe to an inbox"
            yield _of_user(CANNOT_HEAR, share, user, text, "")


def bearers_shown(share: Taken, users: Iterable[Claims[User]]) -> Iterator[Finding]:
    shown = [take for take in share.takes if take.item.share]
    for user in users:
        if shown and user.nats.bearer_token:
            text = (
                f"{shown[0].item.subject} tells {share.provider_name} who asks, and user"
                f" {user.name} is a bearer user"
            )
            yield _of_user(BEARER, share, user, text, "")


def _of_user(rule: Rule, share: Taken, user: Claims[User], text: str, subject: str) -> Finding:
    more = {"user": user.name, "issued": str(user.iat)}
    return at_take(rule, share, None, text, subject=subject, more=more)


def _rights(account: Claims[Account], user: Claims[User]) -> _Rights:
    """What the user may: its scope's, else its own, else the account's default permissions."""
    for key in account.nats.signing_keys:
        if isinstance(key, UserScope) and key.key == user.iss:
            return _Rights(pub=_filled(key.template.pub, user), sub=_filled(key.template.sub, user))
    own = _Rights(pub=user.nats.pub, sub=user.nats.sub)
    if own.pub == own.sub == Permission() and user.nats.resp is None:
        default = account.nats.default_permissions
        return _Rights(pub=default.pub, sub=default.sub)
    return own


def _filled(permission: Permission, user: Claims[User]) -> Permission:
    """A scope's permissions with the user's name and key in them."""

    def fill(subjects: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            subject.replace("{{name()}}", user.name).replace("{{subject()}}", user.sub)
            for subject in subjects
        )

    return Permission(allow=fill(permission.allow), deny=fill(permission.deny))


def _allows(permission: Permission, subject: str) -> bool:
    """Whether all of ``subject`` may be used."""
    allowed = not permission.allow or any(is_contained(subject, by=a) for a in permission.allow)
    return allowed and not any(overlaps(subject, denied) for denied in permission.deny)


def _hears_inbox(permission: Permission) -> bool:
    """Whether some inbox may be used: the usual one, or one of a prefix that is allowed."""
    allow = [subject.split()[0] for subject in permission.allow if subject]
    if not allow:
        return not any(is_contained("_INBOX.>", by=denied) for denied in permission.deny)
    return any(
        subject.endswith(">") and ("INBOX" in subject.upper() or subject == ">")
        for subject in allow
    )


RULES: tuple[Rule, ...] = (CANNOT_ASK, CANNOT_HEAR, BEARER)
