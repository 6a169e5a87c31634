"""The flags of what every document has: its times and its tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jetshare.cli.nsc import times
from jetshare.cli.nsc.flags import Words, several, text
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.world import World
from jetshare.editing.terms import set_tags, set_times
from jetshare.identity.claims import Account, Claims, Operator, User

_FORMS = "yyyy-mm-dd, or #m(inutes) #h(ours) #d(ays) #w(eeks) #M(onths) #y(ears); 0 is always."
TIMES = (
    text("start", "", f"Valid from: {_FORMS}", "TIME"),
    text("expiry", "", f"Valid until: {_FORMS}", "TIME"),
)
TAG = several("tag", "", "Add tags.", "TAG,…")
RM_TAG = several("rm-tag", "", "Remove tags.", "TAG,…")

D = TypeVar("D", Operator, Account, User)


def read_terms(world: World, words: Words) -> tuple[int | None, int | None]:
    """Start and expiry, each None where it was not given."""
    return (
        times.read_limit(words.text("start"), "start", world.now),
        times.read_limit(words.text("expiry"), "expiry", world.now),
    )


def terms_change(world: World, words: Words) -> Callable[[Claims[D]], Claims[D]]:
    start, expires = read_terms(world, words)

    def change(claims: Claims[D]) -> Claims[D]:
        timed = set_times(claims, start=start, expires=expires)
        return set_tags(timed, add=words.list("tag"), remove=words.list("rm-tag"))

    return change


def terms_lines(world: World, words: Words) -> list[Line]:
    start, expires = read_terms(world, words)
    lines = []
    if start is not None:
        lines.append(ok(f"changed jwt {_moment('start', 'valid start', start, world.now)}"))
    if expires is not None:
        lines.append(ok(f"changed jwt {_moment('expiry', 'expiry', expires, world.now)}"))
    lines += [ok(f'added tag "{tag.lower()}"') for tag in words.list("tag")]
    lines += [ok(f'removed tag "{tag.lower()}"') for tag in words.list("rm-tag")]
    return lines


def _moment(what: str, set_: str, at: int, now: int) -> str:
    if not at:
        none = "not have a start date" if what == "start" else "never expire"
        return f"{what} to {none}"
    return f"{set_} to {times.show(at)} - {times.show_distance(at, now).lower()}"
