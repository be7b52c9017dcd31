"""Where the components of one pipeline come from, and what was granted when the pipeline was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.errors import BadModelIndex
from gremio.loading.components import ComponentEntry
from gremio.loading.modular.index import ModularIndex
from gremio.loading.modular.request import ModularRequest
from gremio.loading.modules.provenance import CodeProvenance
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.sources.model import ModelHome, open_model, open_repository, reads_as_path
from gremio.sources.record import recorded_before
from gremio.trust import Grant


@dataclass(frozen=True)
class Places:
    """Remembered by a pipeline.

    ``home`` is the model at its commit, with its ``index`` if it has one; ``codes`` is the code of the blocks.
    ``named_elsewhere`` says that the caller named other code than the model's, so that True does not grant the model's.
    ``remote`` says that specs were written by somebody else, for whom a folder here is not meant.
    """

    home: ModelHome | None
    index: ModularIndex | None
    codes: tuple[CodeProvenance, ...]
    named_elsewhere: bool
    remote: bool
    grant: Grant
    mend: bool
    access: Access
    settings: Settings
    defaults: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(
        cls,
        request: ModularRequest,
        home: ModelHome | None,
        index: ModularIndex | None,
        codes: Iterable[CodeProvenance],
    ) -> Places:
        """What a call of ``from_pretrained`` said."""
        codes = tuple(codes)
        own = home is not None and any(code.repo == home.origin.repo for code in codes)
        remote = home.origin.remote if home is not None else any(code.source != "local" for code in codes)
        return cls(
            home,
            index,
            codes,
            request.code.ref is not None and not own,
            remote,
            request.code.grant,
            request.code.mend,
            request.access,
            request.settings,
            request.components,
        )

    @classmethod
    def unknown(cls) -> Places:
        """Of a pipeline that was made past ``from_pretrained``."""
        settings = Settings.from_environment()
        return cls(None, None, (), False, False, Grant(), True, Access.of(settings), settings, {})

    def entry(self, name: str, folder: str) -> ComponentEntry | None:
        """What the index says of a component in the place that it names; of another place it says nothing."""
        found = self.index.entries.get(name) if self.index is not None else None
        return found if found is not None and found.folder == folder else None

    def recorded_before(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Where the code of a component had been before it was published here."""
        return recorded_before(self.index.raw, name) if self.index is not None else ()

    def is_own(self, repo: str) -> bool:
        """Whether this is the model itself, by whichever of its names."""
        if self.home is None:
            return False
        local = self.home.origin.source == "local" and reads_as_path(repo)
        return repo == self.home.name or (local and str(Path(repo).expanduser().resolve()) == self.home.origin.repo)

    def has_own(self, name: str, folder: str) -> bool:
        """Whether a model on this machine has a component beside the index that says it is elsewhere: it is a copy."""
        home = self.home
        if home is None or home.origin.remote or not folder or self.entry(name, folder) is None:
            return False
        return any(path.startswith(f"{folder}/") for path in home.paths())

    def commit_of(self, repo: str) -> str | None:
        """The commit of a repository whose code the blocks are; it is the commit of what else lies there."""
        return next((code.commit for code in self.codes if code.source == "hub" and code.repo == repo), None)

    def granted(self, more: Grant) -> Grant:
        """What may run for components, by what was said when the pipeline was made and ``more``, said for them."""
        # Said before, True may mean other code; said now, it means the model's. The code of the blocks runs already.
        return Grant(
            more.named or (self.grant.named and not self.named_elsewhere),
            self.grant.places | more.places,
            self.grant.digests | more.digests | {code.digest for code in self.codes},
        )

    def opened(self, name: str, repo: str, revision: str | None, access: Access, *, by_caller: bool) -> ModelHome:
        """Another repository, or a folder where that can be meant.

        Raises:
            BadModelIndex: a folder of its author's machine is meant.
            RefNotFound: there is no such thing.
        """
        if by_caller or not self.remote:
            return open_model(repo, revision=revision, access=access, settings=self.settings)
        if reads_as_path(repo):
            raise BadModelIndex(
                f"{repo} is a folder of its author's machine",
                ref=self.home.name if self.home is not None else "",
                next_step=f"Say where it lies: load_components({name!r}, pretrained_model_name_or_path=…).",
            )
        return open_repository(repo, revision=revision, access=access, settings=self.settings)
