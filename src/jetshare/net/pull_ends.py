"""How a consumption ends where it does not end by itself, in words."""

from __future__ import annotations

from jetshare.errors import ConsumerDeleted, PullRefused, ShareRevoked
from jetshare.net.status import Status
from jetshare.sharing.kinds import PullConsumer


def never_shared(share: PullConsumer) -> ShareRevoked:
    return ShareRevoked(
        f"nobody answers pulls on {share}: it is not shared with this account,"
        " was revoked, or is imported under another prefix",
        hint=f"jetshare verify {share} shows what is missing",
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


def refused(share: PullConsumer, status: Status) -> PullRefused:
    return PullRefused(
        f"{share} refuses to be pulled from: {in_words(status)}",
        hint="the options of the pull do not suit the consumer",
    )


def in_words(status: Status) -> str:
    return f"{status.code} {status.text}".strip()
