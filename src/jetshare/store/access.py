"""How to reach a server, from flags, environment and context, in that order.

Settings that exclude one another count together: where a flag names creds, the user
and password of the context are left out, and where it names a JetStream domain, so is
the context's API prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict, Unpack

from jetshare.errors import InputError, KeyFormatError, TokenError
from jetshare.identity.creds import Creds, parse_seed_file
from jetshare.identity.nkeys import KeyPair
from jetshare.store.contexts import Context, ContextFolder, read_file
from jetshare.store.locate import Location
from jetshare.store.references import Reader


class Flags(TypedDict, total=False):
    """What the command line said. None is 'not given', and empty text blanks a setting."""

    server: str | None
    user: str | None
    password: str | None
    token: str | None
    creds: str | None
    nkey: str | None
    jwt: str | None
    seed: str | None
    cert: str | None
    key: str | None
    ca: str | None
    socks_proxy: str | None
    domain: str | None
    api_prefix: str | None
    event_prefix: str | None
    inbox_prefix: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``servers`` is empty where nobody named one. ``context`` is the context's name.

    Of the ways to say who one is, at most one is set: ``user`` with ``password``,
    ``creds``, ``nkey``, ``jwt`` (of a bearer user); ``token`` may stand beside.
    """

    context: str = ""
    servers: tuple[str, ...] = ()
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    creds: Creds | None = field(default=None, repr=False)
    nkey: KeyPair | None = None
    jwt: str = field(default="", repr=False)
    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    socks_proxy: str = field(default="", repr=False)
    domain: str = ""
    api_prefix: str = ""
    event_prefix: str = ""
    inbox_prefix: str = ""
    tls_first: bool = False


# flag: (field of a context, variable of the environment)
_SETTINGS: Mapping[str, tuple[str, str]] = {
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
_TOGETHER = (
    ("user", "password", "token", "creds", "nkey", "jwt", "seed"),
    ("cert", "key"),
    ("domain", "api_prefix"),
)


def resolve(
    environment: Mapping[str, str],
    *,
    home: Path,
    location: Location | None = None,
    context: str | None = None,
    no_context: bool = False,
    tls_first: bool = False,
    **flags: Unpack[Flags],
) -> Access:
    """Put the settings together and look up what they refer to.

    ``context`` is a name or the path of a context's file; without it NATS_CONTEXT
    counts, then the selected context. ``location`` is where ``nsc://`` looks.
    """
    name, chosen = _context(environment, home, None if no_context else context, no_context)
    values = _merge(
        {name: value for name, value in flags.items() if isinstance(value, str)},
        {name: environment.get(var, "") for name, (_, var) in _SETTINGS.items()},
        {name: getattr(chosen, each) for name, (each, _) in _SETTINGS.items()},
    )
    if values["domain"] and values["api_prefix"]:
        raise InputError(
            "a JetStream domain and an API prefix exclude one another", hint="name one of them"
        )
    reader = Reader(environment=environment, home=home, location=location)
    return Access(
        context=name,
        servers=tuple(url.strip() for url in values["server"].split(",") if url.strip()),
        cert=reader.path(values["cert"]) if values["cert"] else None,
        key=reader.path(values["key"]) if values["key"] else None,
        ca=reader.path(values["ca"]) if values["ca"] else None,
        socks_proxy=values["socks_proxy"],
        domain=values["domain"],
        api_prefix=values["api_prefix"],
        event_prefix=values["event_prefix"],
        inbox_prefix=values["inbox_prefix"],
        tls_first=tls_first or chosen.tls_first,
        **_who(values, reader),
    )


def _context(
    environment: Mapping[str, str], home: Path, wanted: str | None, no_context: bool
) -> tuple[str, Context]:
    if no_context or wanted == "":
        return "", Context()
    folder = ContextFolder.of(environment, home)
    name = wanted or environment.get("NATS_CONTEXT") or folder.selected()
    if not name:
        return "", Context()
    if name.endswith(".json") and Path(name).is_file():
        return Path(name).stem, _without_lookup(read_file(Path(name)))
    return name, _without_lookup(folder.read(name))


def _without_lookup(context: Context) -> Context:
    """The field ``nsc`` is the old way to write an ``nsc://`` reference in ``creds``."""
    if not context.nsc or context.creds:
        return context
    return replace(context, creds="nsc://" + context.nsc.removeprefix("nsc://"))


def _merge(*layers: Mapping[str, str]) -> dict[str, str]:
    """The settings of the first layer that has them; those of a group from one layer.

    The first layer is that of the flags, in which an empty text is a setting too.
    """
    values = dict.fromkeys(_SETTINGS, "")
    groups = [*_TOGETHER, *((name,) for name in _SETTINGS if not _grouped(name))]
    for group in groups:
        for index, layer in enumerate(layers):
            found = {name: layer[name] for name in group if name in layer}
            if any(found.values()) or (index == 0 and found):
                values.update(found)
                break
    return values


def _grouped(name: str) -> bool:
    return any(name in group for group in _TOGETHER)


class _Who(TypedDict, total=False):
    user: str
    password: str
    token: str
    creds: Creds | None
    nkey: KeyPair | None
    jwt: str


def _who(values: Mapping[str, str], reader: Reader) -> _Who:
    """The first of user, creds, nkey and JWT that is set, as nats does."""
    token = reader.text(values["token"])
    if values["user"] and not values["password"]:
        return {"token": reader.text(values["user"])}  # a user alone is a token
    if values["user"]:
        return {
            "user": values["user"],
            "password": reader.text(values["password"]),
            "token": token,
        }
    if values["creds"]:
        return {"creds": reader.creds(values["creds"]), "token": token}
    if values["nkey"]:
        return {"nkey": _pair(reader.seed(values["nkey"]), "nkey"), "token": token}
    if values["jwt"]:
        jwt = reader.text(values["jwt"])
        if not values["seed"]:
            return {"jwt": jwt, "token": token}
        pair = _pair(reader.text(values["seed"]), "seed")
        return {"creds": Creds(jwt=jwt, key=pair), "token": token}
    return {"token": token}


def _pair(text: str, what: str) -> KeyPair:
    try:
        return parse_seed_file(text)
    except (KeyFormatError, TokenError):
        raise InputError(f"the {what} is no seed", hint="give the file of a user's seed") from None
