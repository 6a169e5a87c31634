"""Accounts, written down in few words."""

from __future__ import annotations

from typing import Any

from jetshare.identity.claims import Account, Claims

ME = "AC5VEN46JJ6PBGIZQTM56P2N3XLIUTNDJXRPD2H3Z3SU3XJBU5OIB4Y5"  # fixed, for names of tests
OTHER = "ABXTYLFDX4PSSC3KBAGXVRW4GLPYFV4BZW6EN7QO4HZMKJB7HXOCEG4X"


def account(**fields: Any) -> Claims[Account]:
    """The account ``ME``, named "A", with something in it that jetshare does not know."""
    fields = {"unknown": {"later": {"b": [1]}}, **fields}
    return Claims(name="A", sub=ME, unknown={"more": 1}, nats=Account(**fields))
