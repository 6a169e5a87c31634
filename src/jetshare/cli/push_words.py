"""What to say of a push, and the exit code that it means."""

from __future__ import annotations

from jetshare.errors import NotPushed
from jetshare.workflows.push import Push


def push_lines(push: Push | None) -> list[str]:
    if push is None:
        return ["not pushed: nothing was asked to be carried to the servers"]
    if push.problem:
        lines = [f"stored, but not pushed: {push.problem}"]
        return [*lines, f"hint: {push.hint}"] if push.hint else lines
    lines = []
    for answer in push.answers:
        word = "took it" if answer.ok else f"refused it: {answer.message} ({answer.code})"
        lines.append(f"server {answer.server or '?'} {word}")
    if not push.complete:
        lines.append("stored, but not pushed to every server")
    return lines


def push_exit(push: Push | None) -> int:
    return 0 if push is None or push.complete else NotPushed.exit_code
