"""How a consumption ends where it does not end by itself, in words."""

from __future__ import annotations

from jetshare.errors import ConsumerDeleted, PullRefused, ShareRevoked, Unreachable
from jetshare.net.status import Status
from jetshare.sharing.kinds import PullConsumer


def never_shared(share: PullConsumer, prefix: str) -> ShareRevoked:
    return ShareRevoked(
        f"nobody answers pulls on {share} under {prefix}: it is imported under another prefix,"
        " is not shared with this account, or was revoked",
        hint=f"is {prefix} the prefix? jetshare verify {share} shows what is missing",
    )


def revoked(share: PullConsumer) -> ShareRevoked:
    return ShareRevoked(
        f"the share of {share} was revoked: nobody answers its pulls any more",
        hint="ask the provider to grant it again; what was not acknowledged stays theirs",
    )


def deleted(share: PullConsumer) -> ConsumerDeleted:
    return ConsumerDeleted(
        f"consumer {share} was deleted",
        hint="ask its owner to make it again, then consume again",
    )


def not_there(share: PullConsumer, prefix: str) -> ConsumerDeleted:
    """For one that was never heard, and so may never have been made."""
    return ConsumerDeleted(
        f"consumer {share} is not there: nobody answers pulls on it under {prefix}",
        hint="it may be named otherwise, be deleted, or not be made yet",
    )


def out_of_reach(share: PullConsumer) -> Unreachable:
    return Unreachable(
        f"{share} is out of reach: nobody answers its pulls, and nothing says that it is gone",
        hint="its servers may be choosing a leader, or be down; try again",
    )


def refused(share: PullConsumer, status: Status) -> PullRefused:
    return PullRefused(
        f"{share} refuses to be pulled from: {in_words(status)}",
        hint="the options of the pull do not suit the consumer",
    )


def in_words(status: Status) -> str:
    return f"{status.code} {status.text}".strip()
