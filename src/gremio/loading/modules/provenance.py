"""Which code and which weights an object is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gremio.code import Digest, Origin
from gremio.code.mends import Repair
from gremio.code.review import Relocation
from gremio.loading.modules.loading import LoadedCode


@dataclass(frozen=True)
class CodeProvenance:
    """The code of one class: the ref as written, its place, commit and digest, and why it was allowed to run.

    ``before`` is where it had been before it was published in that place, as the index there says, the nearest first.
    """

    ref: str
    source: str
    repo: str
    commit: str
    revision: str
    entry: str
    class_name: str
    digest: Digest
    reason: str
    relocations: tuple[Relocation, ...] = ()
    mends: tuple[Repair, ...] = ()
    before: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(
        cls, loaded: LoadedCode, *, ref: str, entry: str, before: tuple[Mapping[str, Any], ...] = ()
    ) -> CodeProvenance:
        """Read off what was loaded."""
        origin = loaded.code.tree.origin
        return cls(
            ref=ref,
            source=origin.source,
            repo=origin.repo,
            commit=origin.commit,
            revision=origin.revision,
            entry=entry,
            class_name=loaded.cls.__name__,
            digest=loaded.code.digest,
            reason=loaded.code.reason,
            relocations=loaded.relocations,
            mends=loaded.mends,
            before=before,
        )


@dataclass(frozen=True)
class Provenance:
    """Of a whole pipeline; what is None or missing is diffusers' own.

    ``model`` is the repository or folder of the weights, ``model_commit`` its commit on the Hub; ``pipeline`` the
    community class, or that of a modular pipeline's blocks; ``components`` the custom classes by component name;
    ``mends`` what was repaired in how they were joined, beside what was repaired in the code of each; ``lock`` the
    digest of the lock entry that it was loaded from.

    Modular pipelines alone have ``blocks``, what was put in among their blocks, by its name there, and ``weights``,
    where the files of each component came from, for they may come from many places.
    """

    model: str
    model_commit: str = ""
    pipeline: CodeProvenance | None = None
    components: Mapping[str, CodeProvenance] = field(default_factory=dict)
    mends: tuple[Repair, ...] = ()
    blocks: Mapping[str, CodeProvenance] = field(default_factory=dict)
    weights: Mapping[str, Origin] = field(default_factory=dict)
    lock: str = ""

    @property
    def digest(self) -> Digest | None:
        """Of the pipeline's code."""
        return self.pipeline.digest if self.pipeline else None

    @property
    def commit(self) -> str:
        """Of the pipeline's code."""
        return self.pipeline.commit if self.pipeline else ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = asdict(self)
        for code in [found["pipeline"], *found["components"].values(), *found["blocks"].values()]:
            if code:
                code["digest"] = f"sha256:{code['digest']['hex']}"
        return found


def note(pipeline: object, provenance: Provenance) -> None:
    """Leave the provenance on the pipeline, as ``pipe.gremio``."""
    # Past the pipeline's own __setattr__, which is there for components and settings.
    object.__setattr__(pipeline, "gremio", provenance)


def of(pipeline: object) -> Provenance | None:
    """The provenance of a pipeline that Gremio made."""
    found = getattr(pipeline, "gremio", None)
    return found if isinstance(found, Provenance) else None
