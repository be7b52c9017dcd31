"""What a publication writes into indexes and configs: which code is whose, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gremio.sources.record import MAIN, RECORD, CodeSource, part

_FORMAT = 1


def with_classes(document: Mapping[str, Any], classes: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """A model index that names ``["module", "Class"]`` for the pipeline (role ``""``) and custom components."""
    new = dict(document)
    for role, pair in classes.items():
        new[role or "_class_name"] = list(pair)
    return new


def with_record(
    document: Mapping[str, Any],
    *,
    files: Iterable[str],
    sources: Iterable[CodeSource],
    model: tuple[str, str],
    digest: str,
) -> dict[str, Any]:
    """The index with what was published: the files of code, their digest, where code and weights came from."""
    record: dict[str, Any] = {"format": _FORMAT, "files": sorted(files), "digest": digest} | _told(sources)
    if model[0]:
        record["model"] = {"repo": model[0], "commit": model[1]}
    return {**document, RECORD: record}


def with_sources(document: Mapping[str, Any], sources: Iterable[CodeSource]) -> dict[str, Any]:
    """The config of a single component, or of blocks, with where its code came from."""
    told = _told(sources)
    return {**document, RECORD: {"format": _FORMAT, **told}} if told else dict(document)


def _told(sources: Iterable[CodeSource]) -> dict[str, Any]:
    found = {source.role or MAIN: source.as_dict() for source in sources}
    return {"sources": found} if found else {}


def with_auto_map(document: Mapping[str, Any], keys: Iterable[str], module: str, class_name: str) -> dict[str, Any]:
    """A component's config that maps the ``keys`` (``AutoModel``, …) to the class that lies beside it."""
    mapping = dict(part(document, "auto_map")) | dict.fromkeys(keys, f"{module}.{class_name}")
    return {**document, "auto_map": mapping}


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """As diffusers writes its configs."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
