"""The commands, each imported when it is called for; exit codes.

0 fine, 1 refused or failed for a reason that is not ours, 2 wrong usage, 3 our bug, 130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback

import click

from gremio.cli.wording import explain, in_options
from gremio.errors import GremioError, OptionError, RefError
from gremio.machine.terminal import plain
from gremio.version import __version__

_COMMANDS = {
    "run": "Draw with a community pipeline.",
    "batch": "Draw every row of a file; interrupted, it goes on from there.",
    "find": "Find pipelines by what they do, for which models, by whom.",
    "catalog": "Read what there is to be found.",
    "show": "What a pipeline's code is and needs; what made a picture.",
    "review": "What a pipeline's code would be able to do.",
    "check": "Whether a pipeline, or every one of them, runs here.",
    "add": "Lock a pipeline: its code and weights, a hash for every file.",
    "remove": "Take pipelines out of the lock.",
    "lock": "Complete the lock.",
    "update": "Show what has changed since pipelines were locked, and lock that.",
    "sync": "Fetch and check what is locked, for work without a network.",
    "verify": "Compare everything on this machine with the lock.",
    "export": "What is locked, as one file for a place without a network.",
    "import": "Take over such a file.",
    "approve": "Let exactly this code run here.",
    "approvals": "What you approved here.",
    "revoke": "Take approvals back.",
    "new": "A folder to start a pipeline or a component from.",
    "publish": "A folder to the Hub, code included, and the proof that it loads.",
    "bisect": "Find the revision of a pipeline's code that broke it.",
    "hub": "A Hub of your own on this machine.",
    "doctor": "What is installed, allowed and reachable here.",
    "serve": "Pipelines that others call over HTTP.",
    "ui": "Find pipelines and try them, in the browser.",
    "demo": "Everything once, with the model that comes along.",
}
_MODULES = {
    **dict.fromkeys(("add", "remove", "lock", "update"), "lock"),
    **dict.fromkeys(("sync", "verify", "export", "import"), "sync"),
    **dict.fromkeys(("approve", "approvals", "revoke"), "approve"),
}
"""Commands that share a module; the others have one of their own name."""
_OURS = "This is a bug in gremio. Please report it with the lines above."


class _Lazy(click.Group):
    """Imports a command's module when that command is run, so that help and the light ones start at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"gremio.cli.{_MODULES.get(name, name)}")
        command = getattr(module, "import_" if name == "import" else name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gremio")
@click.option("-v", "--verbose", is_flag=True, help="Say what is being done; show tracebacks.")
@click.pass_context
def gremio(ctx: click.Context, verbose: bool) -> None:
    """Community pipelines and community components of Diffusers: found, read, pinned, run, shared, published."""
    ctx.obj = verbose
    _log_to_stderr()
    logging.getLogger("gremio").setLevel(logging.INFO if verbose else logging.WARNING)


class _Wording(logging.Formatter):
    """What the library logs, told in terms of options."""

    def format(self, record: logging.LogRecord) -> str:
        return in_options(super().format(record))


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Wording("%(message)s"))
    logger = logging.getLogger("gremio")
    logger.handlers, logger.propagate = [handler], False


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    try:
        code = gremio.main(arguments, prog_name="gremio", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GremioError as error:
        return _refused(error)
    except Exception as error:
        _print_traceback(error)
        click.echo(_OURS, err=True)
        return 3
    return code if isinstance(code, int) else 0


def _refused(error: GremioError) -> int:
    if logging.getLogger("gremio").isEnabledFor(logging.INFO):
        _print_traceback(error)
        # What happened in another process, as that told it.
        for told in ("traceback", "log"):
            click.echo(getattr(error, told, ""), err=True, nl=False)
    click.echo(f"{click.style('error:', fg='red', bold=True)} {explain(error)}", err=True)
    return 2 if isinstance(error, OptionError | RefError) else 1


def _print_traceback(error: Exception) -> None:
    """Messages in it may be anybody's."""
    click.echo(plain("".join(traceback.format_exception(error))), err=True, nl=False)
