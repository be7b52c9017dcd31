"""``modular_model_index.json``, parsed and checked before anything that it names is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gremio.errors import BadModelIndex
from gremio.loading.components import ComponentEntry, ModelIndex, is_standard
from gremio.loading.components.custom import in_library
from gremio.loading.components.index import parse_index
from gremio.sources.model import INDEX, MODULAR_INDEX, ModelHome, read_index
from gremio.trust.model_files import is_pair, modular_entries

_FIELDS = ("pretrained_model_name_or_path", "repo", "subfolder", "variant", "revision")
_BROKEN = "The file is damaged; pass force_download=True, or ask its author."
# diffusers' own class that looks into the component's config for which class it is.
AUTO = ("diffusers", "AutoModel")


@dataclass(frozen=True)
class ModularIndex:
    """What a model says of its modular pipeline.

    ``file`` is the index that says it; ``class_name`` the class of the pipeline; ``entries`` which class each component
    has and in which folder, ``specs`` in which repository, and what else is said of its place; ``raw`` is all of it.
    """

    file: str
    class_name: str
    entries: Mapping[str, ComponentEntry]
    specs: Mapping[str, Mapping[str, str | None]]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, home: ModelHome) -> ModularIndex | None:
        """The index of a model: the modular one, else the plain one read as such, else None.

        Raises:
            BadModelIndex: it is no JSON object, or an entry is not what it has to be.
        """
        paths = home.paths()
        if MODULAR_INDEX in paths:
            return _modular(_parsed(home.read([MODULAR_INDEX])[MODULAR_INDEX], home.name), home.name)
        return _plain(ModelIndex.parse(read_index(home), ref=home.name), home.name) if INDEX in paths else None

    @property
    def is_plain(self) -> bool:
        """Whether it is the index of an ordinary pipeline."""
        return self.file == INDEX

    @property
    def blocks_name(self) -> str | None:
        """The class of diffusers that its blocks are, if it says so."""
        named = self.raw.get("_blocks_class_name")
        return named if isinstance(named, str) else None

    def for_diffusers(self) -> dict[str, Any]:
        """The index with nothing in it that diffusers would import, but public classes of its libraries."""
        document = dict(self.raw)
        for name, entry in self.entries.items():
            hint = list(_hint(entry))
            document[name] = [None, None, {**self.specs[name], "type_hint": hint}]
        return document


def _parsed(data: bytes, ref: str) -> dict[str, Any]:
    raw = parse_index(data, MODULAR_INDEX, ref=ref)
    if not isinstance(raw.get("_class_name"), str):
        raise BadModelIndex(f'{MODULAR_INDEX} has no usable "_class_name"', ref=ref, next_step=_BROKEN)
    return raw


def _modular(raw: dict[str, Any], ref: str) -> ModularIndex:
    entries, specs = {}, {}
    for name, value in modular_entries(raw).items():
        entries[name], specs[name] = _component(name, value, ref)
    return ModularIndex(MODULAR_INDEX, raw["_class_name"], entries, specs, raw)


def _plain(index: ModelIndex, ref: str) -> ModularIndex:
    """An ordinary index as a modular one: every component in the folder of its name in the same repository."""
    entries = {name: replace(entry, folder=name) for name, entry in index.components.items() if not entry.is_null}
    specs = {name: {"pretrained_model_name_or_path": ref, "subfolder": name} for name in entries}
    raw = {name: value for name, value in index.raw.items() if name not in index.components}
    return ModularIndex(INDEX, index.class_name, entries, specs, raw)


def _component(name: str, value: list[Any], ref: str) -> tuple[ComponentEntry, dict[str, str | None]]:
    told = value[2]
    hint = told.get("type_hint", value[:2])
    if not is_pair(hint):
        raise _bad(name, "a type_hint that is no library and class", ref)
    spec = {key: told[key] for key in _FIELDS if key in told}
    if any(each is not None and not isinstance(each, str) for each in spec.values()):
        raise _bad(name, "a place that is no text", ref)
    return ComponentEntry.parse(name, hint, folder=(spec.get("subfolder") or "").strip("/")), spec


def _hint(entry: ComponentEntry) -> tuple[str | None, str | None]:
    """What diffusers may be told, for it imports whatever library stands here; the rest is seen to at loading."""
    if entry.is_null:
        return None, None
    library, class_name = str(entry.library), str(entry.class_name)
    if not is_standard(library):
        return AUTO
    return (library, class_name) if isinstance(in_library(library, class_name), type) else (None, None)


def _bad(name: str, what: str, ref: str) -> BadModelIndex:
    return BadModelIndex(f"the entry {name!r} of {MODULAR_INDEX} has {what}", ref=ref, next_step=_BROKEN)
