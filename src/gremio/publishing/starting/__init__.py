"""``gremio new``: a folder that works at once, to start a pipeline or a component from. Never loads torch.

In come a kind, a name and what it is to be like; out comes a folder (``new_folder.py``) made of ``templates``.

    kinds       what can be started, and which templates it takes
    families    the models that a pipeline can be started for; ``wording.py`` for what differs between them
    names       from one name to those of a folder, a module and a class
"""

from gremio.publishing.starting.kinds import KINDS, StartKind, likes
from gremio.publishing.starting.new_folder import Started, start

__all__ = ["KINDS", "StartKind", "Started", "likes", "start"]
