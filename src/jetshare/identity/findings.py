"""What validation can say about a document: every code, in one table.

The rules are those of nats-io/jwt v2 (the ``Validate`` functions), which a server runs
on each document that it takes: an account with one error there is refused whole. Rules
marked ``ours`` say something where that library is silent and a server is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warning", "time"]
"""An error makes servers refuse the document; a warning is a mistake that they let pass;
``time`` is right or wrong depending on when one looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a document.

    ``code`` is a key of ``RULES`` and does not change between versions. ``path`` leads
    to the place, as in ``nats.exports[3].account_token_position`` or
    ``nats.mappings["orders.*"][0].weight``. ``text`` names the thing by its content and
    not by its position, so that the same fault in an edited document reads the same.
    """

    code: str
    severity: Severity
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    severity: Severity
    meaning: str
    ours: bool = False  # nats-io/jwt has no such rule


def _error(meaning: str) -> Rule:
    return Rule(severity="error", meaning=meaning)


def _warning(meaning: str) -> Rule:
    return Rule(severity="warning", meaning=meaning)


def _ours(severity: Severity, meaning: str) -> Rule:
    return Rule(severity=severity, meaning=meaning, ours=True)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        # any document
        "expired": Rule(severity="time", meaning="exp lies in the past"),
        "not-yet-valid": Rule(severity="time", meaning="nbf lies in the future"),
        "sub-key": _ours("error", "sub is not a public key of the document's kind"),
        # operator
        "operator-account-server-url": _error("the account server's URL has no scheme or no form"),
        "operator-service-url": _error("a service URL cannot be parsed"),
        "operator-service-url-user": _error("a service URL holds a user or a password"),
        "operator-service-url-path": _error("a service URL holds a path"),
        "operator-service-url-scheme": _error("a service URL is not nats, tls, ws or wss"),
        "operator-service-url-host": _ours("warning", "a service URL names no host"),
        "operator-signing-key": _error("a signing key is not an operator's public key"),
        "operator-system-account": _error("the system account is not an account's public key"),
        "operator-server-version": _error("the asserted server version is not x.y.z"),
        # account
        "account-signing-key": _error("a signing key is not an account's public key"),
        "account-scope-key": _error("the key of a scope is not an account's public key"),
        "account-scope-template": _ours("warning", "a scope gives its users something invalid"),
        "account-limits-jetstream": _error("JetStream limits both with and without tiers"),
        "account-limits-tier": _error("a tier of JetStream limits has no name"),
        "account-limits-imports": _error("more imports than the operator allows"),
        "account-limits-exports": _error("more exports than the operator allows"),
        "account-limits-wildcards": _error("a wildcard export that the operator does not allow"),
        "account-limits-wildcards-unbounded": _ours(
            "warning",
            "a wildcard export that the operator does not allow; servers look only where the "
            "number of exports is limited too",
        ),
        "account-limits-self-signed": _warning("limits in an account that signed itself"),
        "account-mapping-subject": _error("a mapping's subject is invalid"),
        "account-mapping-destination": _error("the subject that a mapping leads to is invalid"),
        "account-mapping-weight": _error("a mapping's weight is not within 0 to 100"),
        "account-mapping-total": _error("a mapping's weights exceed 100 in one cluster"),
        "account-authorization-users": _error("allowed accounts without users of the callout"),
        "account-authorization-user": _error("a user of the callout is not a user's public key"),
        "account-authorization-account": _error("an allowed account is not an account's key"),
        "account-authorization-any": _error("'*' among other allowed accounts"),
        "account-authorization-xkey": _error("the xkey is not a curve key"),
        "account-trace-destination": _error("traces go to a subject that is invalid"),
        "account-trace-sampling": _error("the sampling of traces is not within 0 to 100"),
        "account-cluster-traffic": _error("cluster traffic is neither empty, system nor owner"),
        "account-revocation-key": _ours("warning", "a revocation names neither a user nor '*'"),
        # descriptions, of accounts and of exports
        "description-length": _error("the description is over 8 KiB"),
        "info-url": _error("the info URL has no scheme, no host or no form"),
        "info-url-length": _error("the info URL is over 8 KiB"),
        # exports
        "export-type": _error("an export is neither a stream nor a service"),
        "export-subject": _error("an export's subject is invalid"),
        "export-contained": _error("an export lies within another one of its type"),
        "export-response-type": _error("a service's response type is unknown"),
        "export-stream-response-type": _error("a stream has a response type"),
        "export-stream-trace": _error("a stream allows traces; only a service may"),
        "export-stream-latency": _error("a stream has a latency; only a service may"),
        "export-stream-threshold": _error("a stream has a response threshold"),
        "export-threshold": _error("the response threshold is negative"),
        "export-latency-sampling": _error("the sampling of a latency is not within 1 to 100"),
        "export-latency-results": _error("latencies go to a subject that is invalid"),
        "export-token-position": _error("the account token position is not on a '*'"),
        "export-token-unchecked": _ours(
            "warning",
            "private, and open to the account that the subject names: such an account needs no "
            "activation token, and revoking one does nothing",
        ),
        "export-revocation-key": _ours("warning", "a revocation names neither an account nor '*'"),
        # imports
        "import-type": _error("an import is neither a stream nor a service"),
        "import-subject": _error("an import's subject is invalid"),
        "import-account": _error("an import names no account"),
        "import-account-key": _ours("warning", "an import's account is not an account's key"),
        "import-service-trace": _error("a service allows traces; only a stream may"),
        "import-stream-share": _error("a stream shares client details; only a service may"),
        "import-to": _warning("an import uses 'to', which local_subject replaces"),
        "import-local-subject": _error("a local subject is invalid, or does not fit the subject"),
        "import-local-subject-to": _error("an import has both a local subject and 'to'"),
        "import-overlap": _error("two local service subjects of one account overlap"),
        "import-token": _error("an import's token is not an activation"),
        "import-token-issuer": _error("a token was issued by another account"),
        "import-token-importer": _error("a token was made out to another account"),
        "import-token-type": _error("a token is for the other type than its import"),
        "import-token-subject": _error("a token does not cover the import's subject"),
        "import-token-expired": _ours("time", "a token has expired, and servers drop the import"),
        "import-token-not-yet-valid": _ours("time", "a token is not valid yet; servers wait"),
        # activations, also those within an import
        "activation-type": _error("an activation is for neither a stream nor a service"),
        "activation-subject": _error("an activation's subject is invalid"),
        "activation-issuer-account": _error("an activation's issuer account is not an account's"),
        # users
        "permission-subject": _error("a permission's subject is invalid"),
        "permission-queue": _error("a permission to publish names a queue"),
        "permission-words": _error("a permission is more than a subject and a queue"),
        "user-source": _error("a source network is not an address with a prefix length"),
        "user-time": _error("an hour of the day is not hh:mm:ss"),
        "user-time-zone": _error("the time zone is not the name of one"),
        "user-connection-type": _ours("warning", "a connection type that servers do not know"),
        "user-issuer-account": _error("a user's issuer account is not an account's public key"),
        "user-scope-signer": _error("a user was signed by another key than the scope's"),
        "user-scope-permissions": _error("a user under a scope has permissions or limits"),
        # authorization callout
        "request-user": _error("an authorization request is not for a user's public key"),
        "response-user": _error("an authorization response is not for a user's public key"),
        "response-server": _error("an authorization response is not made out to a server"),
        "response-empty": _error("an authorization response holds neither a user nor an error"),
        "response-both": _error("an authorization response holds both a user and an error"),
        "response-issuer-account": _error("a response's issuer account is not an account's key"),
    }
)

# Seeds begin with S, private keys with P, and no public key with either.
_SECRET = re.compile(r"(?<![A-Z2-7])[SP][A-Z2-7]{40,}")
_SHOWN = 120


def finding(code: str, path: str, text: str) -> Finding:
    return Finding(code=code, severity=RULES[code].severity, path=path, text=text)


def show(value: str) -> str:
    """``value`` in quotes for a text: one line, not long, and never a seed.

    A seed gets here where someone pasted it in the place of a public key.
    """
    return repr(_presentable(value))


def show_url(text: str) -> str:
    """A URL in quotes, without the user and the password that may stand in it."""
    before, sign, after = text.rpartition("@")
    return show(f"{before.partition('//')[0]}//…@{after}" if sign and "//" in before else text)


def at(path: str, key: str) -> str:
    """The path to what a mapping holds under ``key``, which may have dots in it."""
    return f"{path}[{json.dumps(_presentable(key))}]"


def _presentable(value: str) -> str:
    clean = _SECRET.sub("<secret>", value)
    return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}…"
