"""Share a JetStream pull consumer with another account, and prove it.

Everything here is loaded when it is first used, so that ``import jetshare`` costs
nothing. The verbs are functions over a store: open one with ``open_store(locate(...))``,
say with a ``Reach`` how to get to the servers, and call ``grant``, ``accept``,
``verify``, ``revoke``, ``drop``, ``doctor``, ``list_shares`` or ``next_messages``. ``connect``
is for the application that consumes a share.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from jetshare.client import Client, connect
    from jetshare.errors import JetshareError
    from jetshare.net.event_loop import run
    from jetshare.net.message import Message, Metadata
    from jetshare.net.messages import Messages
    from jetshare.net.process import Processed, ProcessOptions
    from jetshare.net.pull_options import PullOptions
    from jetshare.script import Iteration, iterate
    from jetshare.sharing.kinds import PullConsumer
    from jetshare.sharing.proof import Proof
    from jetshare.sharing.rules.rule import Finding
    from jetshare.store.contract import Store
    from jetshare.store.folder import open_store
    from jetshare.store.locate import Location, locate
    from jetshare.store.memory import MemoryStore
    from jetshare.workflows.accept import (
        AcceptPlan,
        AcceptRequest,
        AcceptResult,
        accept,
        plan_accept,
    )
    from jetshare.workflows.doctor import DoctorRequest, Examination, doctor
    from jetshare.workflows.doctor_fix import FixPlan, Mended, mend, plan_fix
    from jetshare.workflows.drop import DropPlan, DropRequest, DropResult, drop, plan_drop
    from jetshare.workflows.grant import GrantRequest, GrantResult, grant
    from jetshare.workflows.inspect import Inspection, inspect
    from jetshare.workflows.ls import Listing, list_shares
    from jetshare.workflows.next import NextRequest, Outcome, Received, next_messages
    from jetshare.workflows.reach import Reach
    from jetshare.workflows.revoke import RevokeRequest, RevokeResult, revoke
    from jetshare.workflows.verify import Verdict, VerifyRequest, verify

_HOMES = {
    "jetshare.client": ("Client", "connect"),
    "jetshare.errors": ("JetshareError",),
    "jetshare.net.event_loop": ("run",),
    "jetshare.net.message": ("Message", "Metadata"),
    "jetshare.net.messages": ("Messages",),
    "jetshare.net.process": ("ProcessOptions", "Processed"),
    "jetshare.net.pull_options": ("PullOptions",),
    "jetshare.script": ("Iteration", "iterate"),
    "jetshare.sharing.kinds": ("PullConsumer",),
    "jetshare.sharing.proof": ("Proof",),
    "jetshare.sharing.rules.rule": ("Finding",),
    "jetshare.store.contract": ("Store",),
    "jetshare.store.folder": ("open_store",),
    "jetshare.store.locate": ("Location", "locate"),
    "jetshare.store.memory": ("MemoryStore",),
    "jetshare.workflows.accept": (
        "AcceptPlan",
        "AcceptRequest",
        "AcceptResult",
        "accept",
        "plan_accept",
    ),
    "jetshare.workflows.drop": ("DropPlan", "DropRequest", "DropResult", "drop", "plan_drop"),
    "jetshare.workflows.doctor": ("DoctorRequest", "Examination", "doctor"),
    "jetshare.workflows.doctor_fix": ("FixPlan", "Mended", "mend", "plan_fix"),
    "jetshare.workflows.grant": ("GrantRequest", "GrantResult", "grant"),
    "jetshare.workflows.inspect": ("Inspection", "inspect"),
    "jetshare.workflows.ls": ("Listing", "list_shares"),
    "jetshare.workflows.next": ("NextRequest", "Outcome", "Received", "next_messages"),
    "jetshare.workflows.reach": ("Reach",),
    "jetshare.workflows.revoke": ("RevokeRequest", "RevokeResult", "revoke"),
    "jetshare.workflows.verify": ("Verdict", "VerifyRequest", "verify"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AcceptPlan",
    "AcceptRequest",
    "AcceptResult",
    "Client",
    "DoctorRequest",
    "DropPlan",
    "DropRequest",
    "DropResult",
    "Examination",
    "Finding",
    "FixPlan",
    "GrantRequest",
    "GrantResult",
    "Inspection",
    "Iteration",
    "JetshareError",
    "Listing",
    "Location",
    "MemoryStore",
    "Mended",
    "Message",
    "Messages",
    "Metadata",
    "NextRequest",
    "Outcome",
    "ProcessOptions",
    "Processed",
    "Proof",
    "PullConsumer",
    "PullOptions",
    "Reach",
    "Received",
    "RevokeRequest",
    "RevokeResult",
    "Store",
    "Verdict",
    "VerifyRequest",
    "accept",
    "connect",
    "doctor",
    "drop",
    "grant",
    "inspect",
    "iterate",
    "list_shares",
    "locate",
    "mend",
    "next_messages",
    "open_store",
    "plan_accept",
    "plan_drop",
    "plan_fix",
    "revoke",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'jetshare' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
