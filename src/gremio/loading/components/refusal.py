"""What a model's files may not hold, refused before any of them is loaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gremio.errors import UnsafeModel
from gremio.sources.model import INDEX, ModelHome
from gremio.trust.findings import Finding, high
from gremio.trust.model_files import findings_of_model


def refuse_unsafe(home: ModelHome, paths: Sequence[str], components: Collection[str]) -> None:
    """Read the configs and shard indexes that loading these components would read, and where their links lead.

    What belongs to other components does not count: one that the caller brings is not loaded. ``model_index.json`` is
    checked where it is parsed.

    Raises:
        UnsafeModel: a file reaches out of the model, or could never be loaded.
    """
    flat = any(not any(path.startswith(f"{name}/") for path in paths) for name in components)
    ours = [path for path in paths if path != INDEX and ("/" in path or flat)]
    if refused := high(findings_of_model(home, ours, folders=components)):
        raise _refusal(refused, home.name)


def _refusal(findings: Sequence[Finding], ref: str) -> UnsafeModel:
    first = findings[0]
    folder = first.file.rpartition("/")[0]
    way = f", or load that component yourself and pass {folder}=…" if folder.isidentifier() else ""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return UnsafeModel(
        f"{first.file} {first.what}{more}. {first.why}",
        findings=findings,
        ref=ref,
        next_step=f"Ask its author, or correct your copy{way}.",
    )
