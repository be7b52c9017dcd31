"""What made a picture, as it is written into it: enough to draw it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gremio.version import __version__


def making(made: Any, said: Mapping[str, object], *, ref: str, class_name: str) -> dict[str, str]:
    """The metadata of a picture.

    Args:
        made: the provenance of the pipeline, ``pipe.gremio``.
        said: what was asked for, such as ``prompt`` and ``seed``; what is empty is left out.
        ref: what the person named the pipeline.
        class_name: of the pipeline.
    """
    found: dict[str, object] = {
        **said,
        "pipeline": ref,
        "class": class_name,
        "model": made.model,
        "model-commit": made.model_commit,
        "lock": made.lock,
        "gremio": __version__,
    }
    for name, origin in made.weights.items():
        if origin.repo != made.model:
            found |= {f"{name}-model": origin.repo, f"{name}-model-commit": origin.commit}
    codes = {"code": made.pipeline, **{f"{name}-code": code for name, code in (made.components | made.blocks).items()}}
    for name, code in codes.items():
        if code is not None:
            found |= {f"{name}-digest": code.digest, f"{name}-commit": code.commit, f"{name}-source": code.repo}
    return {f"gremio:{key}": str(value) for key, value in found.items() if value not in (None, "")}
