"""Rules of the importer's users: an account that may is of no use to a user who may not."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from jetshare.editing.permissions import PermissionChange
from jetshare.identity.claims import Claims, User
from jetshare.identity.record import record
from jetshare.identity.templates import Refused
from jetshare.sharing.rules.found import at_take
from jetshare.sharing.rules.needs import Lacking, Needs, lacking, needs_of
from jetshare.sharing.rules.permissions import (
    INBOX,
    Rights,
    Source,
    changed,
    denying,
    rights_of,
    to_give,
)
from jetshare.sharing.rules.rule import Finding, Rule, Severity, fill
from jetshare.sharing.rules.shares import Taken

_EDIT = {
    Source.USER: "nsc edit user --account {importer} --name {user}",
    Source.SCOPE: "nsc edit signing-key --account {importer} --sk {signing_key}",
    Source.ACCOUNT: "nsc edit account --name {importer}",
}
_CREDS = "nsc generate creds --account {importer} --name {user}"
_PUSH = "nsc push --account {importer}"
_IN_FORCE = {Source.USER: _CREDS, Source.SCOPE: _PUSH, Source.ACCOUNT: _PUSH}
_OWN = "jetshare "  # stands before a command of nsc in jetshare's own command line

CANNOT_ASK = Rule(
    code="JS601",
    title="A user may not use what its account imports",
    severity=Severity.ERROR,
    symptom='"Permissions Violation for Publish", or simply no message: the account can pull'
    " and this user cannot.",
    cause="The user's permissions leave out or deny NEXT, INFO or $JS.ACK.<stream>.<consumer>.>,"
    " or what another kind of share needs in their place. They are those of its scoped signing"
    " key, filled in for it; else its own; else, where there are none at all, the account's default"
    " ones. A list of what is allowed forbids all the rest: the cure adds to a list, never begins"
    " one, and gives at once all that is lacking, the inbox too. A denial can only be taken out"
    " whole. A permission to answer (--allow-pub-response) is enough to acknowledge what was"
    " pulled, in time and as often as it says, and forbids all else that is not allowed by name."
    " Servers do not let a user in where what is denied it cannot be filled in. It is a warning"
    " where the user may publish no part of what the share needs and another user can pull: it may"
    " be meant.",
    cure=(f"{_OWN}{_EDIT[Source.USER]} --allow-pub {{subjects}}", _OWN + _CREDS),
    nsc=(
        f"{_EDIT[Source.USER]} --allow-pub {{subjects}}",
        _CREDS,
        "# of its scoped signing key",
        f"{_EDIT[Source.SCOPE]} --allow-pub {{subjects}}",
        "# of the account's default permissions",
        f"{_EDIT[Source.ACCOUNT]} --allow-pub {{subjects}}",
        "# with any of the three, where a subject is denied",
        f"{_EDIT[Source.USER]} --rm {{denied}}",
        _PUSH,
    ),
    source="nats-server client.go, pubAllowedFullCheck; auth.go, processUserPermissionsTemplate",
    shown="Users without the right to publish on $JS.ACK, by a list of their own, by their signing"
    " key, by the account's default and by a denial: their acknowledgements were refused"
    " (permissions violation) and the messages came again; after the cure not.",
)

CANNOT_HEAR = Rule(
    code="JS602",
    title="A user may not subscribe to its inbox",
    severity=Severity.ERROR,
    symptom='"Permissions Violation for Subscription", and every request times out. Of a push'
    " consumer: no message arrives.",
    cause="Messages and answers arrive at an inbox, _INBOX.> unless the client says otherwise,"
    " and the user's permissions leave it out or deny it. A prefix of the user's own, as"
    " _INBOX_bob.>, is seen by its name. What a push consumer delivers arrives at its deliver"
    " subject. The permissions are those that count for JS601.",
    cure=(f"{_OWN}{_EDIT[Source.USER]} --allow-sub '{INBOX}.>'", _OWN + _CREDS),
    nsc=(
        f"{_EDIT[Source.USER]} --allow-sub '{INBOX}.>'",
        _CREDS,
        "# of its scoped signing key",
        f"{_EDIT[Source.SCOPE]} --allow-sub '{INBOX}.>'",
        "# of the account's default permissions",
        f"{_EDIT[Source.ACCOUNT]} --allow-sub '{INBOX}.>'",
        "# with any of the three, where the inbox is denied",
        f"{_EDIT[Source.USER]} --rm {{denied}}",
        _PUSH,
    ),
    source="nats-server client.go, canSubscribe",
    shown="A user with permissions to subscribe and no inbox among them was refused by the server"
    " (permissions violation) and heard nothing; after the cure it pulled its messages.",
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


_CLIENTS = frozenset({"STANDARD", "WEBSOCKET", "IN_PROCESS"})


@record
class _Judged:
    user: Claims[User]
    rights: Rights
    lacks: Lacking


def users_may(
    share: Taken, users: Iterable[Claims[User]], *, second_form: bool = False
) -> Iterator[Finding]:
    """What every user of the importer's account that is at hand lacks, each in one finding.

    ``second_form`` is whether servers are seen to want acknowledgements in their second form.
    """
    needs = needs_of(share, second_form=second_form)
    if needs == Needs():
        return
    judged = []
    for user in users:
        rights = rights_of(share.importer, user)
        if not _connects_as_client(user, rights):
            continue
        if rights.refused:
            yield _kept_out(share, user, rights, rights.refused)
        else:
            judged.append(_Judged(user=user, rights=rights, lacks=lacking(needs, rights)))
    served = not all(each.lacks for each in judged)
    for each in judged:
        if each.lacks:
            found = _lacks(share, needs, each)
            # Where another user can, who may use no part of it has other duties.
            meant = served and each.lacks.all
            yield replace(found, severity=Severity.WARNING) if meant else found


def bearers_shown(share: Taken, users: Iterable[Claims[User]]) -> Iterator[Finding]:
    shown = [take for take in share.takes if take.item.share]
    for user in users:
        if shown and user.nats.bearer_token:
            text = (
                f"{shown[0].item.subject} tells {share.provider_name} who asks, and user"
                f" {user.name} is a bearer user"
            )
            more = {"user": user.name, "issued": str(user.iat)}
            yield at_take(BEARER, share, None, text, more=more)


def _connects_as_client(user: Claims[User], rights: Rights) -> bool:
    """Users of leaf nodes and of MQTT alone pull from no consumer."""
    held = rights.scope.template if rights.scope else user.nats
    types = {each.upper() for each in held.allowed_connection_types}
    return not types or not types.isdisjoint(_CLIENTS)


def _lacks(share: Taken, needs: Needs, judged: _Judged) -> Finding:
    rights, lacks = judged.rights, judged.lacks
    may_not = [
        f"{verb} {_and(need.entry for need in needed)}{_denied_by(denied)}"
        for verb, needed, denied in (
            ("publish on", lacks.publish, denying(rights, publish=lacks.publish)),
            ("subscribe to", lacks.subscribe, denying(rights, subscribe=lacks.subscribe)),
        )
        if needed
    ]
    text = f"may not {', nor '.join(may_not)}"
    whose = {
        Source.USER: "",
        Source.SCOPE: f": so {_scope_words(rights)} says",
        Source.ACCOUNT: ": so the account's default permissions say",
    }[rights.source]
    rule = CANNOT_ASK if lacks.publish else CANNOT_HEAR
    edits = [(source, _flags(change)) for source, change in _steps(share, needs, judged)]
    return _of_user(rule, share, judged.user, text + whose, rights, edits)


def _steps(
    share: Taken, needs: Needs, judged: _Judged
) -> Iterator[tuple[Source, PermissionChange]]:
    """What to change, and where. A user whose last permission is taken out has the account's
    default ones from then on, which may be short of something too."""
    account, user = share.importer, judged.user
    rights, lacks = judged.rights, judged.lacks
    for _ in range(2):
        for change in to_give(rights, lacks.publish, lacks.subscribe):
            yield rights.source, change
            account, user = changed(account, user, rights, change)
        rights = rights_of(account, user)
        lacks = lacking(needs, rights)


def _kept_out(share: Taken, user: Claims[User], rights: Rights, refused: Refused) -> Finding:
    whose = _scope_words(rights)
    text = f"cannot log in: {refused.entry} of {whose} is not filled in, since {refused.text}"
    if refused.tag:
        source = Source.ACCOUNT if refused.of_account else Source.USER
        edit = f"--tag {shlex.quote(f'{refused.tag}:VALUE')}"
    else:
        source, edit = Source.SCOPE, _flags(PermissionChange(remove=(refused.entry,)))
    return _of_user(CANNOT_ASK, share, user, text, rights, [(source, edit)])


def _of_user(
    rule: Rule,
    share: Taken,
    user: Claims[User],
    text: str,
    rights: Rights,
    edits: Sequence[tuple[Source, str]],
) -> Finding:
    """``edits`` are the flags of each command, and what it edits."""
    more = {"user": user.name, "signing_key": rights.scope.key if rights.scope else ""}
    whole = f"user {user.name} of {share.importer.name} {text}"
    found = at_take(rule, share, None, whole, more=more)
    lines = [
        f"{edit} {flags}" for source, flags in edits for edit in fill((_EDIT[source],), found.names)
    ]
    in_force = dict.fromkeys(_IN_FORCE[source] for source, _ in edits)
    nsc = (*lines, *fill(tuple(in_force), found.names))
    own = tuple(_OWN + line for line in nsc)
    return replace(found, path=_path(share, user, rights), nsc=nsc, cure=own)


def _flags(change: PermissionChange) -> str:
    """The flags that make ``change``, as nsc has them."""
    given = (
        ("--allow-pub", change.allow_pub),
        ("--allow-sub", change.allow_sub),
        ("--deny-pub", change.deny_pub),
        ("--deny-sub", change.deny_sub),
        ("--rm", change.remove),
    )
    return " ".join(f"{flag} {_quoted(subjects)}" for flag, subjects in given if subjects)


def _quoted(subjects: Iterable[str]) -> str:
    """One word of a shell, with commas between subjects; one that has a comma is quoted twice."""
    return shlex.quote(",".join(f'"{each}"' if "," in each else each for each in subjects))


def _denied_by(entries: Sequence[str]) -> str:
    return f" (denied by {_and(entries)})" if entries else ""


def _scope_words(rights: Rights) -> str:
    role = rights.scope.role if rights.scope else ""
    return f"its scoped signing key{f' (role {role})' if role else ''}"


def _path(share: Taken, user: Claims[User], rights: Rights) -> str:
    """Where the permissions are written; a user's own stand in no account."""
    match rights.source:
        case Source.USER:
            return f"users.{user.name}"
        case Source.ACCOUNT:
            return "nats.default_permissions"
        case Source.SCOPE:
            keys = share.importer.nats.signing_keys
            index = next(i for i, key in enumerate(keys) if key is rights.scope)
            return f"nats.signing_keys[{index}].template"


def _and(words: Iterable[str]) -> str:
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last


RULES: tuple[Rule, ...] = (CANNOT_ASK, CANNOT_HEAR, BEARER)
