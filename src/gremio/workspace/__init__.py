"""A project's pipelines, locked: what runs is known, and stays what it was.

In come a name, a ref, a model; out comes an entry of ``gremio.lock`` with commits and a hash per file, and from an
entry a pipeline that is exactly that, without any request. Nothing here loads torch but ``loading.py``.

Open ``entry.py`` for what a lock says, ``lockfile.py`` for its format, ``resolving.py`` for how an entry comes about,
``locked_model.py`` for how files are checked at a load, ``syncing.py`` for ``sync`` and ``verify``, ``bundle.py`` for
what travels without a network, ``workspace.py`` for what people call.
"""

from gremio.workspace.entry import LockedCode, LockedModel, LockEntry
from gremio.workspace.workspace import Workspace

__all__ = ["LockEntry", "LockedCode", "LockedModel", "Workspace"]
