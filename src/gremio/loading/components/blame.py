"""Which of a model's files made a load fail, where that can be seen."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from gremio.errors import ModelError
from gremio.loading.components.damage import damage
from gremio.sources.model import ModelHome
from gremio.trust.model_files import documents_in, findings_of, largest_number

_NO_MEMORY = ("can't allocate memory", "not enough memory", "unable to allocate")


def file_to_blame(error: Exception, home: ModelHome, folder: Path, paths: Sequence[str]) -> ModelError | None:
    """What to say instead of an error that loading these files of ``folder`` ended in; None where none is to blame.

    A file may be damaged, ask for more memory than there is, or name code where nobody asked for any.
    """
    for path, wrong in damage(folder, paths, home.size).items():
        again = "Pass force_download=True to download it again." if home.origin.remote else "Get a good copy."
        step = f"{again} It lies at {folder / path}."
        return ModelError(f"{path} is damaged: {wrong}", ref=home.name, next_step=step)
    documents = documents_in({path: (folder / path).read_bytes for path in paths})
    if _is_about_memory(error) and (largest := largest_number(documents)):
        path, key, number = largest
        return ModelError(
            f"a component needs more memory than there is; the largest number is {number} for {key} in {path}",
            ref=home.name,
            next_step="Ask the author whether that is meant, or use a machine with more memory.",
        )
    named = [f for document in documents for f in findings_of(document) if f.code == "config/own-code"]
    if _would_have_asked(error) and named:
        return ModelError(
            f"{named[0].file} {named[0].what}, which transformers would run by itself",
            ref=home.name,
            next_step=f"Load that component yourself and pass {named[0].file.split('/')[0]}=…. Gremio runs a model's"
            " code for whole components, not for parts inside of one.",
        )
    return None


def _is_about_memory(error: Exception) -> bool:
    """torch has no error of its own for it."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _NO_MEMORY)


def _would_have_asked(error: Exception) -> bool:
    """Whether transformers came to where it asks on the standard input if it may run code."""
    return any(frame.name == "resolve_trust_remote_code" for frame in traceback.extract_tb(error.__traceback__))
