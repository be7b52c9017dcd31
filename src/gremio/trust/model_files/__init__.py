"""The files of a model that are no code, read for what reaches out of it: index, configs, shards, links, names.

In comes a model, or the paths of a repository with a way to read each and the links that leave it; out come findings.
Nothing is loaded or imported, and of the files only small JSON is read. The loader refuses what is of high severity.

Open ``names.py``, ``other_repositories.py``, ``numbers.py`` or ``shards.py`` for a rule about JSON, ``kinds.py`` for
one about file names and links, ``documents.py`` for which files are read and how strictly.
"""

from gremio.trust.model_files.documents import Document, kind_of, read_document
from gremio.trust.model_files.names import component_pairs, is_pair, is_pipeline, modular_entries, own_module
from gremio.trust.model_files.numbers import largest_number
from gremio.trust.model_files.reading import documents_in, findings_in, findings_of, findings_of_model
from gremio.trust.model_files.rules import RULES

__all__ = [
    "RULES",
    "Document",
    "component_pairs",
    "documents_in",
    "findings_in",
    "findings_of",
    "findings_of_model",
    "is_pair",
    "is_pipeline",
    "kind_of",
    "largest_number",
    "modular_entries",
    "own_module",
    "read_document",
]
