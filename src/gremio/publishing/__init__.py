"""From code and weights in a folder to a repository that anyone can load. Never executes code, nor loads torch."""

from gremio.publishing.folder import read_folder
from gremio.publishing.preview import Preview, preview
from gremio.publishing.publication import Publication
from gremio.publishing.publish import CardFacts, Published, publish, push

__all__ = ["CardFacts", "Preview", "Publication", "Published", "preview", "publish", "push", "read_folder"]
