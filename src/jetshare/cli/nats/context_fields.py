"""The global flags as fields of a context."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jetshare.errors import InputError
from jetshare.store.contexts import Context
from jetshare.workflows.nats_session import DEFAULT_URL

if TYPE_CHECKING:
    from jetshare.cli.nats.words import Words
    from jetshare.store.references import Reader

# flag: field of a context, and the variable of the environment that stands for the flag.
FIELDS: Mapping[str, tuple[str, str]] = {
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
VARIABLES = (*(variable for _, variable in FIELDS.values() if variable), "NATS_CONTEXT")
REFERENCES = ("creds", "user_jwt", "user_seed", "nkey")

# Ways to say who one is; a new one takes the place of the others. A token stands beside.
_IDENTITIES = (("user", "password"), ("creds",), ("nkey",), ("user_jwt", "user_seed"))
_PLACES = (("jetstream_domain",), ("jetstream_api_prefix",))


def with_flags(start: Context, words: Words, description: str | None) -> Context:
    """The flags over ``start``, and the environment where no flag is given.

    An empty flag blanks its field. What excludes one another does not stay together:
    a new domain takes the place of an old prefix, new creds that of a user.
    """
    flags: Mapping[str, Any] = words.flags
    given = {
        field: flags.get(flag, words.environment.get(variable) or None)
        for flag, (field, variable) in FIELDS.items()
    }
    new: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
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
    new = _instead(new, _IDENTITIES) | _instead(new, _PLACES) | new
    changed = replace(start, **new, tls_first=words.tls_first or start.tls_first)
    return changed if changed.url else replace(changed, url=DEFAULT_URL)


def _instead(new: Mapping[str, Any], groups: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """The fields to blank: those of every group but the ones that ``new`` sets."""
    chosen = [group for group in groups if any(new.get(field) for field in group)]
    if not chosen:
        return {}
    return {field: "" for group in groups if group not in chosen for field in group}


def embedded(context: Context, reader: Reader) -> Context:
    """With the content of credential files in place of their paths."""
    found: dict[str, Any] = {}
    for field in REFERENCES:
        value: str = getattr(context, field)
        is_file = value.startswith("file://") or field in ("creds", "nkey")
        if value and is_file and not value.startswith(("data:", "env://", "op://", "nsc://")):
            text = reader.seed(value)
            found[field] = "data:;base64," + base64.b64encode(text.encode()).decode()
    return replace(context, **found)
