"""Repairs to community code that was written for other versions of the installed libraries.

A mend is a module of its own here. Mends change the syntax tree of the community code itself, in memory, and nothing of
diffusers or transformers.
"""

from gremio.code.mends.mend import Change, Mend, Repair, Scope
from gremio.code.mends.mending import MENDS, Mended, mended

__all__ = ["MENDS", "Change", "Mend", "Mended", "Repair", "Scope", "mended"]
