"""Commands and groups of nats: aliases, the nearest name, global flags anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from jetshare.cli.nats.words import global_options, with_words

_HELP = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command that takes the global flags beside its own."""

    def __init__(self, name: str | None, *, aliases: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(name, context_settings=_HELP, **kwargs)
        self.aliases = aliases
        self.params += global_options(hidden=True)
        self.epilog = self.epilog or "The global flags are shown by: nats --help"


class Group(click.Group):
    """Commands by name or alias; an unknown name is refused, and the nearest one named.

    ``modules`` are the groups and commands that are imported only when they are used:
    name to (module, aliases, one line of help). ``elsewhere`` are names that nats has
    and this face has not. ``option`` makes one that the group and each command of it take.
    """

    def __init__(
        self,
        name: str,
        *,
        aliases: tuple[str, ...] = (),
        modules: Mapping[str, tuple[str, tuple[str, ...], str]] | None = None,
        elsewhere: tuple[str, ...] = (),
        option: Callable[[], click.Option] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, context_settings=_HELP, **kwargs)
        self.aliases = aliases
        self.modules = modules or {}
        self.elsewhere = elsewhere
        self.option = option
        self.params += global_options(hidden=bool(modules is None))
        if option:
            self.params.append(option())

    def add(self, name: str, *aliases: str, **settings: Any) -> Callable[[Callable[..., Any]], Any]:
        """Make a function a command of this group. It is handed the global flags as ``words``."""

        def decorate(function: Callable[..., Any]) -> Command:
            made = click.command(name, cls=Command, aliases=aliases, **settings)(
                with_words(function)
            )
            self.add_command(made)
            return made

        return decorate

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        if self.option:
            cmd.params.append(self.option())
        super().add_command(cmd, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.modules) or list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = self._names().get(cmd_name)
        if name is None:
            return None
        if name in self.modules:
            command: click.Command = import_module(self.modules[name][0]).command
            return command
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        known = self._names()
        if name in known or name.startswith("-"):
            found, command, rest = super().resolve_command(ctx, args)
            return (known.get(found, found) if found else found), command, rest
        path = f"{self._path(ctx)} {name}".strip()
        if name in self.elsewhere:
            raise click.UsageError(f'"{path}" is a command of nats that is not here', ctx)
        near = get_close_matches(name, known, n=1)
        raise click.UsageError(
            f'unknown command "{path}"' + (f'; did you mean "{near[0]}"?' if near else ""), ctx
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, text) for name, (_, _, text) in self.modules.items()] or [
            (name, command.get_short_help_str(80)) for name, command in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _names(self) -> dict[str, str]:
        """Every name and alias, to the name."""
        names: dict[str, str] = {}
        for name, (_, aliases, _) in self.modules.items():
            names |= dict.fromkeys((name, *aliases), name)
        for name, command in self.commands.items():
            aliases = getattr(command, "aliases", ())
            names |= dict.fromkeys((name, *aliases), name)
        return names

    def _path(self, ctx: click.Context) -> str:
        return ctx.command_path.partition(" ")[2]


def single(name: str, *aliases: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """A command that stands in no group."""

    def decorate(function: Callable[..., Any]) -> Command:
        return click.command(name, cls=Command, aliases=aliases, **settings)(with_words(function))

    return decorate
