"""The words that every command of nats understands, wherever they stand on the line.

This is the only place of this face that reads the environment.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from jetshare.cli.nats.durations import SECOND, parse_duration
from jetshare.cli.nats.figures import parse_bytes
from jetshare.errors import InputError

if TYPE_CHECKING:
    from jetshare.store.access import Access, Flags

P = ParamSpec("P")

_DEFAULT_TIMEOUT = "5s"


class Duration(click.ParamType[int]):
    """A span of time, in nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        return value if isinstance(value, int) else parse_duration(value)


class Bytes(click.ParamType[int]):
    name = "bytes"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        return value if isinstance(value, int) else parse_bytes(value)


DURATION = Duration()
BYTES = Bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the global flags and the environment say; nothing is looked up yet.

    ``flags`` holds the flags of the command line alone, where an empty text blanks a
    setting of the context.
    """

    environment: Mapping[str, str] = field(repr=False)
    home: Path
    flags: Flags = field(repr=False)
    context: str | None = None
    no_context: bool = False
    tls_first: bool = False
    timeout_s: float = 5.0
    trace: bool = False
    connection_name: str = ""
    color_scheme: str | None = None

    def access(self) -> Access:
        """How to reach the server: flag, then environment, then context."""
        from jetshare.store.access import resolve
        from jetshare.store.locate import locate

        return resolve(
            self.environment,
            home=self.home,
            location=locate(self.environment, cwd=Path.cwd(), home=self.home),
            context=self.context,
            no_context=self.no_context,
            tls_first=self.tls_first,
            **self.flags,
        )


# flag: (short form, name in Flags, help)
_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "--server": ("-s", "server", "NATS server urls. [NATS_URL]"),
    "--user": ("", "user", "Username or Token. [NATS_USER]"),
    "--password": ("", "password", "Password. [NATS_PASSWORD]"),
    "--token": ("", "token", "Token. [NATS_TOKEN]"),
    "--creds": ("", "creds", "User credentials. [NATS_CREDS]"),
    "--nkey": ("", "nkey", "User NKEY. [NATS_NKEY]"),
    "--jwt": ("", "jwt", "User JWT. [NATS_JWT]"),
    "--seed": ("", "seed", "User seed. [NATS_SEED]"),
    "--tlscert": ("", "cert", "TLS public certificate. [NATS_CERT]"),
    "--tlskey": ("", "key", "TLS private key. [NATS_KEY]"),
    "--tlsca": ("", "ca", "TLS certificate authority chain. [NATS_CA]"),
    "--socks-proxy": ("", "socks_proxy", "SOCKS5 proxy. [NATS_SOCKS_PROXY]"),
    "--js-api-prefix": ("", "api_prefix", "Subject prefix of the JetStream API."),
    "--js-event-prefix": ("", "event_prefix", "Subject prefix of JetStream advisories."),
    "--js-domain": ("", "domain", "JetStream domain to access."),
    "--inbox-prefix": ("", "inbox_prefix", "Prefix of inboxes."),
}
_OTHERS: Mapping[str, dict[str, Any]] = {
    "--timeout": {"help": "Time to wait on responses. [5s; NATS_TIMEOUT]", "metavar": "DURATION"},
    "--context": {"help": "Configuration context. [NATS_CONTEXT]", "metavar": "NAME"},
    "--no-context": {"help": "Use no context.", "is_flag": True},
    "--tlsfirst/--no-tlsfirst": {"help": "TLS handshake before the server's greeting."},
    "--connection-name": {"help": "Name of the connection.", "metavar": "NAME"},
    "--colors": {"help": "Color scheme to keep in a context. [NATS_COLOR]", "metavar": "SCHEME"},
    "--trace": {"help": "Trace API interactions.", "is_flag": True},
}


def global_options(*, hidden: bool) -> list[click.Option]:
    """An option for each global flag. They tell ``Words`` alone, not the command."""
    options = []
    for flag, (short, _, text) in _TEXTS.items():
        names = [flag, short] if short else [flag]
        options.append(_option(names, {"help": text, "metavar": "TEXT"}, hidden))
    for flag, settings in _OTHERS.items():
        options.append(_option([flag], dict(settings), hidden))
    return options


def show_all() -> click.Option:
    """``-a``: streams that belong to key-value and object stores count, too."""
    settings = {"is_flag": True, "help": "System streams as well."}
    return _option(["-a", "--all", "show_all"], settings, hidden=False)


def _option(names: list[str], settings: dict[str, Any], hidden: bool) -> click.Option:
    return click.Option(
        names, default=None, expose_value=False, callback=_remember, hidden=hidden, **settings
    )


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and param.name is not None:
        ctx.ensure_object(dict)[param.name] = value


def said(ctx: click.Context) -> Words:
    """The global flags of one command line, whether before or after the command."""
    given: dict[str, Any] = ctx.ensure_object(dict)
    environment = dict(os.environ)
    names = {flag.removeprefix("--").replace("-", "_"): to for flag, (_, to, _) in _TEXTS.items()}
    flags: Any = {to: given[name] for name, to in names.items() if name in given}
    return Words(
        environment=environment,
        home=Path(environment.get("HOME") or Path.home()),
        flags=flags,
        context=given.get("context"),
        no_context=given.get("no_context", False),
        tls_first=given.get("tlsfirst", False),
        timeout_s=_timeout_s(
            given.get("timeout") or environment.get("NATS_TIMEOUT") or _DEFAULT_TIMEOUT
        ),
        trace=given.get("trace", False),
        connection_name=given.get("connection_name", ""),
        color_scheme=given.get("colors", environment.get("NATS_COLOR")),
    )


def _timeout_s(text: str) -> float:
    span = parse_duration(text)
    if span <= 0:
        raise InputError("the timeout must be more than 0", hint="leave it out for 5s")
    return span / SECOND


def with_words(command: Callable[P, Any]) -> Callable[..., int]:
    """Hand the global flags to a command as ``words``, and run it if it is a coroutine."""

    @wraps(command)
    @click.pass_context
    def run(ctx: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> int:
        kwargs["words"] = said(ctx)
        outcome = command(*args, **kwargs)
        if inspect.iscoroutine(outcome):
            import asyncio

            outcome = asyncio.run(outcome)
        return outcome or 0

    return run
