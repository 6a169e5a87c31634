"""Every command of nsc: where it is written, or why it is not here.

The modules are imported when a command is named, so that a start costs little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from jetshare.cli.nsc.flags import Flag, Words
from jetshare.identity.record import record

if TYPE_CHECKING:
    from jetshare.cli.nsc.report import Line
    from jetshare.cli.nsc.world import World

Run = Callable[["World", Words], "Iterable[Line] | None"]


@record
class Command:
    """``run`` does it and gives the lines to say of it. ``arguments`` is how many at most."""

    run: Run
    flags: Sequence[Flag] = ()
    arguments: int = 0
    example: str = ""


# words: (module, name in it, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("init", "INIT", "Make an operator, an account and a user of one name."),
    "add operator": ("operators", "ADD", "Add an operator, or import one that others manage."),
    "add account": ("accounts", "ADD", "Add an account."),
    "add user": ("users", "ADD", "Add a user to an account."),
    "add export": ("exports", "ADD", "Add an export."),
    "add import": ("imports", "ADD", "Add an import."),
    "add mapping": ("mappings", "ADD", "Add a subject mapping, or change its weight."),
    "edit operator": ("operators", "EDIT", "Edit the operator."),
    "edit account": ("account_changes", "EDIT", "Edit an account."),
    "edit user": ("users", "EDIT", "Edit a user."),
    "edit export": ("exports", "EDIT", "Edit an export; what is not named stays as it is."),
    "edit signing-key": ("signing_keys", "EDIT", "Edit the role of a signing key, or give one."),
    "delete account": ("accounts", "DELETE", "Delete an account with its users."),
    "delete user": ("users", "DELETE", "Delete users."),
    "delete export": ("exports", "DELETE", "Delete an export."),
    "delete import": ("imports", "DELETE", "Delete an import."),
    "delete mapping": ("mappings", "DELETE", "Delete subject mappings."),
    "describe operator": ("describe", "OPERATOR", "Describe the operator."),
    "describe account": ("describe", "ACCOUNT", "Describe an account, by name or public key."),
    "describe user": ("describe", "USER", "Describe a user, by name or public key."),
    "describe jwt": ("describe", "JWT", "Describe a token or creds file."),
    "list operators": ("listing", "OPERATORS", "List operators."),
    "list accounts": ("listing", "ACCOUNTS", "List accounts."),
    "list users": ("listing", "USERS", "List users of an account."),
    "list keys": ("keys", "LIST", "List keys, and which of them are stored."),
    "validate": ("validate", "VALIDATE", "Validate documents, and imports against exports."),
    "expirations": ("expirations", "EXPIRATIONS", "Report what expires, activations too."),
    "generate activation": ("activations", "GENERATE", "Generate an activation token."),
    "generate creds": ("creds", "GENERATE", "Generate a user's credentials file."),
    "generate nkey": ("keys", "GENERATE", "Generate keys."),
    "generate config": ("server_config", "GENERATE", "Generate a server's configuration."),
    "generate context": ("creds", "CONTEXT", "Generate a context for nats."),
    "generate diagram component": ("diagram", "COMPONENT", "Draw accounts and what they share."),
    "generate diagram object": ("diagram", "OBJECT", "Draw the documents."),
    "revocations add-user": ("revocations", "ADD_USER", "Revoke a user."),
    "revocations delete-user": ("revocations", "DELETE_USER", "Take a user's revocation back."),
    "revocations list-users": ("revocations", "LIST_USERS", "List revoked users."),
    "revocations add-activation": ("revocations", "ADD_ACTIVATION", "Revoke an activation."),
    "revocations delete-activation": (
        "revocations",
        "DELETE_ACTIVATION",
        "Take an activation's revocation back.",
    ),
    "revocations list-activations": (
        "revocations",
        "LIST_ACTIVATIONS",
        "List revoked activations of an export.",
    ),
    "push": ("push", "PUSH", "Push account documents to the servers."),
    "pull": ("pull", "PULL", "Pull documents from the servers."),
    "env": ("environment", "ENV", "Show and set the environment."),
    "select operator": ("environment", "SELECT_OPERATOR", "Set the current operator."),
    "select account": ("environment", "SELECT_ACCOUNT", "Set the current account."),
    "export keys": ("keys", "EXPORT", "Copy keys out of the keystore."),
    "import keys": ("keys", "IMPORT", "Copy keys into the keystore."),
    "reissue operator": ("operators", "REISSUE", "Give the operator a new identity."),
    "keys migrate": ("keys", "MIGRATE", "Bring an old keystore to the present layout."),
}

ALIASES: dict[str, str] = {
    "create": "add",
    "list operator": "list operators",
    "list account": "list accounts",
    "list user": "list users",
    "list key": "list keys",
    **{name.replace("-", "_"): name for name in COMMANDS if name.startswith("revocations ")},
}

# Commands of nsc that have no counterpart here, and what to do instead.
NOT_THERE: dict[str, str] = {
    "completion": "there is no completion script",
    "edit authcallout": "an authorization callout is kept through every edit, and not edited",
    "fix": "restore a store from a backup, or pull it: nsc pull --all",
    "generate profile": "use a context: nsc generate context",
    "import account": "put the document into the store of its operator, or pull it",
    "import user": "put the document into the store of its account",
    "load": "add the operator: nsc add operator --url URL, then an account",
    "migrate": "add the account under the other operator",
    "rename": "a name is part of what was signed; add a new account and delete the old one",
    "test": "the command was for nsc's own tests",
    "tool": "use nats: nats pub, nats sub, nats request, nats rtt",
    "update": "use the package manager that installed jetshare",
    "upgrade-jwt": "documents of the first version are read, and written in the second",
}
