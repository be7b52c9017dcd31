"""What a publication writes into indexes and configs: which code is whose, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gremio.publishing.publication import CodeSource

RECORD = "_gremio"
"""The key of ``model_index.json`` under which a publication is recorded; diffusers passes over it."""
MAIN = "pipeline"
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


def recorded_sources(document: Mapping[str, Any]) -> tuple[CodeSource, ...]:
    """Where the code came from, as an index that was published before says."""
    found = []
    for role, told in _part(_part(document, RECORD), "sources").items():
        if isinstance(told, dict):
            texts = {name: str(told.get(name, "")) for name in _TEXTS}
            before = tuple(each for each in told.get("before", ()) if isinstance(each, dict))
            found.append(CodeSource("" if role == MAIN else role, **texts, before=before))
    return tuple(found)


_TEXTS = ("class_name", "source", "repo", "commit", "entry", "digest")


def recorded_before(document: Mapping[str, Any], role: str) -> tuple[Mapping[str, Any], ...]:
    """Where one piece of code had been before this index was published, the nearest place first."""
    for source in recorded_sources(document):
        if source.role == role:
            told = source.as_dict()
            return ({name: value for name, value in told.items() if name != "before"}, *source.before)
    return ()


def recorded_model(document: Mapping[str, Any]) -> tuple[str, str]:
    """The repository and commit that the weights came from, as an index says."""
    told = _part(_part(document, RECORD), "model")
    return str(told.get("repo", "")), str(told.get("commit", ""))


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def with_auto_map(document: Mapping[str, Any], keys: Iterable[str], module: str, class_name: str) -> dict[str, Any]:
    """A component's config that maps the ``keys`` (``AutoModel``, …) to the class that lies beside it."""
    mapping = dict(_part(document, "auto_map")) | dict.fromkeys(keys, f"{module}.{class_name}")
    return {**document, "auto_map": mapping}


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """As diffusers writes its configs."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
