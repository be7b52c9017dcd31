"""From a folder or an object to a repository that anyone can load, in one commit, and the proof that it does.

In comes an author's folder, or a pipeline or component in memory; out comes a commit, with the code of every class,
an index that names it, a card, and a report of what a clean process loaded. Nothing of an author's folder is executed
here, and torch is loaded only in ``saving`` and in the processes of the proof.

    folder, saving      read into a ``Publication`` (``publication.py``): a folder; an object in memory
    code, index.py      the code, laid out and spelled so that it loads where it lands
    card, secrets       the model card; what must not travel
    upload, proof       one commit; loaded and compared in clean processes
    one_step.py         ``gremio.publish``, which joins them
    starting            ``gremio new``
    community           what Diffusers' own folder asks for
    install.py          ``gremio.install()``: loading and saving in place of diffusers' own
"""

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
