"""``gremio new``: a folder that works at once, to start a pipeline or a component from. Never loads torch."""

from gremio.publishing.starting.folder import Started, start
from gremio.publishing.starting.kinds import KINDS, StartKind, likes

__all__ = ["KINDS", "StartKind", "Started", "likes", "start"]
