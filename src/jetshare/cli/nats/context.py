"""``nats context``"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import click

from jetshare.cli.nats.columns import Columns
from jetshare.cli.nats.groups import Group
from jetshare.cli.nats.output import confirmed, log, say, show_json
from jetshare.cli.nats.tables import table
from jetshare.cli.nats.words import Words
from jetshare.errors import InputError, JetshareError, NotFound, StoreDamaged
from jetshare.store.contexts import Context, ContextFolder, check_name
from jetshare.store.references import Reader
from jetshare.workflows.nats_session import DEFAULT_URL

command = Group(
    "context", aliases=("ctx",), help="Configuration contexts.", elsewhere=("edit", "vi")
)

# flag: field of a context, and the variable of the environment that stands for the flag.
_FIELDS: Mapping[str, tuple[str, str]] = {
    "server": ("url", "NATS_URL"),
    "user": ("user", "NATS_USER"),
    "password": ("password", "NATS_PASSWORD"),
    "token": ("token", "NATS_TOKEN"),
    "creds": ("creds", "NATS_CREDS"),
    "nkey": ("nkey", "NATS_NKEY"),
    "jwt": ("user_jwt", "NATS_JWT"),
    "seed": ("user_seed", "NATS_SEED"),
    "cert": ("cert", "NATS_CERT"),
    "key": ("key", "NATS_KEY"),
    "ca": ("ca", "NATS_CA"),
    "socks_proxy": ("socks_proxy", "NATS_SOCKS_PROXY"),
    "domain": ("jetstream_domain", ""),
    "api_prefix": ("jetstream_api_prefix", ""),
    "event_prefix": ("jetstream_event_prefix", ""),
    "inbox_prefix": ("inbox_prefix", ""),
}
_LITERAL_SECRETS = ("password", "token", "user_jwt", "user_seed")
_REFERENCES = ("creds", "user_jwt", "user_seed", "nkey")
_REFERENCE = re.compile(r"(file|env|op|nsc)://")


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
    return _save(words, name, _with_flags(start, words, description), select_it, embed)


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
    return _save(words, name, _with_flags(start, words, description), select_it, embed)


def _with_flags(start: Context, words: Words, description: str | None) -> Context:
    """The flags over ``start``, and the environment where no flag is given.

    Ways to say who one is exclude one another: a new one takes the place of the old.
    """
    flags: Mapping[str, Any] = words.flags
    given = {
        field: flags.get(flag, words.environment.get(variable) or None)
        for flag, (field, variable) in _FIELDS.items()
    }
    new = {field: value for field, value in given.items() if value is not None}
    if new.get("user") and not new.get("password") and not start.password:
        new["token"] = new.pop("user")  # a user alone is a token
    if new.get("jetstream_domain") and new.get("jetstream_api_prefix"):
        raise InputError(
            "a JetStream domain and an API prefix exclude one another", hint="name one of them"
        )
    if description is not None:
        new["description"] = description
    if words.color_scheme is not None:
        new["color_scheme"] = words.color_scheme
    changed = replace(start, **new, tls_first=words.tls_first or start.tls_first)
    return changed if changed.url else replace(changed, url=DEFAULT_URL)


def _save(words: Words, name: str, context: Context, select_it: bool, embed: bool) -> int:
    folder = _folder(words)
    if embed:
        context = _embedded(context, Reader(environment=words.environment, home=words.home))
    folder.write(name, context)
    if select_it:
        folder.select(name)
    say(_report(name, context, words).text)
    say()
    return 0


def _embedded(context: Context, reader: Reader) -> Context:
    """With the content of credential files in place of their paths."""
    found = {}
    for field in _REFERENCES:
        value: str = getattr(context, field)
        is_file = value.startswith("file://") or field in ("creds", "nkey")
        if value and is_file and not value.startswith(("data:", "env://", "op://", "nsc://")):
            text = reader.seed(value)
            found[field] = "data:;base64," + base64.b64encode(text.encode()).decode()
    return replace(context, **found)


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
        show_json([_plain(name, context) for name, context in contexts.items()])
    elif not known:
        say("No known contexts")
    else:
        selected = folder.selected()
        rows = [
            [f"{name}*" if name == selected else name, context.description]
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
    return _show(words, name or _in_use(words), as_json=as_json, connect=connect)


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
        show_json(_plain(name, context))
        return 0
    report = _report(name, context, words, connect=connect)
    say(report.text)
    say()
    present = [each for each in _VARIABLES if words.environment.get(each)]
    if present:
        say(f"WARNING: Shell environment overrides in place using {', '.join(present)}\n")
    return 0 if report.good else 1


_VARIABLES = (*(variable for _, variable in _FIELDS.values() if variable), "NATS_CONTEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """``good`` where every file that the context names can be read, and it connects."""

    text: str
    good: bool


def _report(name: str, context: Context, words: Words, *, connect: bool = False) -> _Report:
    reader = Reader(environment=words.environment, home=words.home)
    columns = Columns(f'NATS Configuration Context "{name}"')
    columns.row_if("Description", context.description)
    columns.row_if("Server URLs", context.url)
    columns.row_if("SOCKS5 Proxy", context.socks_proxy)
    columns.row_if("Username", context.user)
    columns.row_if("Password", _masked(context.password))
    columns.row_if("Token", _masked(context.token))
    good = True
    for label, field in _FILES.items():
        value: str = getattr(context, field)
        if not value:
            continue
        state = _state(value, field, reader)
        good &= state != "ERROR"
        columns.row(label, "embedded data" if state == "embedded" else f"{_file(value, field)} ({state})")
    columns.row_if("TLS First", context.tls_first)
    columns.row_if("JS API Prefix", context.jetstream_api_prefix)
    columns.row_if("JS Event Prefix", context.jetstream_event_prefix)
    columns.row_if("JS Domain", context.jetstream_domain)
    columns.row_if("Inbox Prefix", context.inbox_prefix)
    columns.row("Path", str(_folder(words).path(name)))
    columns.row_if("Color Scheme", context.color_scheme)
    if connect:
        answer = _connection(name, words)
        good &= answer == "OK"
        columns.row("Connection", answer)
    return _Report(text=columns.text(), good=good)


_FILES = {
    "Credentials": "creds",
    "User JWT": "user_jwt",
    "User Seed": "user_seed",
    "NKey": "nkey",
    "Certificate": "cert",
    "Key": "key",
    "CA": "ca",
}


def _state(value: str, field: str, reader: Reader) -> str:
    """Whether a reference leads anywhere, as far as it can be seen without following it."""
    if value.startswith("data:"):
        return "embedded"
    scheme = _REFERENCE.match(value)
    kind = scheme[1] if scheme else ""
    if kind in ("op", "nsc", "env"):
        return {"op": "1Password", "nsc": "nsc", "env": "runtime environment"}[kind]
    if field in _LITERAL_SECRETS and not kind:
        return "literal"
    try:
        with reader.path(value).open("rb"):
            return "OK"
    except (OSError, InputError):
        return "ERROR"


def _file(value: str, field: str) -> str:
    return _masked(value) if field in _LITERAL_SECRETS else value


def _masked(value: str) -> str:
    """Stars for a secret; what only refers to one is shown. The number of stars tells nothing."""
    return value if not value or _REFERENCE.match(value) else "********"


def _plain(name: str, context: Context) -> dict[str, object]:
    """A context as nats prints one, with secrets masked."""
    known = {
        each.name: getattr(context, each.name)
        for each in fields(Context)
        if each.name != "unknown"
    }
    for field in (*_LITERAL_SECRETS, *_REFERENCES):
        if field in _LITERAL_SECRETS or str(known[field]).startswith("data:"):
            known[field] = _masked(known[field])
    return {"name": name, **known, **context.unknown}


def _connection(name: str, words: Words) -> str:
    """``OK``, or why a connection with this context alone is not possible."""
    import asyncio

    from jetshare.store.access import resolve
    from jetshare.store.locate import locate
    from jetshare.workflows.nats_session import session

    async def attempt() -> None:
        access = resolve(
            {},
            home=words.home,
            location=None,
            context=str(_folder(words).path(name)),
        )
        async with session(access, timeout_s=words.timeout_s):
            pass

    try:
        asyncio.run(attempt())
    except JetshareError as error:
        return str(error)
    return "OK"
