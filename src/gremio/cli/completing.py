"""What the shell offers after TAB: refs and words of the catalogue, names of the lock. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from gremio.errors import GremioError
from gremio.machine.terminal import plain_line

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_PATHS = (".", "/", "~")


def refs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the lock and refs of the catalogue that begin so; for a path, files."""
    if incomplete.startswith(_PATHS):
        return [CompletionItem(incomplete, type="file")]
    from gremio.catalog import Catalog
    from gremio.machine.settings import Settings

    offered = names(ctx, parameter, incomplete)
    with suppress(GremioError):
        found = Catalog(Settings.from_environment()).refs(incomplete)
        # Who lists paths means files, which the shell knows better.
        offered += [CompletionItem(ref, help=plain_line(title)) for ref, title in found if not ref.startswith(_PATHS)]
    return offered


def names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of ``gremio.lock`` that begin so."""
    from gremio.workspace.lockfile import LOCK, read_lock

    with suppress(GremioError):
        entries = read_lock(Path(ctx.params.get("project") or ".", LOCK))
        return [CompletionItem(name, help="locked") for name in entries if name.startswith(incomplete)]
    return []


def values(kind: str) -> Complete:
    """The values of ``task`` or ``family`` that there are."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from gremio.catalog import Catalog
        from gremio.machine.settings import Settings

        with suppress(GremioError):
            found = Catalog(Settings.from_environment()).values(kind)
            return [CompletionItem(value) for value in found if value.startswith(incomplete)]
        return []

    return complete
