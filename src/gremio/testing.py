"""Tiny components with random weights, for authors' own tests: ``tiny``, ``fit``, ``kinds``."""

from gremio.checking.tiny import fit, kinds, tiny

__all__ = ["fit", "kinds", "tiny"]
