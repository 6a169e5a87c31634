"""nsc generate activation."""

from __future__ import annotations

from jetshare.cli.nsc import times
from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import STDOUT, write_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.imports import account_key
from jetshare.cli.nsc.output import note, say
from jetshare.cli.nsc.report import Line, ok, render
from jetshare.cli.nsc.terms import TIMES
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError
from jetshare.identity import subjects
from jetshare.identity.claims import Activation
from jetshare.identity.creds import format_activation
from jetshare.identity.jwt import Document
from jetshare.workflows.activate import activate


def generate(world: World, words: Words) -> list[Line] | None:
    subject = words.text("subject")
    if subject:
        subjects.check(subject)
    account = world.account(words.text("account")).claims
    if not words.has("target-account"):
        raise InputError("target-account cannot be empty", hint="name it with --target-account")
    made = activate(
        world.store(),
        account.name,
        subject=subject,
        importer=account_key(world, words.text("target-account")),
        kind={None: "", True: "service", False: "stream"}[words.switch("service")],
        start=times.read_limit(words.text("start"), "start", world.now) or 0,
        expires=times.read_limit(words.text("expiry"), "expiry", world.now) or 0,
        key=world.key,
        now=world.now,
    )
    lines = [
        ok(f'generated "{made.export.name}" activation for account "{made.token.claims.sub}"'),
        *_time_lines(made.token, world.now),
    ]
    content = format_activation(made.token.token)
    out = words.text("output-file") or STDOUT
    if words.on("push"):
        lines += _push(world, made.token)
    if out == STDOUT:
        # The token alone is the result, so that it can be piped.
        say(content)
        for line in render(lines):
            note(line)
        return None
    write_text(world.path(out), content)
    return [*lines, ok(f"wrote activation token to {world.shown(out)}")]


def _time_lines(token: Document[Activation], now: int) -> list[Line]:
    lines = []
    for word, at in (("valid", token.claims.nbf), ("expires", token.claims.exp)):
        if at:
            lines.append(ok(f"token {word} {times.show(at)} - {times.show_distance(at, now)}"))
    return lines


def _push(world: World, token: Document[Activation]) -> list[Line]:
    from jetshare.cli.nsc.account_server import push_activation

    return push_activation(world, token)


GENERATE = Command(
    run=generate,
    flags=(
        text("subject", "s", "Subject of the export, or one within it.", "SUBJECT"),
        text("output-file", "o", "File to write; -- is standard output. [--]", "FILE"),
        switch("push", "", "Push the token to the operator's account server."),
        text("target-account", "t", "Who may import, by name or public key.", "ACCOUNT"),
        switch("service", "", "The service, where a stream has the same subject."),
        *TIMES,
        ACCOUNT,
    ),
    example="nsc generate activation --subject a.b --target-account AB… --output-file a.tok",
)
