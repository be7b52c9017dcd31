"""Repositories on the Hub that say, by a tag, that they bring code for Diffusers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gremio.catalog.entry import Entry, Source
from gremio.catalog.places.place import Item, Plan
from gremio.catalog.reading import About, Code, reader, without_code
from gremio.catalog.readme import Told, of_card
from gremio.code import CodeTree
from gremio.errors import GremioError, Unavailable
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.sources.lists import models_tagged
from gremio.sources.model import HubModel, code_of, code_of_blocks
from gremio.sources.repository import Repository

TAGS = (
    ("diffusers", "custom_code"),
    ("diffusers", "modular"),
    ("modular-diffusers",),
    ("custom_pipeline",),
    ("custom-pipeline",),
    ("custom-component",),
)
"""Each a list of repositories: those that have all of these tags. ``custom_code`` alone is mostly language models."""
_CARD = "README.md"
_LARGEST_CARD = 1_000_000  # bytes
_AT_ONCE = 4
_NO_CODE = "it brings no code of its own, only components of the libraries"


class HubPlace:
    """Its items are repositories, each read at the commit that the list has."""

    source: Source = "hub"

    def __init__(self, settings: Settings, access: Access) -> None:
        self.name = f"hub {access.endpoint}"
        self.title = f"the Hub ({access.endpoint})"
        self._settings = settings
        self._access = access
        self._found: dict[str, Code | Entry | Unavailable] = {}

    def plan(self, before: str) -> Plan | None:
        """As many requests as the lists have pages."""
        models = {model.id: model for tags in TAGS for model in models_tagged(tags, self._access)}
        found = sorted(f"{model.id} {model.sha}" for model in models.values())
        stamp = hashlib.sha256("\n".join([reader(), *found]).encode()).hexdigest()
        if stamp == before:
            return None
        items = [Item(each.id, f"{each.sha} {reader()}", partial(self._of, each)) for each in models.values()]

        def prepare(some: Sequence[Item]) -> None:
            """Several at once: what takes time is waiting for answers."""
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                self._found = dict(pool.map(self._tried, (models[item.key] for item in some)))

        return Plan(stamp, items, len(items), prepare=prepare)

    def _tried(self, model: Any) -> tuple[str, Code | Entry | Unavailable]:
        try:
            return model.id, self._code(model)
        except Unavailable as error:
            return model.id, error

    def _of(self, model: Any) -> Code | Entry:
        found = self._found.pop(model.id, None) or self._code(model)
        if isinstance(found, Unavailable):
            raise found
        return found

    def _code(self, model: Any) -> Code | Entry:
        about = _about(model, Told())
        try:
            repository = Repository(model.id, settings=self._settings, access=self._access)
            home = HubModel(repository, repository.listing(model.sha))
            about = _about(model, _card(home))
            tree = _code_of(home)
        except Unavailable:
            raise
        except GremioError as error:
            # Gated, gone meanwhile, or more than anybody could read: found all the same, with the reason.
            return without_code(about, error.message)
        return Code(tree, about) if tree else without_code(about, _NO_CODE)


def _code_of(home: HubModel) -> CodeTree | None:
    """The code of a pipeline, of a component or of blocks; of what has none of their forms, every Python file."""
    python = [path for path in home.paths() if path.endswith(".py")]
    if not python:
        return None
    if blocks := code_of_blocks(home):
        return blocks
    try:
        return code_of(home)
    except GremioError:
        return code_of(home, python[0])


def _card(home: HubModel) -> Told:
    if _CARD not in home.paths() or (home.size(_CARD) or 0) > _LARGEST_CARD:
        return Told()
    return of_card(home.read([_CARD])[_CARD].decode("utf-8", "replace"))


def _about(model: Any, told: Told) -> About:
    owner, _, name = model.id.rpartition("/")
    tags = [str(tag) for tag in model.tags or ()]
    return About(
        ref=model.id,
        source="hub",
        name=name,
        told=told,
        authors=tuple(filter(None, [owner])),
        licence=next(_after("license:", tags), ""),
        task=str(model.pipeline_tag or ""),
        # With a colon more it is how the one was made of the other.
        model=next((each for each in _after("base_model:", tags) if ":" not in each), ""),
        revision="main",
    )


def _after(beginning: str, tags: Sequence[str]) -> Iterator[str]:
    return (tag.removeprefix(beginning) for tag in tags if tag.startswith(beginning))
