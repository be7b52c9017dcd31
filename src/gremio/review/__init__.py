"""What code is and would need, learned by reading it (`ast`), never by running or importing it."""

from gremio.review.classes import ClassInfo, ClassKind, classes, entry_class
from gremio.review.closure import closure, declared_data
from gremio.review.imports import ImportedName, data_files, imports_in, imports_of
from gremio.review.layout import Layout, is_foreign, layout_of
from gremio.review.library import index_for
from gremio.review.reading import parse, parse_source
from gremio.review.relocation import Relocation, Rewritten, Unresolved, module_name, relocations, rewrite
from gremio.review.requirements import Requirement, missing, require, requirements
from gremio.review.review import Review, read
from gremio.review.signatures import (
    ComponentSlot,
    Parameter,
    call_docstring,
    call_signature,
    component_slots,
    init_signature,
)

__all__ = [
    "ClassInfo",
    "ClassKind",
    "ComponentSlot",
    "ImportedName",
    "Layout",
    "Parameter",
    "Relocation",
    "Requirement",
    "Review",
    "Rewritten",
    "Unresolved",
    "call_docstring",
    "call_signature",
    "classes",
    "closure",
    "component_slots",
    "data_files",
    "declared_data",
    "entry_class",
    "imports_in",
    "imports_of",
    "index_for",
    "init_signature",
    "is_foreign",
    "layout_of",
    "missing",
    "module_name",
    "parse",
    "parse_source",
    "read",
    "relocations",
    "require",
    "requirements",
    "rewrite",
]
