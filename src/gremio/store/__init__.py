"""Gremio's own files: trees of code by digest, and small records."""

from gremio.store.records import Records
from gremio.store.trees import Trees

__all__ = ["Records", "Trees"]
