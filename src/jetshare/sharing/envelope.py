"""A signed token in a text file of its own kind, byte for byte.

Unlike creds and activation tokens, which other tools write too, these files are
ours alone, so they have exactly one form: any byte that differs is refused.
"""

from __future__ import annotations

from jetshare.editing.signing_keys import publics
from jetshare.errors import MalformedToken
from jetshare.identity.claims import Account, Claims


def wrap(label: str, token: str) -> str:
    return f"-----BEGIN JETSHARE {label}-----\n{token}\n------END JETSHARE {label}------\n"


def is_wrapped(label: str, text: str) -> bool:
    """Whether ``text`` means to be such a file; `unwrap` decides whether it is one."""
    return text.lstrip().startswith(f"-----BEGIN JETSHARE {label}")


def unwrap(label: str, text: str) -> str:
    lines = text.split("\n")
    token = lines[1] if len(lines) > 1 else ""
    if text != wrap(label, token):
        raise MalformedToken(
            f"this is not a whole {label.lower()}: its frame is damaged or cut",
            hint="ask the sender for the file again, and send it as an attachment",
        )
    return token


def speaks_for(signer: str, provider: Claims[Account]) -> bool:
    """Whether the provider's own document says that ``signer`` may sign for it."""
    return signer in (provider.sub, *publics(provider))
