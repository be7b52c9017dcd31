"""``gremio new``: a folder that works at once, to start a pipeline or a component from. Never loads torch."""

from gremio.starting.folder import Started, start
from gremio.starting.kinds import KINDS, StartKind, likes

__all__ = ["KINDS", "StartKind", "Started", "likes", "start"]
