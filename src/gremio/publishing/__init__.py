"""From code and weights in a folder to a repository that anyone can load. Never executes code, nor loads torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremio.publishing.folder import read_folder
    from gremio.publishing.one_step import CardFacts, Published, publish, push
    from gremio.publishing.previewing import Preview, preview
    from gremio.publishing.publication import Publication

# Loading needs one module of this package; the rest is for those who publish.
_PLACES = {
    "CardFacts": "one_step",
    "Preview": "previewing",
    "Publication": "publication",
    "Published": "one_step",
    "preview": "previewing",
    "publish": "one_step",
    "push": "one_step",
    "read_folder": "folder",
}

__all__ = ["CardFacts", "Preview", "Publication", "Published", "preview", "publish", "push", "read_folder"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'gremio.publishing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gremio.publishing.{_PLACES[name]}"), name)
