"""What to say of a push, and the exit code that it means."""

from __future__ import annotations

from shlex import quote

from jetshare.errors import NotPushed
from jetshare.workflows.push import Push

_SKEW_S = 10


def push_lines(push: Push | None, account: str = "") -> list[str]:
    """What became of a push; with an ``account``'s name how to make up for it, too."""
    later = [f"to carry it there: jetshare nsc push -a {quote(account)}"] if account else []
    if push is None:
        return ["not pushed: nothing was asked to be carried to the servers", *later]
    if push.problem:
        hint = [f"hint: {push.hint}"] if push.hint else []
        return [f"stored, but not pushed: {push.problem}", *hint, *later]
    lines = []
    for answer in push.answers:
        word = "took it" if answer.ok else f"refused it: {answer.message} ({answer.code})"
        lines.append(f"server {answer.server or '?'} {word}")
    if not push.complete:
        lines += ["stored, but not pushed to every server", *later]
    if abs(push.skew_s) >= _SKEW_S:
        way = "ahead of" if push.skew_s > 0 else "behind"
        lines.append(
            f"warning: a server's clock is {abs(push.skew_s):,.0f} s {way} this one:"
            " a token may count as expired or not yet valid there; set both clocks right"
        )
    return lines


def push_exit(push: Push | None) -> int:
    return 0 if push is None or push.complete else NotPushed.exit_code
