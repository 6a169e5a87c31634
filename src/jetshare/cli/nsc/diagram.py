"""nsc generate diagram: accounts and what they share, or documents, for PlantUML."""

from __future__ import annotations

from collections.abc import Iterator

from jetshare.cli.nsc import times
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import STDOUT, write_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.world import World
from jetshare.editing import limits
from jetshare.editing.signing_keys import publics
from jetshare.identity import subjects
from jetshare.identity.claims import Account, Claims, Export, Import, Operator, User
from jetshare.identity.validate import validate
from jetshare.store.contract import Store
from jetshare.workflows.pairs import account_faults

_RENAMED = "<&resize-width>"
_SKIN = """\
@startuml
skinparam component {
\tArrowFontName Arial
\tArrowFontColor #636363
    ArrowSize 10pt
}
skinparam interface {
    backgroundColor<<not-found public service>> Red
    backgroundColor<<not-found private service>> Red
    backgroundColor<<not-found public stream>> Red
    backgroundColor<<not-found private stream>> Red
}
"""


def component(world: World, words: Words) -> list[Line]:
    store = world.store()
    lines = [
        _SKIN,
        f"title Component Diagram of Accounts - Operator {store.operator().claims.name}",
    ]
    accounts = [store.account(name).claims for name in store.accounts()]
    for account in accounts:
        if account.nats.imports or account.nats.exports:
            lines += [*_component(account, detail=words.on("detail")), ""]
    known = {account.sub: account for account in accounts}
    for account in accounts:
        for item in account.nats.imports:
            lines += _arrow(account, item, known.get(item.account))
        for fault in account_faults(store, account, world.now):
            lines += [f"note left of {account.sub}", f"* {fault.text}", "end note"]
    lines += ["legend", f'"{_RENAMED}X", the imported subject is rewritten to X', "end legend"]
    return _write(world, words, lines)


def _component(account: Claims[Account], *, detail: bool) -> Iterator[str]:
    yield f"component [{account.name}] as {account.sub} <<account>>"
    if detail:
        yield from _note(account.sub, account.nats.description, account.nats.info_url)
    for export in account.nats.exports:
        mark = _identity(account.sub, export)
        yield f'interface "{export.name or export.subject}" << {_sort(export)} >> as {mark}'
        yield f'{mark} -- {account.sub} : ""{_label(export.subject)}""'
        if detail:
            yield from _note(mark, export.description, export.info_url)


def _arrow(
    account: Claims[Account], item: Import, exporter: Claims[Account] | None
) -> Iterator[str]:
    found = [
        export
        for export in (exporter.nats.exports if exporter else ())
        if export.type == item.type and subjects.is_contained(item.subject, export.subject)
    ]
    export = found[0] if found else _missing(item)
    mark = _identity(item.account, export)
    if not found:
        yield f'interface " " << not-found {_sort(export)} >> as {mark}'
    local = item.local_subject or item.to or item.subject
    renamed = f' "{_RENAMED}{local}"' if local != item.subject else ""
    yield f'{account.sub}{renamed} ..> {mark} : "{_label(item.subject)}"'


def _missing(item: Import) -> Export:
    return Export(subject=item.subject, type=item.type, token_req=bool(item.token))


def _sort(export: Export) -> str:
    return f"{'private' if export.token_req else 'public'} {export.type}"


def _identity(public: str, export: Export) -> str:
    """A name for PlantUML, which takes none of these characters."""
    name = export.name or export.subject
    for char, word in ((" ", "_"), ("*", "_A_"), (">", "_G_"), ("$", "_D_"), ("-", "_M_")):
        name = name.replace(char, word)
    return f"{public}_{name}"


def _label(subject: str) -> str:
    return f" {subject}" if subject.startswith("*") else subject  # * begins a list there


def _note(mark: str, description: str, url: str) -> Iterator[str]:
    if description or url:
        link = f"\n[[{url} info]]" if url else ""
        yield f"note right of {mark}\n{description} {link}\nend note"


def object_(world: World, words: Words) -> list[Line]:
    store, detail = world.store(), words.on("detail")
    operator = store.operator().claims
    lines = ["@startuml", "title Object Diagram"]
    lines += _object(world, words, operator, "operator", _operator_rows(operator))
    lines += _keys(words, store, operator.sub, operator.nats.signing_keys)
    for name in store.accounts():
        account = store.account(name).claims
        sort = "system account" if account.sub == operator.nats.system_account else "account"
        lines += _object(world, words, account, sort, _account_rows(account, detail=detail))
        lines += _keys(words, store, account.sub, publics(account))
        lines.append(_signed(operator.sub, account.sub, account.iss))
        if words.on("users"):
            for user_name in store.users(name):
                user = store.user(name, user_name).claims
                lines += _object(world, words, user, "user", _user_rows(user, detail=detail))
                lines.append(_signed(account.sub, user.sub, user.iss))
    return _write(world, words, lines)


def _object(
    world: World,
    words: Words,
    claims: Claims[Operator] | Claims[Account] | Claims[User],
    sort: str,
    rows: Iterator[str],
) -> Iterator[str]:
    yield f'object "{claims.name}" as {claims.sub} << {sort} >> {{'
    if words.on("show-keys"):
        yield f"Identity Key = {claims.sub}"
        held = world.store().key(claims.sub) is not None
        yield f"Identity Key Present = {str(held).lower()}"
    if claims.nats.tags:
        yield f"Tags = {', '.join(claims.nats.tags)}"
    for label, at in (
        ("Issued At", claims.iat),
        ("Valid From", claims.nbf),
        ("Expires", claims.exp),
    ):
        if at or words.on("detail"):
            yield f"{label} = {times.show(at) or 'not set'}"
    yield from rows
    wrong = [found.text for found in validate(claims, world.now)]
    if wrong:
        yield "==**<color:red>Validation</color>**=="
        yield from wrong
    yield "}"


def _operator_rows(operator: Claims[Operator]) -> Iterator[str]:
    yield f"JWT Version = {operator.nats.version}"
    if operator.nats.account_server_url:
        yield f"account server = {operator.nats.account_server_url}"
    yield f"Strict signing key usage = {str(operator.nats.strict_signing_key_usage).lower()}"


def _account_rows(account: Claims[Account], *, detail: bool) -> Iterator[str]:
    held = account.nats.limits
    yield from _limits(
        "Account Limits",
        {
            "Max Exports": held.exports,
            "Max Imports": held.imports,
            "Max Client Connections": held.conn,
            "Max Leaf Node Connections": held.leaf,
        },
        detail=detail,
    )
    yield from _limits(
        "Nats Limits",
        {"Max Payload": held.payload, "Max Subscriber": held.subs, "Max Bytes": held.data},
        detail=detail,
    )
    storage = limits.jetstream(held)
    if limits.has_jetstream(held):
        yield from _limits(
            "Jetstream Limits",
            {
                "Max Memory Storage": storage.mem_storage,
                "Max Disk Storage": storage.disk_storage,
                "Max Streams": storage.streams,
                "Max Consumer": storage.consumer,
            },
            detail=True,
        )
    elif detail:
        yield "--- Jetstream Limits (disabled) ---"


def _user_rows(user: Claims[User], *, detail: bool) -> Iterator[str]:
    held = user.nats
    yield f"Bearer Token = {str(held.bearer_token).lower()}"
    for title, items in (
        ("Publish Deny", held.pub.deny),
        ("Publish Allow", held.pub.allow),
        ("Subscribe Deny", held.sub.deny),
        ("Subscribe Allow", held.sub.allow),
        ("Permitted CIDR blocks", held.src),
    ):
        if items or detail:
            yield f"--- {title} ---"
            yield from (f' ""{item}""' for item in items)


def _limits(title: str, values: dict[str, int], *, detail: bool) -> Iterator[str]:
    if all(value == -1 for value in values.values()):
        if detail:
            yield f"--- {title} (unlimited) ---"
        return
    yield f"--- {title} ---"
    names = {-1: "-1 (unlimited)", 0: "0 (disabled)"}
    for label, value in values.items():
        yield f"{label} = {names.get(value, value)}"


def _keys(words: Words, store: Store, public: str, keys: list[str] | tuple[str, ...]) -> list[str]:
    if not keys or not words.on("show-keys"):
        return []
    rows = [f"{key} => {str(store.key(key) is not None).lower()}" for key in keys]
    head = f'map "signing keys" as {public}_sk << signing keys >> {{'
    return [head, "key => stored", *rows, "}", f"{public} *-- {public}_sk"]


def _signed(signer: str, signed: str, issuer: str) -> str:
    how = "self signed" if issuer == signed else "signed"
    return f'{signer} -- {signed} : "{how} >"'


def _write(world: World, words: Words, lines: list[str]) -> list[Line]:
    place = world.shown(world.store().folder).strip("`")
    footer = f"footer store dir: {place} - date: {times.show(world.now)}"
    content = "\n".join([*lines, footer, "@enduml"]) + "\n"
    out = words.text("output-file") or STDOUT
    if out == STDOUT:
        say(content)
        return []
    write_text(world.path(out), content)
    return [ok(f"wrote diagram to {world.shown(out)}")]


_OUT = text("output-file", "o", "File to write; -- is standard output. [--]", "FILE")
COMPONENT = Command(
    run=component,
    flags=(switch("detail", "", "Include descriptions."), _OUT),
    example="nsc generate diagram component --output-file accounts.puml",
)
OBJECT = Command(
    run=object_,
    flags=(
        switch("show-keys", "", "Include keys."),
        switch("users", "", "Include users."),
        switch("detail", "", "Include what is empty or unlimited."),
        _OUT,
    ),
    example="nsc generate diagram object --users",
)
