"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """One decorator that adds several options, in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


access_options = together(
    click.option("--token", help="Token for private repositories; the one you are logged in with is used anyway."),
    click.option("--cache-dir", type=click.Path(file_okay=False), help="The Hub's cache, if not the usual one."),
    click.option("--offline", is_flag=True, help="Use only what is cached."),
    click.option("--force-download", is_flag=True, help="Download again what is cached."),
)
code_options = together(
    click.option("--revision", help="Of the code: a Diffusers version or commit for a name, any revision on the Hub."),
    click.option("--class-name", help="Which class, where the file defines several."),
)
load_options = together(
    click.option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16", "fp32", "fp16", "bf16"]),
        metavar="DTYPE",
        help="float32, float16 or bfloat16; float32 if not given.",
    ),
    click.option("--device", help="cuda, mps, cpu; the best there is if not given."),
    click.option("--variant", help="Weights of that variant, such as fp16."),
    click.option("--model-revision", help="Of the weights: branch, tag or commit."),
    click.option(
        "--trust-remote-code", is_flag=True, help="Let the code that REF names run, if it comes from the Hub."
    ),
    click.option("--trust", multiple=True, metavar="REPO|DIGEST", help="Let exactly this run; several in turn."),
    click.option("--no-mend", is_flag=True, help="Run the code as it is written, whatever has changed around it."),
)
project_option = click.option(
    "--project",
    default=".",
    type=click.Path(file_okay=False),
    help="The folder with gremio.lock; this one if not given.",
)
format_option = click.option(
    "--format", "form", type=click.Choice(["human", "json"]), default="human", help="json is for scripts."
)


def access_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take the Hub's options, as keyword arguments of the library."""
    return {
        "token": options.pop("token"),
        "cache_dir": options.pop("cache_dir"),
        "local_files_only": options.pop("offline"),
        "force_download": options.pop("force_download"),
    }


def load_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take what says which code and weights are meant, as arguments of ``from_pretrained``, those that were given."""
    trust = [*options.pop("trust"), *([True] if options.pop("trust_remote_code") else [])]
    found = {
        **access_arguments(options),
        "trust_remote_code": trust,
        "custom_revision": options.pop("revision"),
        "class_name": options.pop("class_name"),
        "revision": options.pop("model_revision"),
        "variant": options.pop("variant"),
    }
    return {name: value for name, value in found.items() if value} | {"mend": not options.pop("no_mend")}


def named_values(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read the ``NAME=VALUE`` of an option that may be given several times."""
    found = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{value!r} is not name=value", ctx=ctx, param=parameter)
        found[name.strip().replace("-", "_")] = text
    return found
