"""Accounts, written down in few words."""

from __future__ import annotations

from typing import Any

from jetshare.identity.claims import Account, Claims
from jetshare.identity.nkeys import KeyPair, Kind

ME = KeyPair.generate(Kind.ACCOUNT).public
OTHER = KeyPair.generate(Kind.ACCOUNT).public


def account(**fields: Any) -> Claims[Account]:
    """The account ``ME``, named "A", with something in it that jetshare does not know."""
    fields = {"unknown": {"later": {"b": [1]}}, **fields}
    return Claims(name="A", sub=ME, unknown={"more": 1}, nats=Account(**fields))
