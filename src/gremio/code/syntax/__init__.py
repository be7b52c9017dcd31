"""Python source as syntax: parsed, its imports listed, its files laid out as modules. Nothing is executed."""

from gremio.code.syntax.imports import ImportedName, data_files, imports_in, imports_of
from gremio.code.syntax.layout import Layout, is_foreign, layout_of
from gremio.code.syntax.parsing import parse, parse_source

__all__ = [
    "ImportedName",
    "Layout",
    "data_files",
    "imports_in",
    "imports_of",
    "is_foreign",
    "layout_of",
    "parse",
    "parse_source",
]
