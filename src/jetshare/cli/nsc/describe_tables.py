"""Documents as tables, in the form in which nsc shows them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress

from jetshare.cli.nsc import times
from jetshare.cli.nsc.describe_account import (
    account_tables,
    limit_rows,
    permission_rows,
    scope_table,
    yes,
)
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.editing.signing_keys import scope_of
from jetshare.errors import InputError, JetshareError, NotFound
from jetshare.identity.claims import Account, Activation, Body, Claims, Operator, User
from jetshare.identity.jwt import Document


def describe(world: World, document: Document[Body], *, names: bool) -> str:
    """``names`` shows the names of accounts in the place of their keys, where known."""
    claims = document.claims
    match claims.nats:
        case Operator() as operator:
            return _operator(claims, operator, account_names(world))
        case Account() as account:
            known = account_names(world) if names and account.imports else {}

            def name(public: str) -> str:
                return known.get(public, public)

            return account_tables(standard_rows("Account Details", claims), account, name)
        case User() as user:
            return _user(world, claims, user)
        case Activation() as activation:
            return _activation(claims, activation)
    raise InputError(
        "a token of this type has no description", hint="print its payload: nsc describe jwt -J"
    )


def account_names(world: World) -> Mapping[str, str]:
    """Names by public key, of the current operator's accounts."""
    names: dict[str, str] = {}
    with suppress(NotFound):
        store = world.store()
        for name in store.accounts():
            with suppress(JetshareError):  # another account's damage is told where it is looked at
                names[store.account(name).claims.sub] = name
    return names


def standard_rows(title: str, claims: Claims[Body]) -> Table:
    """A table that begins with what every document says."""
    body = claims.nats
    table = Table(title)
    if claims.name:
        table.row("Name", claims.name)
    label = {Operator: "Operator ID", User: "User ID"}.get(type(body), "Account ID")
    table.row(label, claims.sub)
    table.row("Issuer ID", claims.iss)
    if isinstance(body, User | Activation) and body.issuer_account:
        table.row("Issuer Account", body.issuer_account)
    table.row("Issued", times.show(claims.iat))
    if claims.nbf:
        table.row("Valid From", times.show(claims.nbf))
    table.row("Expires", times.show(claims.exp))
    if isinstance(body, Operator | Account | User | Activation):
        table.list("Tags", body.tags)
    return table


def _operator(claims: Claims[Body], operator: Operator, known: Mapping[str, str]) -> str:
    table = standard_rows("Operator Details", claims)
    if operator.account_server_url:
        table.row("Account JWT Server", operator.account_server_url)
    table.list("Operator Service URLs", operator.operator_service_urls)
    if operator.system_account:
        name = known.get(operator.system_account)
        table.row("System Account", operator.system_account + (f" / {name}" if name else ""))
    table.row("Require Signing Keys", str(operator.strict_signing_key_usage).lower())
    if operator.signing_keys:
        table.line()
        table.list("Signing Keys", operator.signing_keys)
    return table.render()


def _user(world: World, claims: Claims[Body], user: User) -> str:
    table = standard_rows("User", claims)
    if user == User.scoped(user.issuer_account, tags=user.tags):
        table.row("Issuer Scoped", "Yes")
    else:
        table.row("Bearer Token", yes(user.bearer_token))
        permission_rows(table, user)
        table.line()
        limit_rows(table, user)
        if user.allowed_connection_types:
            table.line()
            table.list("Allowed Connection Types", user.allowed_connection_types)
    scope = _scope(world, claims, user)
    return table.render() + (f"\n{scope}" if scope else "")


def _scope(world: World, claims: Claims[Body], user: User) -> str:
    """The role of the key that signed, where the store knows it."""
    try:
        account = world.store().account(user.issuer_account or claims.iss).claims
    except NotFound:
        return ""
    scope = scope_of(account, claims.iss)
    return scope_table(scope) if scope else ""


def _activation(claims: Claims[Body], activation: Activation) -> str:
    table = standard_rows("Activation", claims)
    table.line()
    table.row("Hash ID", activation_hash(claims, activation))
    table.line()
    table.row("Import Type", activation.kind.title())
    table.row("Import Subject", activation.subject)
    return table.render()


def activation_hash(claims: Claims[Body], activation: Activation) -> str:
    """What account servers file an activation under (nats-io/jwt, ``HashID``).

    The subject counts up to its first wildcard.
    """
    words = []
    for word in activation.subject.split("."):
        if word in ("*", ">"):
            break
        words.append(word)
    subject = ".".join(words) or "_"
    digest = hashlib.sha256(f"{claims.iss}.{claims.sub}.{subject}".encode()).digest()
    return base64.b32encode(digest).decode("ascii")
