"""The environment of somebody who has never loaded the publication and has none of its author's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gremio.machine.settings import Settings

# What would point back to the author's caches, settings of interpreters, or an offline mode. HF_TOKEN is set anew.
_LEFT_OUT = frozenset(
    {"HF_ASSETS_CACHE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_XET_CACHE"}
    | {"HUGGINGFACE_HUB_CACHE", "HUGGING_FACE_HUB_TOKEN", "PYTORCH_TRANSFORMERS_CACHE", "TRANSFORMERS_CACHE"}
    | {"DIFFUSERS_OFFLINE", "TRANSFORMERS_OFFLINE"}
    | {"PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS"}
)


def clean_environment(
    folder: Path, settings: Settings, token: str | None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """This process's environment, with every cache below ``folder`` and no code of the author's on the path."""
    env = os.environ if environ is None else environ
    found = {name: value for name, value in env.items() if name not in _LEFT_OUT}
    found |= {
        "HF_ENDPOINT": settings.endpoint,
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_CACHE": str(folder / "hf" / "hub"),
        "HF_MODULES_CACHE": str(folder / "hf" / "modules"),
        "GREMIO_HOME": str(folder / "gremio"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": os.pathsep.join(_library_paths(env.get("PYTHONPATH", ""))),
    }
    if token:
        found["HF_TOKEN"] = token
    return found


def _library_paths(given: str) -> list[str]:
    """Where installed libraries lie, and Gremio itself. A folder of loose modules may be where the author works."""
    places = [Path(each).absolute() for each in given.split(os.pathsep) if each]
    installed = [str(place) for place in places if next(place.glob("*.dist-info"), None)]
    return [*installed, str(Path(__file__).parents[2])]
