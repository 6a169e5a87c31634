"""nsc list, generate, export, import and migrate keys."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import write_text
from jetshare.cli.nsc.flags import Words, switch, text
from jetshare.cli.nsc.output import say, say_json
from jetshare.cli.nsc.report import Line, error, ok, warning
from jetshare.cli.nsc.table import Table
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, NotFound
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.workflows import keystore
from jetshare.workflows.key_list import ListedKey, list_keys, unreferenced_keys

_SORTS = (Kind.OPERATOR, Kind.ACCOUNT, Kind.USER, Kind.CURVE)
_CHOICE = (
    switch("operator", "o", "The operator's keys."),
    switch("accounts", "a", "Keys of accounts."),
    switch("users", "u", "Keys of users."),
    switch("all", "A", "All of these, of all accounts."),
    text("account", "", "Of this account.", "ACCOUNT"),
    text("user", "", "Of this user.", "NAME"),
    text("filter", "f", "Only keys that contain this.", "TEXT"),
    switch("not-referenced", "", "Keys that no document of the operator speaks of."),
)
_PADS = {Kind.ACCOUNT: " ", Kind.USER: "  "}


def _chosen(world: World, words: Words, *, curves: bool) -> list[ListedKey]:
    """The keys that the words ask for. Without any, those of the current account."""
    asked = (words.on("operator"), words.on("accounts"), words.on("users"), curves)
    sorts = {kind for kind, wanted in zip(_SORTS, asked, strict=True) if wanted}
    everything = words.on("all") or words.on("not-referenced")
    store = world.store()
    if words.on("not-referenced"):
        found: Iterable[ListedKey] = unreferenced_keys(store)
    else:
        account = words.text("account") or ("" if sorts or everything else world.location.account)
        names = [store.account(account).claims.name] if account else None
        found = list_keys(store, names)
    wanted = words.text("filter").upper()
    return [
        key
        for key in found
        if (everything or not sorts or key.kind in sorts)
        and wanted in key.public
        and (not words.has("user") or key.kind is not Kind.USER or key.name == words.text("user"))
    ]


def list_(world: World, words: Words) -> list[Line]:
    if words.on("not-referenced") and words.on("show-seeds"):
        raise InputError("specify one of --show-seeds or --not-referenced")
    keys = _chosen(world, words, curves=words.on("curve"))
    if words.on("json"):
        say_json([_to_json(world, key, seeds=words.on("show-seeds")) for key in keys])
    elif not keys:
        say("no keys matched query")
    elif words.on("show-seeds"):
        say(_seed_table(world, keys))
    else:
        say(_key_table(keys))
    return []


def _key_table(keys: list[ListedKey]) -> str:
    table = Table("Keys", ("Entity", "Key", "Signing Key", "Stored"))
    for key in keys:
        signing = "*" if key.signing else "T" if key.kind is Kind.CURVE else ""
        table.row(_name(key), key.public, signing, "*" if key.held else "")
    legend = ""
    if any(not key.name for key in keys):
        legend = "[ ? ] unreferenced key - may belong to a different operator context\n"
    return f"{table.render()}{legend}[ T ] auth callout encryption target\n"


def _seed_table(world: World, keys: list[ListedKey]) -> str:
    table = Table("Seeds Keys", ("Entity", "Private Key", "Signing Key"))
    for key in keys:
        pair = world.store().key(key.public)
        shown = pair.seed() if pair else f"{key.public} [!]"
        table.row(_name(key), shown, "*" if key.signing else "")
    return f"{table.render()}[ ! ] seed is not stored\n"


def _name(key: ListedKey) -> str:
    return f"{_PADS.get(key.kind, '')}{key.name}" if key.name else "?"


def _to_json(world: World, key: ListedKey, *, seeds: bool) -> dict[str, object]:
    pair = world.store().key(key.public) if seeds else None
    return {
        "name": key.name or "?",
        "pub": key.public,
        **({"parent": key.parent} if key.parent else {}),
        "signing": key.signing,
        "curve": key.kind is Kind.CURVE,
        "key_path": str(world.key_path(key.public)) if key.held else "",
        "invalid": False,
        **({"jwt": base64.b64encode(key.token.encode()).decode()} if key.token else {}),
        "expected_kind": str(key.kind),
        **({"seed": pair.seed()} if pair else {}),
    }


def generate(world: World, words: Words) -> list[Line]:
    sorts = [kind for kind in _SORTS if words.on(str(kind))]
    if not sorts:
        raise InputError("set --operator, --account, --user, or --curve")
    for kind in sorts:
        pair = KeyPair.generate(kind)
        if words.on("store"):
            path = keystore.hold_key(world.location.keystore, pair)
            say(f"{pair.public}\n{kind} key stored {path}\n")
        else:
            say(f"{pair.seed()}\n{pair.public}\n")
    return []


def export(world: World, words: Words) -> list[Line]:
    folder = world.path(_required(words, "dir"))
    curve = words.text("curve")
    keys = [
        key
        for key in _chosen(world, words, curves=words.on("curves") or bool(curve))
        if not curve or key.kind is not Kind.CURVE or key.public == curve
    ]
    if not keys:
        raise NotFound("no keys found to export")
    store, force = world.store(), words.on("force")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = []
    gone = []
    for key in keys:
        pair = store.key(key.public)
        if pair is None:
            lines.append(warning(f'skipped "{key.public}" - no seed available'))
            continue
        path = folder / f"{key.public}.nk"
        if path.exists() and not force:
            lines.append(error(f"`{path}` already exists - specify --force to overwrite"))
            continue
        write_text(path, pair.seed())
        lines.append(ok(f'{"moved" if words.on("remove") else "exported"} "{key.public}"'))
        gone.append(key.public)
    if words.on("include-jwts"):
        for key in keys:
            if key.token:
                write_text(folder / f"{key.public}.jwt", key.token, force=force)
                lines.append(ok(f'exported "{key.public}.jwt ({key.name})"'))
    if words.on("remove"):
        with store.edit() as editing:
            for public in gone:
                editing.delete_key(public)
    return lines


def import_(world: World, words: Words) -> list[Line]:
    folder = world.path(_required(words, "dir"))
    lines = []
    for path, pair in keystore.read_keys(folder, recurse=words.on("recurse")):
        if pair is None:
            lines.append(error(f"failed to import `{path}`: it holds no seed"))
        else:
            keystore.hold_key(world.location.keystore, pair)
            lines.append(ok(f"{pair.public} was added to the keystore"))
    if not lines:
        raise NotFound("no nkey (.nk) files found", hint="look below it too with --recurse")
    return lines


def migrate(world: World, words: Words) -> list[Line]:
    place = world.location.keystore
    if not keystore.is_old(place):
        return [ok(f"keystore {world.shown(place)} does not need migration")]
    old = keystore.migrate(place)
    return [
        ok(
            f"keystore {world.shown(place)} was migrated - old store was renamed to"
            f" {world.shown(old)} - remove at your convenience"
        )
    ]


def _required(words: Words, flag: str) -> str:
    if not words.text(flag):
        raise InputError(f'required flag(s) "{flag}" not set')
    return words.text(flag)


LIST = Command(
    run=list_,
    flags=(
        *_CHOICE,
        switch("curve", "x", "Keys for encryption."),
        switch("show-seeds", "S", "Show the secrets."),
        switch("json", "J", "Print as JSON."),
    ),
    example="nsc list keys --all",
)
GENERATE = Command(
    run=generate,
    flags=(
        switch("operator", "o", "A key for an operator."),
        switch("account", "a", "A key for an account."),
        switch("user", "u", "A key for a user."),
        switch("curve", "x", "A key for encryption."),
        switch("store", "S", "Store it; the secret is not shown then."),
    ),
    example="nsc generate nkey --account",
)
EXPORT = Command(
    run=export,
    flags=(
        *_CHOICE,
        switch("curves", "", "Keys for encryption."),
        text("curve", "", "This key for encryption.", "KEY"),
        text("dir", "d", "Folder to write to (required).", "DIR"),
        switch("force", "F", "Overwrite files."),
        switch("remove", "R", "Take the keys out of the keystore."),
        switch("include-jwts", "", "Write the documents too."),
    ),
    example="nsc export keys --all --dir keys",
)
IMPORT = Command(
    run=import_,
    flags=(
        text("dir", "d", "Folder to read (required).", "DIR"),
        switch("recurse", "R", "And the folders below it."),
    ),
    example="nsc import keys --dir keys",
)
MIGRATE = Command(run=migrate, example="nsc keys migrate")
