"""The system account of a new operator."""

from __future__ import annotations

from typing import Final

from jetshare.identity.claims import Account, Claims, Export

_INFO_URL: Final = "https://docs.nats.io/nats-server/configuration/sys_accounts"


def system_account(name: str, public: str, signing_key: str) -> Claims[Account]:
    """An account that exports what servers tell of each account, as nsc makes it.

    The token position holds the account that asks, so each sees its own only.
    """
    exports = (
        Export(
            name="account-monitoring-services",
            subject="$SYS.REQ.ACCOUNT.*.*",
            type="service",
            response_type="Stream",
            account_token_position=4,
            description="Request account specific monitoring services for: SUBSZ, CONNZ, LEAFZ,"
            " JSZ and INFO",
            info_url=_INFO_URL,
        ),
        Export(
            name="account-monitoring-streams",
            subject="$SYS.ACCOUNT.*.>",
            type="stream",
            account_token_position=3,
            description="Account specific monitoring stream",
            info_url=_INFO_URL,
        ),
    )
    return Claims(name=name, sub=public, nats=Account(exports=exports, signing_keys=(signing_key,)))
