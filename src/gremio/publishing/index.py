"""What a publication writes into indexes and configs: which code is whose, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gremio.code import Origin
from gremio.publishing.code.bundle import Bundle
from gremio.sources.model import BLOCKS, SCHEDULER_CONFIG
from gremio.sources.record import MAIN, RECORD, CodeSource, part

_FORMAT = 1
_LOADERS = {SCHEDULER_CONFIG: "SchedulerMixin", BLOCKS: "ModularPipelineBlocks"}


def published_index(
    index: Mapping[str, Any], code: Bundle, sources: Iterable[CodeSource], model: tuple[str, str]
) -> dict[str, Any]:
    """A model index that names ``["module", "Class"]`` for the pipeline and custom components, and records the rest.

    That is: the files of code, their digest, where the code came from, and the repository and commit of the weights.
    """
    new = {name: value for name, value in index.items() if name not in (RECORD, "_name_or_path")}
    new |= {role or "_class_name": list(pair) for role, pair in code.classes.items()}
    tree = code.tree(Origin("local", ""))
    record = {"format": _FORMAT, "files": sorted(code.files), "digest": str(tree.digest) if tree else ""}
    record |= {"model": {"repo": model[0], "commit": model[1]}} if model[0] else {}
    return {**new, RECORD: {**record, **_told(sources)}}


def with_sources(document: Mapping[str, Any], sources: Iterable[CodeSource]) -> dict[str, Any]:
    """The config of a single component, or of blocks, with where its code came from."""
    told = _told(sources)
    return {**document, RECORD: {"format": _FORMAT, **told}} if told else dict(document)


def _told(sources: Iterable[CodeSource]) -> dict[str, Any]:
    found = {source.role or MAIN: source.as_dict() for source in sources}
    return {"sources": found} if found else {}


def with_auto_map(document: Mapping[str, Any], config: str, module: str, class_name: str) -> dict[str, Any]:
    """The config of that name with the class that lies beside it, for ``AutoModel`` and its like.

    What mapped the class before maps it now; what loads things of that kind, if nothing did.
    """
    known = part(document, "auto_map")
    keys = [key for key, value in known.items() if str(value).endswith(f".{class_name}")] or list(known)
    mapping = dict.fromkeys(keys or [_LOADERS.get(config, "AutoModel")], f"{module}.{class_name}")
    return {**document, "auto_map": {**known, **mapping}}


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """As diffusers writes its configs."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
