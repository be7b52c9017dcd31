"""What an earlier publish recorded as its own files: in the model's index or, where there is none, in the card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from gremio.publishing.publication import Publication, bytes_of
from gremio.sources.model import INDEX, MODULAR_INDEX
from gremio.sources.record import RECORD

INDEXES = (INDEX, MODULAR_INDEX)
_COMMENT = re.compile(r"<!-- gremio:files (\[.*?\]) -->", re.DOTALL)


def recorded_files(content: bytes | str | None) -> frozenset[str]:
    """The paths that an index (its bytes) or a card (its text) has recorded; empty where it has none."""
    if content is None:
        return frozenset()
    try:
        if isinstance(content, bytes):
            noted = json.loads(content).get(RECORD, {}).get("files")
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
    return any(recorded_files(bytes_of(publication.files[path])) for path in INDEXES if path in publication.files)
