"""What a user needs to use a share: where it publishes, and where it hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from jetshare.identity.record import record
from jetshare.identity.subjects import REST, has_wildcards
from jetshare.sharing.rules.permissions import (
    Need,
    Rights,
    inbox_needs,
    may_hear_an_inbox,
    may_publish,
    may_subscribe,
)
from jetshare.sharing.rules.pieces import ANY_NAME, Part
from jetshare.sharing.rules.shares import Kind, Take, Taken

# By kind, what every user of it publishes. A source or mirror is the server's own, writes to a
# bucket and plain services and streams are each user's duty or not.
_PUBLISHED: Final[Mapping[Kind, tuple[Part, ...]]] = {
    Kind.PULL: (Part.NEXT, Part.INFO, Part.ACK),
    Kind.PUSH: (Part.INFO, Part.ACK, Part.FC),
    Kind.OWN: (Part.CREATE, Part.NEXT, Part.ACK),
    Kind.KEY_VALUE: (Part.STREAM_INFO, Part.DIRECT_GET),
    Kind.OBJECTS: (Part.STREAM_INFO, Part.DIRECT_GET),
    Kind.GET: (Part.DIRECT_GET, Part.MSG_GET),
}
_REPLIES: Final = frozenset({Part.ACK, Part.ACK_V2, Part.FC, Part.FC_V2})
_NUMBERS: Final = ".*" * 5  # what follows the consumer's name in an acknowledgement


@record
class Needs:
    """What every user of a share publishes, and where it hears.

    ``later`` are the acknowledgements that servers do not ask for yet. Of ``delivered`` one
    will do. ``inbox`` is whether answers come to one.
    """

    publish: tuple[Need, ...] = ()
    later: tuple[Need, ...] = ()
    delivered: tuple[Need, ...] = ()
    inbox: bool = False


@record
class Lacking:
    """What a user may not. ``all`` is whether it may publish nothing that the share needs, but
    for answers to whatever it receives."""

    publish: tuple[Need, ...] = ()
    subscribe: tuple[Need, ...] = ()
    all: bool = False

    def __bool__(self) -> bool:
        return bool(self.publish or self.subscribe)


def needs_of(share: Taken, *, second_form: bool = False) -> Needs:
    """None of a kind of which users differ. ``second_form`` is whether servers are seen to want
    acknowledgements in it."""
    parts = _PUBLISHED.get(share.kind, ())
    later = (Part.ACK_V2,) if Part.ACK in parts else ()
    if second_form:
        parts, later = (*parts, *later), ()
    publish = tuple(_need(take) for part in parts for take in share.all(part))
    return Needs(
        publish=publish,
        later=tuple(map(_need, share.all(*later))),
        delivered=tuple(_delivered(share)),
        inbox=any(not need.reply for need in publish),
    )


def lacking(needs: Needs, rights: Rights) -> Lacking:
    """All of it. What is needed later is lacking where the like of it is lacking now."""
    publish = tuple(need for need in needs.publish if not may_publish(rights, need))
    unasked = [need for need in needs.publish if not (need.reply and rights.replies)]
    lacks_all = bool(publish) and len(publish) == len(unasked)
    if any(need.reply for need in publish):
        publish += tuple(need for need in needs.later if not may_publish(rights, need))
    subscribe: tuple[Need, ...] = ()
    if not any(may_subscribe(rights, need) for need in needs.delivered):
        subscribe += needs.delivered[:1]
    if needs.inbox and not may_hear_an_inbox(rights):
        subscribe += inbox_needs()
    return Lacking(publish=publish, subscribe=subscribe, all=lacks_all)


def _need(take: Take) -> Need:
    """An acknowledgement ends in five numbers, and must do for all of them."""
    subject = take.local
    of_one = take.piece.part is Part.ACK and take.piece.consumer not in ("", *ANY_NAME)
    if of_one and subject.endswith(f".{REST}"):
        subject = subject.removesuffix(f".{REST}") + _NUMBERS
    return Need(
        subject=subject,
        entry=take.local,
        some=not of_one and has_wildcards(subject),
        reply=take.piece.part in _REPLIES,
    )


def _delivered(share: Taken) -> Iterator[Need]:
    """Where a push consumer's messages arrive. Of a name with wildcards a part will do."""
    for take in share.streams if share.kind is Kind.PUSH else ():
        some = has_wildcards(take.local)
        yield Need(subject=take.local, entry=take.local, some=some, queue=True)
