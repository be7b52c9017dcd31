"""What an earlier publish recorded as its own files: in the model's index or, where there is none, in the card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from gremio.publishing.publication import Publication

INDEXES = ("model_index.json", "modular_model_index.json")
_COMMENT = re.compile(r"<!-- gremio:files (\[.*?\]) -->", re.DOTALL)


def recorded_files(content: bytes | str | None) -> frozenset[str]:
    """The paths that an index (its bytes) or a card (its text) has recorded; empty where it has none."""
    if content is None:
        return frozenset()
    try:
        if isinstance(content, bytes):
            noted = json.loads(content).get("_gremio", {}).get("files")
        else:
            comment = _COMMENT.search(content)
            noted = json.loads(comment[1]) if comment else None
    except (ValueError, AttributeError):
        return frozenset()
    return frozenset(path for path in noted if isinstance(path, str)) if isinstance(noted, list) else frozenset()


def files_comment(paths: Iterable[str]) -> str:
    """A comment for the card, which nobody sees, that records these files."""
    # Two hyphens would end the comment.
    listed = json.dumps(sorted(paths)).replace("--", "-\\u002d")
    return f"<!-- gremio:files {listed} -->"


def recorded_in_index(publication: Publication) -> bool:
    """Whether the publication's own index records its files, so that the card need not."""
    return any(recorded_files(_bytes(publication, path)) for path in INDEXES if path in publication.files)


def _bytes(publication: Publication, path: str) -> bytes:
    content = publication.files[path]
    return content if isinstance(content, bytes) else content.read_bytes()
