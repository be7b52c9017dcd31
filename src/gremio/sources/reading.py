"""From a ref to what its code is and needs."""

from __future__ import annotations

import os
from typing import Any

from gremio.code import PipelineRef
from gremio.code.review import Review
from gremio.code.review import read as read_tree
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch


def read(
    ref: str | os.PathLike[str], *, custom_revision: str | None = None, class_name: str | None = None, **access: Any
) -> Review:
    """What the code that ``ref`` names is and needs. It is read, never run, so it needs nobody's permission.

    Args:
        ref: a community pipeline's name, ``owner/repo``, or a path (``./folder``, ``folder/file.py``).
        custom_revision: a Diffusers version or commit for a name; a branch, tag or commit on the Hub.
        class_name: which class of the entry file, where it defines several.
        **access: ``token``, ``cache_dir``, ``local_files_only``, ``force_download``, ``proxies``.

    Raises:
        GremioError: it isn't there, can't be reached, or is not Python.
    """
    settings = Settings.from_environment()
    reach = Access.of(settings, **access)
    tree = fetch(PipelineRef.parse(ref), revision=custom_revision, access=reach, settings=settings)
    return read_tree(tree, class_name=class_name)
