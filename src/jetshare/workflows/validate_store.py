"""Whether the documents of a store keep the rules, each by itself and with one another."""

from __future__ import annotations

from jetshare.editing.limits import has_jetstream
from jetshare.editing.signing_keys import publics, scope_of
from jetshare.identity import jwt
from jetshare.identity.claims import Account, Claims, Operator, User
from jetshare.identity.findings import Finding
from jetshare.identity.record import record
from jetshare.identity.validate import validate
from jetshare.store.contract import Store
from jetshare.workflows.pairs import account_faults


@record
class Issue:
    """``fatal`` where servers refuse the document, or what it promises does not work."""

    code: str
    text: str
    fatal: bool


def operator_issues(store: Store, now: int) -> list[Issue]:
    operator = store.operator().claims
    issues = [_issue(found) for found in validate(operator, now)]
    if operator.iss not in (operator.sub, *operator.nats.signing_keys):
        issues.append(
            _fatal("signer", "operator is not issued by operator or operator signing key")
        )
    return issues


def account_issues(store: Store, name: str, now: int) -> list[Issue]:
    """The issues of an account, of its users, and of its imports against their exports."""
    operator, account = store.operator().claims, store.account(name).claims
    issues = [_issue(found) for found in validate(account, now)]
    if operator.nats.system_account == account.sub and has_jetstream(account.nats.limits):
        issues.append(
            _fatal("system-jetstream", "JetStream should not be enabled for system account")
        )
    if account.iss not in _account_signers(operator):
        text = "Account is not issued by operator or operator signing keys"
        issues.append(_fatal("signer", text))
    issues += [_fatal(fault.code, fault.text) for fault in account_faults(store, account, now)]
    for user in store.users(name):
        issues += _user_issues(operator, account, user, store.user(name, user).claims, now)
    return issues


def token_issues(token: str, now: int) -> tuple[str, list[Issue]]:
    """Of a token alone: whom it is about, and what is wrong with it."""
    claims = jwt.decode(token).claims
    return claims.sub, [_issue(found) for found in validate(claims, now)]


def _user_issues(
    operator: Claims[Operator], account: Claims[Account], name: str, user: Claims[User], now: int
) -> list[Issue]:
    scope = scope_of(account, user.iss)
    issues = [_issue(found, f'user "{name}": ') for found in validate(user, now, scope=scope)]
    if user.iss not in (account.sub, *publics(account)):
        text = f'user "{name}" is not issued by account or account signing keys'
        issues.append(_fatal("user-signer", text))
    elif operator.nats.strict_signing_key_usage and user.iss == account.sub:
        text = f'user "{name}" is issued by account key but operator is in strict mode'
        issues.append(_fatal("user-signer-strict", text))
    return issues


def _account_signers(operator: Claims[Operator]) -> tuple[str, ...]:
    keys = operator.nats.signing_keys
    return keys if operator.nats.strict_signing_key_usage else (operator.sub, *keys)


def _issue(found: Finding, before: str = "") -> Issue:
    return Issue(code=found.code, text=before + found.text, fatal=found.severity != "warning")


def _fatal(code: str, text: str) -> Issue:
    return Issue(code=code, text=text, fatal=True)
