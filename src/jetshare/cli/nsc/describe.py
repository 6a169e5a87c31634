"""nsc describe: a table for people, JSON, one field of it, or the token itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from jetshare.cli.nsc.account_edits import ACCOUNT as ACCOUNT_FLAG
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import STDOUT, read_token, write_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.users import by_name_or_key
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, JetshareError, NotFound
from jetshare.identity import gojson, jwt, nkeys
from jetshare.identity.claims import Account, Activation, Body, Operator, User
from jetshare.identity.jwt import Document
from jetshare.identity.nkeys import Kind

_LABELS: Mapping[type[Body], str] = {
    Operator: "OPERATOR",
    Account: "ACCOUNT",
    User: "USER",
    Activation: "ACTIVATION",
}
_FORM = (
    switch("json", "J", "Print the payload as JSON."),
    switch("long-ids", "W", "Show keys of accounts, not their names."),
    switch("raw", "R", "Print the token."),
    text("field", "F", "Print one field, as in nats.exports[0].subject.", "PATH"),
    text("output-file", "o", "File to write; -- is standard output. [--]", "FILE"),
)


def operator(world: World, words: Words) -> list[Line]:
    name = words.name()
    if nkeys.is_public(name, Kind.OPERATOR):
        name = _operator_of(world, name)
    return _show(world, words, world.store(name).operator())


def _operator_of(world: World, public: str) -> str:
    for name in world.location.operators():
        try:
            if world.store(name).operator().claims.sub == public:
                return name
        except JetshareError:
            continue  # a store that cannot be read is not the one that was asked for
    raise NotFound(f"no operator found with public key {public}")


def account(world: World, words: Words) -> list[Line]:
    return _show(world, words, world.account(words.name()))


def user(world: World, words: Words) -> list[Line]:
    owner = world.account(words.text("account")).claims.name
    name = by_name_or_key(world, owner, words.name() or world.only_user(owner))
    return _show(world, words, world.store().user(owner, name))


def token(world: World, words: Words) -> list[Line]:
    if not words.has("file"):
        raise InputError("file is required", hint="nsc describe jwt --file FILE")
    return _show(world, words, jwt.decode(read_token(world, words.text("file"))))


def _show(world: World, words: Words, document: Document[Body]) -> list[Line]:
    out = words.text("output-file") or STDOUT
    content = _content(world, words, document, framed=out != STDOUT)
    if out == STDOUT:
        say(content)
        return []
    write_text(world.path(out), content)
    what = "jwt" if words.on("raw") else "description"
    kind = _LABELS.get(type(document.claims.nats), "generic").lower()
    return [ok(f"wrote {kind} {what} to {world.shown(out)}")]


def _content(world: World, words: Words, document: Document[Body], *, framed: bool) -> str:
    if words.on("raw"):
        return _framed(document) if framed else document.token
    payload = gojson.in_order(_payload(document.token))
    if words.has("field"):
        return gojson.dumps(_field(payload, document.claims, words.text("field")))
    if words.on("json"):
        return json.dumps(payload, indent=1, ensure_ascii=False) + "\n"
    from jetshare.cli.nsc.describe_tables import describe

    return describe(world, document, names=not words.on("long-ids"))


def _payload(token: str) -> object:
    """The payload as it was signed, which may say less than its claims do."""
    part = token.split(".")[1]
    return gojson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())


def _framed(document: Document[Body]) -> str:
    label = f"NATS {_LABELS.get(type(document.claims.nats), 'GENERIC')} JWT"
    return f"-----BEGIN {label}-----\n{document.token}\n------END {label}------\n\n"


def _field(payload: object, claims: object, path: str) -> object:
    """What stands at a path such as ``nats.exports[0].name``.

    None where it is a field of ``claims`` that is empty, and so left out of ``payload``.
    """
    found, known = payload, claims
    for step in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(found, dict) and step in found:
            found, known = found[step], _inner(known, step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found, known = found[int(step)], _inner(known, int(step))
        elif is_dataclass(known) and step in {each.name for each in fields(known)}:
            return None
        else:
            there = ", ".join(found) if isinstance(found, dict) else ""
            raise NotFound(
                f'there is no "{step}" at {path}', hint=f"there are: {there}" if there else ""
            )
    return found


def _inner(known: object, step: str | int) -> object:
    if isinstance(step, str):
        return getattr(known, step, None)
    return known[step] if isinstance(known, tuple) else None


_NAME = text("name", "n", "Name or public key.", "NAME")
OPERATOR = Command(
    run=operator, arguments=1, flags=(_NAME, *_FORM), example="nsc describe operator -J"
)
ACCOUNT = Command(
    run=account, arguments=1, flags=(_NAME, *_FORM), example="nsc describe account ACCTC -J"
)
USER = Command(
    run=user,
    arguments=1,
    flags=(_NAME, *_FORM, ACCOUNT_FLAG),
    example="nsc describe user bob --account ACCTC",
)
JWT = Command(
    run=token,
    flags=(text("file", "f", "A file or URL of a token.", "FILE|URL"), *_FORM),
    example="nsc describe jwt --file NEXT.tok",
)
