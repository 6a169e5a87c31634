"""nsc edit signing-key."""

from __future__ import annotations

from jetshare.cli.nsc.account_edits import ACCOUNT, change_account
from jetshare.cli.nsc.commands import Command
from jetshare.cli.nsc.flags import Words, text
from jetshare.cli.nsc.new_keys import read_signing_keys
from jetshare.cli.nsc.report import Line, ok
from jetshare.cli.nsc.user_words import LIMITS, PERMISSIONS, RM_PERMISSIONS, read_user, user_lines
from jetshare.cli.nsc.world import World
from jetshare.editing import signing_keys
from jetshare.errors import InputError
from jetshare.identity.claims import Account, Claims, UserScope
from jetshare.identity.nkeys import KeyPair, Kind


def edit(world: World, words: Words) -> list[Line]:
    change = read_user(words)
    account = world.account(words.text("account")).claims
    word = words.text("sk") or (words.arguments[0] if words.arguments else "")
    public = _named(account, word or words.text("role"))
    made: list[KeyPair] = []
    if not public:
        if not word:
            raise InputError(
                "signing key is required", hint="name it with --sk, or make one: --sk generate"
            )
        (public,), made = read_signing_keys(world, [word], Kind.ACCOUNT)
    held = signing_keys.scope_of(account, public) or UserScope(key=public)

    def apply(account: Claims[Account]) -> Claims[Account]:
        return signing_keys.edit_scope(
            account,
            public,
            role=words.text_or_none("role"),
            description=words.text_or_none("description"),
            template=change,
        )

    _, lines = change_account(world, account.name, apply, keep_signer=True, new_keys=made)
    return [
        *user_lines(change, held.template),
        *lines,
        ok(f'edited signing key "{public}"'),
    ]


def _named(account: Claims[Account], word: str) -> str:
    """The signing key that ``word`` names by its role, or its public half."""
    if word in signing_keys.publics(account):
        return word
    found = signing_keys.keys_of_role(account, word) if word else []
    if len(found) > 1:
        raise InputError(
            f'{len(found)} signing keys have the role "{word}"', hint=f"name one: {found[0]}"
        )
    return found[0] if found else ""


EDIT = Command(
    run=edit,
    arguments=1,
    flags=(
        text("sk", "", "The key: public, a role, a file, or generate.", "KEY"),
        text("role", "", "Name of the role.", "NAME"),
        text("description", "", "What the role is for."),
        *LIMITS,
        *PERMISSIONS,
        *RM_PERMISSIONS,
        ACCOUNT,
    ),
    example='nsc edit signing-key --sk generate --role puller --allow-pub "orders.>"',
)
