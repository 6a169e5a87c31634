"""``nats context``"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jetshare.cli.hiding import hide_seeds
from jetshare.cli.nats.context_fields import VARIABLES, embedded, with_flags
from jetshare.cli.nats.context_report import CONNECTED, ContextReport, context_report, plain
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import confirmed, log, say, show_json
from jetshare.cli.nats.tables import table
from jetshare.cli.nats.words import Words
from jetshare.errors import InputError, JetshareError, NotFound, StoreDamaged
from jetshare.store.contexts import Context, ContextFolder, check_name, decode, encode

if TYPE_CHECKING:
    from jetshare.store.references import Reader

command = Group("context", aliases=("ctx",), help="Configuration contexts.")


def _folder(words: Words) -> ContextFolder:
    return ContextFolder.of(words.environment, words.home)


@command.add("add", "create", "save")
@click.argument("name")
@click.option("--description", default=None, help="What the context is for.")
@click.option("--select", "select_it", is_flag=True, help="Make it the selected one.")
@click.option("--embed", is_flag=True, help="Keep the credentials themselves in the context.")
def add(words: Words, name: str, description: str | None, select_it: bool, embed: bool) -> int:
    """Create a context, or change what the flags name in one that is there.

    A flag with an empty text blanks what the context has.
    """
    folder = _folder(words)
    if folder.has(check_name(name)):
        start = folder.read(name)
    elif words.context:
        start = folder.read(words.context)
    else:
        start = Context()
    return _save(words, name, with_flags(start, words, description), select_it, embed)


@command.add("copy", "cp")
@click.argument("source")
@click.argument("name")
@click.option("--description", default=None, help="What the new context is for.")
@click.option("--select", "select_it", is_flag=True, help="Make it the selected one.")
@click.option("--embed", is_flag=True, help="Keep the credentials themselves in the context.")
def copy(
    words: Words, source: str, name: str, description: str | None, select_it: bool, embed: bool
) -> int:
    """Copy a context under a new name; flags change the copy."""
    folder = _folder(words)
    start = folder.read(source)
    if folder.has(name):
        raise JetshareError(f'context "{name}" already exists', hint="choose another name")
    return _save(words, name, with_flags(start, words, description), select_it, embed)


def _save(words: Words, name: str, context: Context, select_it: bool, embed: bool) -> int:
    folder = _folder(words)
    if embed:
        context = embedded(context, _reader(words))
    folder.write(name, context)
    if select_it:
        folder.select(name)
    say(_report(words, name, context).text)
    say()
    return 0


def _reader(words: Words) -> Reader:
    from jetshare.store.references import Reader

    return Reader(environment=words.environment, home=words.home)


def _report(words: Words, name: str, context: Context, *, connect: bool = False) -> ContextReport:
    path = _folder(words).path(name)
    connection = _connection(path, words) if connect else ""
    return context_report(name, context, path, _reader(words), connection=connection)


@command.add("ls", "list", "l")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON; secrets are masked.")
@click.option("--names", is_flag=True, help="Names alone.")
def ls(words: Words, as_json: bool, names: bool) -> None:
    """List the contexts; ``*`` marks the selected one."""
    folder = _folder(words)
    known = folder.names()
    if names:
        for name in known:
            say(name)
        return
    contexts = dict(_readable(folder, known))
    if as_json:
        show_json([plain(name, context) for name, context in contexts.items()])
    elif not known:
        say("No known contexts")
    else:
        selected = folder.selected()
        rows = [
            [f"{name}*" if name == selected else name, hide_seeds(context.description)]
            for name, context in contexts.items()
        ]
        say(table("Known Contexts", ["Name", "Description"], rows))
        say()


def _readable(folder: ContextFolder, names: list[str]) -> Iterator[tuple[str, Context]]:
    for name in names:
        try:
            yield name, folder.read(name)
        except (StoreDamaged, NotFound) as error:
            log(f"Could not load context {name}: {error}")


@command.add("select", "switch", "set")
@click.argument("name")
def select(words: Words, name: str) -> int:
    """Make a context the one in use. An unknown name changes nothing."""
    _folder(words).select(name)
    return _show(words, name, as_json=False, connect=False)


@command.add("unselect")
def unselect(words: Words) -> None:
    """Have no context in use."""
    before = _folder(words).unselect()
    say(f'Unselected the "{before}" context' if before else "No context currently selected")


@command.add("previous", "-")
def previous(words: Words) -> int:
    """Go back to the context that was in use before."""
    folder = _folder(words)
    name = folder.previous()
    if not name:
        raise NotFound("no context was in use before", hint="nats context select NAME")
    folder.select(name)
    return _show(words, name, as_json=False, connect=False)


@command.add("edit", "vi")
@click.argument("name")
def edit(words: Words, name: str) -> int:
    """Change a context in your EDITOR. What is no context in the end is not stored."""
    editor = words.environment.get("EDITOR")
    if not editor:
        raise InputError("EDITOR names no editor", hint="export EDITOR=vi")
    folder = _folder(words)
    before = encode(folder.read(name)).decode()
    try:
        after = click.edit(before, editor=editor, extension=".json", require_save=False)
        changed = decode((after or "").encode(), "the edited text")
    except (click.ClickException, StoreDamaged) as error:
        raise JetshareError(f'context "{name}" stays as it is: {error}', hint="try again") from None
    folder.write(name, changed)
    say(_report(words, name, changed).text)
    say()
    return 0


@command.add("rm", "remove")
@click.argument("name")
@click.option("-f", "--force", is_flag=True, help="Do not ask, and remove the selected one too.")
def rm(words: Words, name: str, force: bool) -> None:
    """Remove a context."""
    folder = _folder(words)
    folder.read(name)
    if folder.selected() == name:
        if not force:
            raise JetshareError(
                f'context "{name}" is the selected one',
                hint="select another one, unselect it, or use --force",
            )
        folder.unselect()
    if confirmed(f'Really delete context "{name}"', force=force):
        folder.remove(name)


@command.add("info", "show", "v", "view")
@click.argument("name", default="")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON; secrets are masked.")
@click.option("--connect", is_flag=True, help="Try to connect as well.")
def info(words: Words, name: str, as_json: bool, connect: bool) -> int:
    """Show a context: the named one, or the one that a command would use here."""
    _show(words, name or _in_use(words), as_json=as_json, connect=connect)
    return 0


def _in_use(words: Words) -> str:
    """The context that a command would use: --context, NATS_CONTEXT, the selected one."""
    name = words.context or words.environment.get("NATS_CONTEXT") or _folder(words).selected()
    if not name or words.no_context:
        raise NotFound("no default context and no name supplied", hint="nats context select NAME")
    return name


@command.add("validate")
@click.argument("name", default="")
@click.option("--connect", is_flag=True, help="Try to connect as well.")
def validate(words: Words, name: str, connect: bool) -> int:
    """Check a context, or all of them. Exit 1 where a file is missing or damaged."""
    code = 0
    for each in [name] if name else _folder(words).names():
        try:
            code |= _show(words, each, as_json=False, connect=connect)
        except JetshareError as error:
            code = 1
            say(f"Could not load {each}: {error}\n")
        say()
    if code:
        raise JetshareError("validation failed")
    return 0


def _show(words: Words, name: str, *, as_json: bool, connect: bool) -> int:
    context = _folder(words).read(name)
    if as_json:
        show_json(plain(name, context))
        return 0
    report = _report(words, name, context, connect=connect)
    say(report.text)
    say()
    present = [each for each in VARIABLES if words.environment.get(each)]
    if present:
        say(f"WARNING: Shell environment overrides in place using {', '.join(present)}\n")
    return 0 if report.good else 1


def _connection(path: Path, words: Words) -> str:
    """``OK``, or why a connection with this context alone is not possible."""
    import asyncio

    from jetshare.store.access import resolve
    from jetshare.store.locate import locate
    from jetshare.workflows.nats_session import session

    # The variables that go before a context are left out, those that it refers to are not.
    environment = {name: text for name, text in words.environment.items() if name not in VARIABLES}

    async def attempt() -> None:
        access = resolve(
            environment,
            home=words.home,
            location=locate(environment, cwd=Path.cwd(), home=words.home),
            context=str(path),
        )
        async with session(access, timeout_s=words.timeout_s):
            pass

    try:
        asyncio.run(attempt())
    except JetshareError as error:
        return str(error)
    return CONNECTED
