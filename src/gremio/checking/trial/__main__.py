"""``python -m gremio.checking.trial REF``: prints the report as JSON on the last line of stdout.

For `gremio check`, which has read the options that people give.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import click

from gremio.checking.trial.options import Options
from gremio.machine.processes import stdout_of_report


def _settings(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    return dict(value.split("=", 1) for value in values)


@click.command()
@click.argument("ref")
@click.option("--loader", type=click.Choice(["gremio", "diffusers"]), default="gremio")
@click.option("--class-name", help="Which class of the file.")
@click.option("--custom-revision", help="Which revision of the code.")
@click.option("--trust-remote-code", is_flag=True, help="Let the code that REF names run.")
@click.option("--trust", multiple=True, metavar="REPO|DIGEST", help="Let exactly this run; several in turn.")
@click.option("--model", help="Weights to use in place of tiny ones.")
@click.option("--component", "components", multiple=True, callback=_settings, metavar="NAME=CLASS", help="Its class.")
@click.option("--set", "settings", multiple=True, callback=_settings, metavar="NAME=VALUE", help="A call argument.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0)
@click.option("--quick", is_flag=True, help="Load and call once, and try nothing else.")
@click.option("--mend/--no-mend", default=True, help="Whether incompatibilities are repaired.")
@click.option("--pipelines-only", is_flag=True, help="Try no component or blocks: a file without pipeline has none.")
def main(trust_remote_code: bool, trust: tuple[str, ...], **options: Any) -> None:
    """Try REF once and print a report."""
    with stdout_of_report() as stdout:
        _prepare()
        grant = [*trust, trust_remote_code] if trust else trust_remote_code
        from gremio.checking.trial.stages import try_out

        report = try_out(Options(trust_remote_code=grant or None, **options))
        stdout.write(f"{report.to_json()}\n")


def _prepare() -> None:
    """One thread, and a folder of its own for the code that diffusers copies: trials run beside each other."""
    folder = tempfile.TemporaryDirectory(prefix="gremio-trial-")
    os.environ["HF_MODULES_CACHE"] = folder.name
    _tell_imported(folder.name)
    import atexit

    atexit.register(folder.cleanup)
    os.environ["OMP_NUM_THREADS"] = "1"
    # Where it is imported already it has read that variable; where it isn't, what is refused does not wait for it.
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _tell_imported(folder: str) -> None:
    """In a process that was forked from a fork server the libraries have read that variable already."""
    for name in ("diffusers.utils.dynamic_modules_utils", "transformers.dynamic_module_utils"):
        if name in sys.modules:
            sys.modules[name].HF_MODULES_CACHE = folder  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
