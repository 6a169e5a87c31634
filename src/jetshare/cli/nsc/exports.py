"""nsc add, edit and delete export."""

from __future__ import annotations

from typing import Any

from jetshare.cli.nsc.account_edits import ACCOUNT, change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, duration, number, switch, text
from jetshare.cli.nsc.report import Line, ok, warning
from jetshare.cli.nsc.world import World
from jetshare.editing import exports
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Claims, Export, ServiceLatency

_KINDS = " | ".join(exports.RESPONSE_TYPES)
_SUBJECT = text("subject", "s", "Subject.", "SUBJECT")
_TERMS = (
    text("name", "n", "Name of the export. [the subject]", "NAME"),
    _SUBJECT,
    switch("service", "r", "The export is a service."),
    switch("private", "p", "Importers need an activation token."),
    text("latency", "", "Subject for latency metrics (services).", "SUBJECT"),
    text("sampling", "", "Percent of the requests to measure, or header (services).", "1-100"),
    duration("response-threshold", "Longest time between responses (services)."),
    text("response-type", "", f"{_KINDS} (services). [Singleton]", "TYPE"),
    switch("allow-trace", "", "Let message traces through (services)."),
    number("account-token-position", "", "Where the subject names the account (public exports)."),
    switch("advertise", "", "Advertise the export.", hidden=True),
    ACCOUNT,
)


def add(world: World, words: Words) -> list[Line]:
    export = _export(words)

    def change(account: Claims[Account]) -> Claims[Account]:
        return exports.add_export(account, export)

    account = world.account(words.text("account")).claims
    _, lines = change_account(world, account.name, change)
    access = "private" if export.token_req else "public"
    return [*lines, ok(f'added {access} {export.type} export "{export.name}"')]


def _export(words: Words) -> Export:
    subject, service = words.text("subject"), words.on("service")
    if not subject:
        raise InputError("a subject is required", hint="name it with --subject")
    if words.on("private") and words.number("account-token-position"):
        raise InputError(
            "account token position is only valid for public exports",
            hint="a server then checks the position and no revocation; choose one of the two",
        )
    if not service and words.has("response-type"):
        raise InputError("response type can only be specified in conjunction with service")
    return Export(
        name=words.text("name") or subject,
        subject=subject,
        type="service" if service else "stream",
        token_req=words.on("private"),
        response_type=_response_type(words.text("response-type")) if service else "",
        response_threshold=words.number("response-threshold") or 0,
        service_latency=_latency(words, None),
        account_token_position=words.number("account-token-position") or 0,
        advertise=words.on("advertise"),
        allow_trace=words.on("allow-trace"),
    )


def _response_type(wanted: str) -> str:
    for known in exports.RESPONSE_TYPES:
        if not wanted or wanted.lower() == known.lower():
            return known
    raise InputError(f'unknown response type "{wanted}"', hint=f"there are: {_KINDS}")


def _latency(words: Words, held: ServiceLatency | None) -> ServiceLatency | None:
    """The latency that the words ask for, over the one that is there."""
    results = words.text("latency") or (held.results if held else "")
    if not results:
        if words.has("sampling"):
            raise InputError("sampling needs a subject for the metrics", hint="--latency SUBJECT")
        return None
    sampling = words.text_or_none("sampling")
    if sampling is None:
        return ServiceLatency(results=results, sampling=held.sampling if held else "headers")
    if sampling.lower() in ("header", "headers"):
        return ServiceLatency(results=results, sampling="headers")
    if not sampling.isdecimal() or not 1 <= int(sampling) <= 100:
        raise InputError("sampling must be between 1 and 100 inclusive, or header")
    return ServiceLatency(results=results, sampling=int(sampling))


def edit(world: World, words: Words) -> list[Line]:
    if not words.has(*(flag.name for flag in EDIT.flags if flag.name != "account")):
        raise InputError("please specify some options", hint="nsc edit export --help")
    account = world.account(words.text("account")).claims
    held = _meant(account, words)
    changes = _changes(words, held)

    def change(account: Claims[Account]) -> Claims[Account]:
        return exports.edit_export(account, _meant(account, words), **changes)

    edited, lines = change_account(world, account.name, change)
    kind = changes.get("kind", held.type)
    name = changes.get("name", held.name)
    said = _edited_lines(held, changes) if edited.changed else []
    return [*said, *lines, ok(f'edited {kind} export "{name}"')]


def _meant(account: Claims[Account], words: Words) -> Export:
    """The export to edit. Where a service and a stream have its subject, --service says which
    of them is meant, for neither can become the other."""
    subject, service = words.text("subject"), words.switch("service")
    kinds = {export.type for export in account.nats.exports if export.subject == subject}
    if len(kinds) < 2 or service is None:
        return exports.find_export(account, subject)
    return exports.find_export(account, subject, "service" if service else "stream")


def _changes(words: Words, held: Export) -> dict[str, Any]:
    """The fields that were named, and no others."""
    changes: dict[str, Any] = {}
    service = words.switch("service")
    if service is not None:
        changes["kind"] = "service" if service else "stream"
    for flag, field in (
        ("name", "name"),
        ("private", "token_req"),
        ("response-threshold", "response_threshold"),
        ("description", "description"),
        ("info-url", "info_url"),
        ("allow-trace", "allow_trace"),
        ("advertise", "advertise"),
        ("account-token-position", "account_token_position"),
    ):
        if words.has(flag):
            changes[field] = words.given[flag]
    if words.has("response-type"):
        changes["response_type"] = _response_type(words.text("response-type"))
    if words.on("rm-latency-sampling"):
        changes["service_latency"] = None
    elif words.has("latency", "sampling"):
        changes["service_latency"] = _latency(words, held.service_latency)
    return changes


_SAID = {
    "name": "changed export name to {}",
    "response_threshold": "changed response threshold to {} ns",
    "response_type": "changed response type to {}",
    "description": 'changed description to "{}"',
    "info_url": 'changed info url to "{}"',
    "allow_trace": "changed allowed trace to {}",
    "advertise": "changed advertise to {}",
    "account_token_position": "changed account token position to {}",
}


def _edited_lines(held: Export, changes: dict[str, Any]) -> list[Line]:
    lines = []
    for field, value in changes.items():
        if value == (held.type if field == "kind" else getattr(held, field)):
            continue
        if field == "kind":
            lines.append(warning(f'changed export type to "{value}" - this will break importers'))
        elif field == "token_req" and value:
            lines.append(warning("changed export to be private - this will break importers"))
        elif field == "token_req":
            lines.append(warning("changed export to be public - every account can import it"))
        elif field == "service_latency":
            lines.append(_latency_line(value))
        else:
            shown = str(value).lower() if isinstance(value, bool) else value
            lines.append(ok(_SAID[field].format(shown)))
    return lines


def _latency_line(latency: ServiceLatency | None) -> Line:
    if latency is None:
        return ok("removed latency tracking")
    rate = "the requests that ask for it" if latency.sampling == "headers" else ""
    return ok(f"changed service latency to {rate or f'{latency.sampling}%'} on {latency.results}")


def delete(world: World, words: Words) -> list[Line]:
    kinds = {None: "", True: "service", False: "stream"}
    subject, kind = words.text("subject"), kinds[words.switch("service")]
    account = world.account(words.text("account")).claims
    held = exports.find_export(account, subject, kind)

    def change(account: Claims[Account]) -> Claims[Account]:
        return exports.delete_export(account, exports.find_export(account, subject, kind))

    _, lines = change_account(world, account.name, change)
    return [ok(f'deleted {held.type} export "{held.subject}"'), *lines]


ADD = Command(
    run=add,
    flags=_TERMS,
    example='nsc add export --name myexport --subject "a.b" --service --private',
)
EDIT = Command(
    run=edit,
    flags=(
        *_TERMS,
        switch("rm-latency-sampling", "", "Measure no latency any more."),
        text("description", "", "What the export is for."),
        text("info-url", "", "Where to read more.", "URL"),
    ),
    example='nsc edit export --subject "a.b" --response-type Stream',
)
DELETE = Command(
    run=delete,
    flags=(_SUBJECT, switch("service", "", "The service of this subject."), ACCOUNT),
    example='nsc delete export --subject "a.b"',
)
