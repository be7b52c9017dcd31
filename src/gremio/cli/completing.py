"""What the shell offers after TAB: refs and words of the catalogue. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from gremio.errors import GremioError
from gremio.machine.terminal import plain_line

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_PATHS = (".", "/", "~")


def refs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Refs of the catalogue that begin so; for a path, files."""
    if incomplete.startswith(_PATHS):
        return [CompletionItem(incomplete, type="file")]
    from gremio.catalog import Catalog
    from gremio.machine.settings import Settings

    with suppress(GremioError):
        found = Catalog(Settings.from_environment()).refs(incomplete)
        # Who lists paths means files, which the shell knows better.
        return [CompletionItem(ref, help=plain_line(title)) for ref, title in found if not ref.startswith(_PATHS)]
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
