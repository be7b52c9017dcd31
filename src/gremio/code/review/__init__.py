"""What code is and would need, learned by reading it (`ast`), never by running or importing it."""

from gremio.code.review.classes import ClassInfo, ClassKind, classes, entry_class, has_blocks_alone
from gremio.code.review.closure import closure, declared_data
from gremio.code.review.relocation import Relocation, Rewritten, Unresolved, module_name, relocations, rewrite
from gremio.code.review.requirements import Requirement, complaint, missing, require, requirements
from gremio.code.review.review import Review, read
from gremio.code.review.signatures import (
    ComponentSlot,
    Parameter,
)

__all__ = [
    "ClassInfo",
    "ClassKind",
    "ComponentSlot",
    "Parameter",
    "Relocation",
    "Requirement",
    "Review",
    "Rewritten",
    "Unresolved",
    "classes",
    "closure",
    "complaint",
    "declared_data",
    "entry_class",
    "has_blocks_alone",
    "missing",
    "module_name",
    "read",
    "relocations",
    "require",
    "requirements",
    "rewrite",
]
