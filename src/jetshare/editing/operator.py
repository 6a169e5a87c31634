"""An operator's own fields."""

from __future__ import annotations

from collections.abc import Iterable

from jetshare.editing import lists
from jetshare.errors import InputError
from jetshare.identity.claims import Claims, Operator


def set_operator(
    operator: Claims[Operator],
    *,
    account_server_url: str | None = None,
    system_account: str | None = None,
    strict: bool | None = None,
) -> Claims[Operator]:
    """Change single fields; None leaves one as it is. Call it last where keys change too.

    Raises InputError where signing keys are required and there is none.
    """
    held = operator.nats
    after = operator.with_nats(
        account_server_url=_or(account_server_url, held.account_server_url),
        system_account=_or(system_account, held.system_account),
        strict_signing_key_usage=held.strict_signing_key_usage if strict is None else strict,
    )
    if after.nats.strict_signing_key_usage and not after.nats.signing_keys:
        raise InputError(
            "operator requires at least one signing key", hint="add one with it: --sk generate"
        )
    return after


def set_service_urls(
    operator: Claims[Operator], *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Claims[Operator]:
    """Where clients reach the servers; kept in lower case, in the order in which they came."""
    urls = lists.removed(
        lists.added(operator.nats.operator_service_urls, _lower(add)), _lower(remove)
    )
    return operator.with_nats(operator_service_urls=urls)


def set_signing_keys(
    operator: Claims[Operator], *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Claims[Operator]:
    """Keys that may sign accounts. Those signed by a key that goes must be signed anew."""
    keys = lists.removed(lists.added(operator.nats.signing_keys, add), remove)
    return operator.with_nats(signing_keys=keys)


def _or(wanted: str | None, held: str) -> str:
    return held if wanted is None else wanted


def _lower(urls: Iterable[str]) -> list[str]:
    return [url.strip().lower() for url in urls]
