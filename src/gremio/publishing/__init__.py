"""From code and weights in a folder to a repository that anyone can load. Never executes code, nor loads torch."""

from gremio.publishing.folder import read_folder
from gremio.publishing.one_step import CardFacts, Published, publish, push
from gremio.publishing.previewing import Preview, preview
from gremio.publishing.publication import Publication

__all__ = ["CardFacts", "Preview", "Publication", "Published", "preview", "publish", "push", "read_folder"]
