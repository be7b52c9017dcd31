"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_ACCESS = (
    click.option("--token", help="Token for private repositories; the one you are logged in with is used anyway."),
    click.option("--cache-dir", type=click.Path(file_okay=False), help="The Hub's cache, if not the usual one."),
    click.option("--offline", is_flag=True, help="Use only what is cached."),
    click.option("--force-download", is_flag=True, help="Download again what is cached."),
)
_CODE = (
    click.option("--revision", help="Of the code: a Diffusers version or commit for a name, any revision on the Hub."),
    click.option("--class-name", help="Which class, where the file defines several."),
)


def access_options(command: Command) -> Command:
    """Add the options about the Hub."""
    for option in reversed(_ACCESS):
        command = option(command)
    return command


def code_options(command: Command) -> Command:
    """Add the options that choose code."""
    for option in reversed(_CODE):
        command = option(command)
    return command


def access_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take the Hub's options, as keyword arguments of the library."""
    return {
        "token": options.pop("token"),
        "cache_dir": options.pop("cache_dir"),
        "local_files_only": options.pop("offline"),
        "force_download": options.pop("force_download"),
    }


def format_option(command: Command) -> Command:
    """Add ``--format``."""
    choice = click.Choice(["human", "json"])
    return click.option("--format", "form", type=choice, default="human", help="json is for scripts.")(command)


def named_values(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read the ``NAME=VALUE`` of an option that may be given several times."""
    found = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{value!r} is not name=value", ctx=ctx, param=parameter)
        found[name.strip().replace("-", "_")] = text
    return found
