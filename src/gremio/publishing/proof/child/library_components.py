"""Components whose class comes with a library."""

from __future__ import annotations

from typing import Any

import diffusers
import transformers

from gremio.errors import NoClass
from gremio.publishing.proof.request import ProofSubject


def standard_class(subject: ProofSubject, config: tuple[str, dict[str, Any]] | None) -> type:
    """The class that the subject, or its config, names.

    Raises:
        NoClass: no library has it.
    """
    name = subject.class_name or str((config or ("", {}))[1].get("_class_name", ""))
    for library in (diffusers, transformers):
        found = getattr(library, name, None) if name else None
        if isinstance(found, type):
            return found
    raise NoClass(f"neither diffusers nor transformers has a class {name!r}", ref=subject.name)
