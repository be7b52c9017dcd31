"""``model_index.json``, parsed and checked before anything it names is loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gremio.errors import BadModelIndex

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_MODULE = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")
_COMPONENT = re.compile(r"[A-Za-z_][\w-]*")
# A plain save of custom code writes the name its module had in that process; the file's name is the last part.
_PROCESS_PACKAGES = ("diffusers_modules.", "transformers_modules.", "gremio_code.")


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
    def parse(cls, name: str, pair: Sequence[str | None], *, ref: str, folder: str | None = None) -> ComponentEntry:
        """Read ``[library, class_name]``.

        Raises:
            BadModelIndex: one of them is not a plain name.
        """
        library, class_name = pair
        entry = cls(name, _own_name(library) if library else None, class_name, folder)
        shown = f'"{name}": {json.dumps(pair)}'
        _check(_COMPONENT, name, shown, ref)
        if not entry.is_null:
            _check(_MODULE, str(library), shown, ref)
            _check(_IDENTIFIER, str(class_name), shown, ref)
        return entry

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
            BadModelIndex: it is no JSON object, or an entry is not a plain name.
        """
        try:
            raw = json.loads(data)
        except ValueError as error:
            raise BadModelIndex(f"model_index.json is no JSON ({error})", ref=ref, next_step=_BROKEN) from error
        if not isinstance(raw, dict):
            raise BadModelIndex("model_index.json is no JSON object", ref=ref, next_step=_BROKEN)
        module, class_name = _pipeline_class(raw.get("_class_name"), ref)
        entries = (
            ComponentEntry.parse(name, value, ref=ref) for name, value in raw.items() if _is_component(name, value)
        )
        return cls(class_name, module, {entry.name: entry for entry in entries}, raw)


_BROKEN = "The file is damaged or not a pipeline's index; pass force_download=True, or ask its author."


def _pipeline_class(value: object, ref: str) -> tuple[str | None, str]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
        module, name = value
        _check(_MODULE, module, f'"_class_name": {json.dumps(value)}', ref)
    else:
        module, name = None, value
    if not isinstance(name, str):
        raise BadModelIndex('model_index.json has no usable "_class_name"', ref=ref, next_step=_BROKEN)
    _check(_IDENTIFIER, name, f'"_class_name": {json.dumps(value)}', ref)
    return (_own_name(module) if module else None), name


def _is_component(name: str, value: object) -> bool:
    return not name.startswith("_") and isinstance(value, list) and len(value) == 2 and _names(value)


def _names(pair: list[object]) -> bool:
    return all(v is None or isinstance(v, str) for v in pair)


def _own_name(module: str) -> str:
    return module.rpartition(".")[2] if module.startswith(_PROCESS_PACKAGES) else module


def _check(pattern: re.Pattern[str], text: str, shown: str, ref: str) -> None:
    if not pattern.fullmatch(text):
        raise BadModelIndex(
            f"the entry {shown} of model_index.json has {text!r}, which is not a plain name",
            ref=ref,
            next_step="A name in an index is never a path. Ask the author, or correct your copy.",
        )
