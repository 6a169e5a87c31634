"""nsc generate creds and generate context."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import ACCOUNT
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.files import STDOUT, write_text
from jetshare.cli.nsc.flags import Words, text
from jetshare.cli.nsc.output import say
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.world import World
from jetshare.errors import InputError, KeyNotHeld, NotFound
from jetshare.identity.creds import Creds, format_creds


def generate(world: World, words: Words) -> list[Line]:
    account = world.account(words.text("account")).claims.name
    name = words.text("name") or world.only_user(account)
    user = world.store().user(account, name)
    key = world.store().key(user.claims.sub)
    if key is None:
        raise KeyNotHeld(
            f"the key of user {name} ({user.claims.sub}) is not in the keystore",
            hint="import it: nsc import keys --dir DIR",
        )
    content = format_creds(Creds(jwt=user.token, key=key))
    out = words.text("output-file") or STDOUT
    if out == STDOUT:
        say(content)
        return []
    write_text(world.path(out), content)
    return [ok(f"wrote credentials to {world.shown(out)}")]


def context(world: World, words: Words) -> list[Line]:
    from jetshare.store.contexts import Context, ContextFolder

    name = words.text("context")
    if not name:
        raise InputError("context name is required", hint="name it with --context")
    account = world.account(words.text("account")).claims.name
    user = words.text("user") or world.only_user(account)
    store = world.store()
    store.user(account, user)
    if store.creds(account, user) is None:
        raise NotFound(
            f"user {user} of {account} has no creds file",
            hint=f"make one: nsc generate creds -a {account} -n {user} -o FILE",
        )
    urls = store.operator().claims.nats.operator_service_urls
    folder = ContextFolder.of(world.environment, world.home)
    made = Context(
        url=urls[0] if urls else "",
        creds=str(world.creds_path(account, user)),
        nsc=f"nsc://{store.name}/{account}/{user}",
    )
    if not folder.add_if_absent(name.removesuffix(".json"), made):
        raise InputError(
            f'context "{name}" is there already', hint="choose another name, or nats context rm"
        )
    path = folder.path(name.removesuffix(".json"))
    return [ok(f"wrote nats cli context file to {world.shown(path)}")]


GENERATE = Command(
    run=generate,
    flags=(
        text("name", "n", "Name of the user.", "NAME"),
        text("output-file", "o", "File to write; -- is standard output. [--]", "FILE"),
        ACCOUNT,
    ),
    example="nsc generate creds --account a --name u --output-file u.creds",
)
CONTEXT = Command(
    run=context,
    flags=(
        text("user", "u", "Name of the user.", "NAME"),
        text("context", "", "Name of the context.", "NAME"),
        ACCOUNT,
    ),
    example="nsc generate context --account a --user u --context work",
)
