"""nsc add, edit and reissue operator."""

from __future__ import annotations

from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import read_text
from jetshare.cli.nsc.flags import Words, several, switch, text
from jetshare.cli.nsc.new_keys import read_signing_keys
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.terms import RM_TAG, TAG, TIMES, read_terms, terms_change, terms_lines
from jetshare.cli.nsc.world import World
from jetshare.editing import operator as operators
from jetshare.editing.terms import set_times
from jetshare.errors import InputError, KeyFormatError
from jetshare.identity import nkeys
from jetshare.identity.claims import Claims, Operator
from jetshare.identity.creds import parse_seed_file
from jetshare.identity.nkeys import KeyPair, Kind
from jetshare.store.folder import create_store
from jetshare.workflows.edit_operator import edit_operator, reissue_operator
from jetshare.workflows.identities import SYSTEM, SYSTEM_USER, MadeOperator, make_operator

_SERVERS = "When running your own nats-server, make sure they run at least version 2.2.0"


def add(world: World, words: Words) -> list[Line]:
    if words.has("url"):
        from jetshare.cli.nsc.managed import import_operator

        return import_operator(world, words)
    if words.on("force"):
        raise InputError("force only works with -u")
    name = words.name()
    if not name:
        raise InputError("operator name is required", hint="nsc add operator NAME")
    key = _identity(world)
    if world.key and words.on("generate-signing-key"):
        raise InputError(
            "signing key can not be added when importing the operator",
            hint="add it afterwards: nsc edit operator --sk generate",
        )
    start, expires = read_terms(world, words)
    claims = set_times(
        Claims(name=name, sub=key.public, nats=Operator()), start=start, expires=expires
    )
    with create_store(world.location, name) as editing:
        made = make_operator(
            editing,
            claims,
            key,
            now=world.now,
            signing_key=words.on("generate-signing-key"),
            system=words.on("sys"),
        )
    world.remember_made(operator=name, account=SYSTEM if made.system else "")
    return _made_lines(world, name, key, made)


def _identity(world: World) -> KeyPair:
    """A new key, or the one whose seed ``-K`` names."""
    if not world.key:
        return KeyPair.generate(Kind.OPERATOR)
    try:
        pair = KeyPair.from_seed(world.key)
    except KeyFormatError:
        pair = parse_seed_file(read_text(world, world.key))
    nkeys.parse_public(pair.public, Kind.OPERATOR)
    return pair


def _made_lines(world: World, name: str, key: KeyPair, made: MadeOperator) -> list[Line]:
    lines = [] if world.key else [ok(f'generated and stored operator key "{key.public}"')]
    lines += [ok(f'added operator "{name}"'), ok(_SERVERS)]
    if made.signing_key:
        lines.append(ok(f"created operator signing key: {made.signing_key}"))
    if made.system and made.system_user:
        creds = world.location.keystore / "creds" / name / SYSTEM / f"{SYSTEM_USER}.creds"
        account, user = made.system.claims.sub, made.system_user.document.claims.sub
        lines += [
            ok(f"created system_account: name:{SYSTEM} id:{account}"),
            ok(f"created system account user: name:{SYSTEM_USER} id:{user}"),
            ok(f"system account user creds file stored in {world.shown(creds)}"),
        ]
    return lines


def edit(world: World, words: Words) -> list[Line]:
    if not words.has(*(flag.name for flag in EDIT.flags)):
        raise InputError("specify an edit option", hint="nsc edit operator --help")
    store = world.store()
    keys, made = read_signing_keys(world, words.list("sk"), Kind.OPERATOR)
    system = words.text("system-account")
    if system and not nkeys.is_public(system, Kind.ACCOUNT):
        system = _system_account(world, system)
    server = words.text_or_none("account-jwt-server-url")
    if words.on("rm-account-jwt-server-url"):
        server = ""
    terms = terms_change(world, words)

    def change(operator: Claims[Operator]) -> Claims[Operator]:
        operator = operators.set_signing_keys(
            terms(operator),
            add=keys,
            remove=words.list("rm-sk"),
        )
        operator = operators.set_service_urls(
            operator, add=words.list("service-url"), remove=words.list("rm-service-url")
        )
        return operators.set_operator(
            operator,
            account_server_url=server,
            system_account=system or None,
            strict=words.switch("require-signing-keys"),
        )

    before, after = edit_operator(store, change, now=world.now, key=world.key, new_keys=made)
    return [
        *terms_lines(world, words),
        *(ok(f'added signing key "{public}"') for public in keys),
        *_edited_lines(words, before.claims, after.claims),
        ok(f'edited operator "{after.claims.name}"'),
    ]


def _system_account(world: World, name: str) -> str:
    from jetshare.editing.limits import check_system_account

    account = world.store().account(name).claims
    check_system_account(account)
    return account.sub


def _edited_lines(words: Words, before: Claims[Operator], after: Claims[Operator]) -> list[Line]:
    lines = [ok(f'removed signing key "{public}"') for public in words.list("rm-sk")]
    strict = after.nats.strict_signing_key_usage
    if before.nats.strict_signing_key_usage != strict:
        lines.append(ok(f"strict signing key usage set to: {str(strict).lower()}"))
    if words.has("account-jwt-server-url"):
        url = after.nats.account_server_url
        lines.append(ok(f'set account jwt server url to "{url}"'))
    if words.on("rm-account-jwt-server-url"):
        lines.append(ok("removed account server url"))
    if before.nats.system_account != after.nats.system_account:
        lines.append(ok(f'set system account "{after.nats.system_account}"'))
    lines += [ok(f'added service url "{url}"') for url in words.list("service-url")]
    lines += [ok(f'removed service url "{url}"') for url in words.list("rm-service-url")]
    return lines


def reissue(world: World, words: Words) -> list[Line]:
    store = world.store(words.name())
    identity = _identity(world) if world.key else KeyPair.generate(Kind.OPERATOR)
    done = reissue_operator(
        store, identity, now=world.now, keep_old=words.on("convert-to-signing-key")
    )
    lines = [ok(f'operator "{store.name}" successfully changed identity to: {identity.public}')]
    if words.on("convert-to-signing-key"):
        return [*lines, ok(f'old operator key "{done.old}" turned into signing key')]
    lines += [ok(f'account "{name}" re-signed') for name in done.signed]
    return [*lines, *(ok(f'account "{name}" already signed properly') for name in done.kept)]


ADD = Command(
    run=add,
    arguments=1,
    flags=(
        text("name", "n", "Name of the operator.", "NAME"),
        text("url", "u", "Import an operator that others manage.", "FILE|URL"),
        switch("generate-signing-key", "", "Make a signing key for accounts."),
        switch("sys", "s", "Make the system account SYS with the user sys."),
        switch("force", "", "With -u: replace the operator's document that is there."),
        *TIMES,
    ),
    example="nsc add operator OP --generate-signing-key --sys",
)
EDIT = Command(
    run=edit,
    flags=(
        several("sk", "", "Add signing keys: public, a file, or generate.", "KEY,…"),
        several("rm-sk", "", "Remove signing keys.", "KEY,…"),
        TAG,
        RM_TAG,
        text("account-jwt-server-url", "u", "Where account documents go.", "URL"),
        switch("rm-account-jwt-server-url", "", "Take that away."),
        text("system-account", "", "The system account, by name or key.", "ACCOUNT"),
        several("service-url", "n", "Add URLs where clients connect.", "URL,…"),
        several("rm-service-url", "", "Remove such URLs.", "URL,…"),
        switch("require-signing-keys", "", "Let no identity key sign accounts and users."),
        *TIMES,
    ),
    example="nsc edit operator --account-jwt-server-url nats://localhost:4222",
)
REISSUE = Command(
    run=reissue,
    flags=(
        text("name", "n", "Name of the operator. [the current one]", "NAME"),
        switch("convert-to-signing-key", "", "Keep the old key as a signing key."),
    ),
    example="nsc reissue operator --convert-to-signing-key",
)
