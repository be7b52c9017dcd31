"""``model_index.json``, parsed and checked before anything it names is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremio.errors import BadModelIndex
from gremio.sources.model import INDEX
from gremio.trust.findings import high
from gremio.trust.model_files import component_pairs, findings_of, own_module, read_document

_BROKEN = "The file is damaged or not a pipeline's index; pass force_download=True, or ask its author."
_UNSAFE = "Nothing that diffusers writes is so. Ask the author, or correct your copy."


@dataclass(frozen=True)
class ComponentEntry:
    """``name: [library, class_name]``; both are None where the repository leaves the component out.

    ``folder`` is where it lies in its repository, the empty text being the top; by its name if that is not said.
    """

    name: str
    library: str | None
    class_name: str | None
    folder: str | None = None

    @classmethod
    def parse(cls, name: str, pair: Sequence[str | None], *, folder: str | None = None) -> ComponentEntry:
        """Read ``[library, class_name]`` of an index whose names were found to be plain."""
        library, class_name = pair
        return cls(name, own_module(library) if library else None, class_name, folder)

    @property
    def is_null(self) -> bool:
        """Whether the repository says that there is none."""
        return self.library is None or self.class_name is None

    def place(self, file: str) -> str:
        """The path of a file of the component in its repository."""
        folder = self.name if self.folder is None else self.folder
        return f"{folder}/{file}" if folder else file

    def __str__(self) -> str:
        """As it stands in the index."""
        return f'"{self.name}": {json.dumps([self.library, self.class_name])}'


@dataclass(frozen=True)
class ModelIndex:
    """``class_name`` and, for a pipeline that lies in the repository, ``module``; the components; the rest."""

    class_name: str
    module: str | None
    components: Mapping[str, ComponentEntry]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, *, ref: str) -> ModelIndex:
        """Read and check an index.

        Raises:
            BadModelIndex: it is no JSON object, or holds what no index should, such as names that are paths.
        """
        raw = parse_index(data, INDEX, ref=ref)
        module, class_name = _pipeline_class(raw.get("_class_name"), ref)
        entries = (ComponentEntry.parse(name, pair) for name, pair in component_pairs(raw).items())
        return cls(class_name, module, {entry.name: entry for entry in entries}, raw)

    def has(self, name: str) -> bool:
        """Whether the repository has this component."""
        return name in self.components and not self.components[name].is_null


def parse_index(data: bytes, file: str, *, ref: str) -> dict[str, Any]:
    """The object that an index is.

    Raises:
        BadModelIndex: it is none, or holds what no index should.
    """
    document = read_document(data, file, "index")
    if document.value is None:
        raise BadModelIndex(f"{file} {document.flaws[0].what}", ref=ref, next_step=_BROKEN)
    # A whole pipeline for a component matters only where that component is loaded.
    refused = [finding for finding in high(findings_of(document)) if finding.code != "config/pipeline"]
    if refused:
        raise BadModelIndex(f"{file} {refused[0].what}", ref=ref, next_step=_UNSAFE)
    found: dict[str, Any] = document.value
    return found


def _pipeline_class(value: object, ref: str) -> tuple[str | None, str]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
        return own_module(value[0]), value[1]
    if not isinstance(value, str):
        raise BadModelIndex(f'{INDEX} has no usable "_class_name"', ref=ref, next_step=_BROKEN)
    return None, value
