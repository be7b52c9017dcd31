"""A repository on the Hub that holds a pipeline's code."""

from __future__ import annotations

from gremio.code import CodeTree, PipelineRef
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.model import HubModel, code_of
from gremio.sources.repository import Repository


class HubSource:
    """``owner/repo``: its ``pipeline.py``, or the module that its model index names, or the file the ref names."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self._settings = settings
        self._access = access

    def fetch(self, ref: PipelineRef, revision: str | None) -> CodeTree:
        """All Python files of the repository at one commit."""
        repository = Repository(ref.name, settings=self._settings, access=self._access)
        return code_of(HubModel(repository, repository.listing(revision)), ref.path, ref=ref.text)
