"""What ``gremio publish --dry-run`` shows: all of it, without the network and without running any code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gremio.machine.paths import expanded
from gremio.publishing.card.card import card
from gremio.publishing.folder import read_folder
from gremio.publishing.folder.blocks import at_repository
from gremio.publishing.publication import Publication, bytes_of
from gremio.publishing.publish import name_of
from gremio.publishing.secrets.secrets import Secret, find_secrets
from gremio.sources.model import INDEX

_SOMEBODY = "YOUR-NAME"


@dataclass(frozen=True)
class Preview:
    """A publication, its index and card as they would lie there, and the secrets that would stop it.

    The card is made from the one in the folder; one that lies on the Hub is not asked for.
    """

    repo_id: str
    publication: Publication = field(repr=False)
    index: str
    card: str
    secrets: tuple[Secret, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        publication = self.publication
        return {
            "repo_id": self.repo_id,
            "kind": publication.kind,
            "class_name": publication.class_name,
            "files": {path: publication.size(path) for path in publication.files},
            "index": self.index,
            "card": self.card,
            "digest": str(publication.tree.digest) if publication.tree else "",
            "tag": publication.tag,
            "review": publication.review.as_dict() if publication.review else None,
            "edits": [asdict(each) for each in publication.edits],
            "limits": list(publication.limits),
            "left_out": [asdict(each) for each in publication.left_out],
            "secrets": [asdict(each) for each in self.secrets],
        }


def preview(
    folder: Path,
    repo_id: str | None = None,
    *,
    class_name: str | None = None,
    include: Sequence[str] = (),
    **for_card: Any,
) -> Preview:
    """Read a folder or file as ``publish`` would, with what the author says for the card.

    Raises:
        GremioError: it could not be published; the message says why.
    """
    place = expanded(folder)
    name = repo_id or name_of(place)
    if "/" not in name:
        # Whose it will be is known to the Hub alone.
        name = f"{_SOMEBODY}/{name}"
    publication = at_repository(read_folder(place, class_name=class_name, include=include), name)
    index = bytes_of(publication.files.get(INDEX, b""))
    text = card(publication, repo_id=name, existing=publication.card, **for_card)
    return Preview(name, publication, index.decode(), text, find_secrets(publication))
