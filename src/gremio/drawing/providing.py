"""Code and weights of an entry on another machine: code comes along, weights are looked for or fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gremio.drawing.locked import Locked
from gremio.errors import NotAsLocked
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.sources.trees import Trees
from gremio.workspace.project import Project
from gremio.workspace.resolving import Resolver
from gremio.workspace.syncing import sync

Code = Mapping[str, Mapping[str, bytes]]
"""Files of code by the digest of the whole, 64 digits."""


def provide(locked: Locked, code: Code) -> None:
    """Have code and weights of an entry on this machine, each what the lock says.

    Raises:
        NotAsLocked: some are not, and can't be fetched.
    """
    entry, settings = locked.entry, Settings.from_environment()
    reach = Access.of(settings, cache_dir=locked.options.get("cache_dir"))
    project = Project(Path(locked.project), settings, reach)
    trees = Trees(settings.home)
    for each in entry.codes:
        tree = each.tree(code[each.digest.hex], project.absolute(each.origin))
        if tree.digest != each.digest:
            raise NotAsLocked(f"its code came as {tree.digest}, and the lock says {each.digest}", ref=locked.typed)
        trees.keep(tree)
    sync(Resolver(project), entry)


def code_of(locked: Locked) -> Code:
    """What another machine is sent."""
    project = locked.at()
    return {each.digest.hex: dict(project.tree(locked.entry, each).files) for each in locked.entry.codes}
