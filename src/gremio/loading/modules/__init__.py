"""Executes approved code, once per process, from the bytes that were hashed. Nothing else in Gremio executes code."""

from gremio.loading.modules.loading import LoadedCode, load

__all__ = ["LoadedCode", "load"]
