"""The managing half: looks at code by ref and never runs it, nor loads torch."""

from gremio.workspace.reading import read

__all__ = ["read"]
