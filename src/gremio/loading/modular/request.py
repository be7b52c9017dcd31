"""One call of ``ModularPipeline.from_pretrained``, its arguments parsed, but for those about numbers and machines."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.errors import OptionError
from gremio.loading.pipelines.request import CodeChoice, model_of
from gremio.machine.settings import Settings
from gremio.sources import Access

_OF_DIFFUSERS = ("components_manager", "collection", "workflow")
# What may be said once for all components; load_components takes these and more.
_OF_COMPONENTS = ("dtype", "torch_dtype", "variant", "use_safetensors", "device_map")


@dataclass(frozen=True)
class ModularRequest:
    """``blocks`` are those that the caller has in hand; ``code`` may name others; ``components`` is for their loading.

    ``rest`` is what diffusers' constructor takes as it is. ``model`` is None where blocks need none.
    """

    model: str | Path | None
    revision: str | None
    code: CodeChoice
    blocks: Any
    access: Access
    settings: Settings
    components: dict[str, Any] = field(repr=False)
    rest: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, model: str | os.PathLike[str] | None, arguments: dict[str, Any]) -> ModularRequest:
        """Read the arguments of one call.

        Raises:
            RefError, OptionError: one of them can't work, said before anything is fetched.
            TypeError: there is no such argument.
        """
        given = dict(arguments)
        settings = Settings.from_environment()
        access = Access.take(given, settings)
        blocks = None if isinstance(given.get("blocks"), str | os.PathLike) else given.pop("blocks", None)
        code = CodeChoice.take(given, "blocks")
        revision = given.pop("revision", None)
        components = {name: given.pop(name) for name in _OF_COMPONENTS if name in given}
        rest = {name: given.pop(name) for name in _OF_DIFFUSERS if name in given}
        _refuse(given)
        place = model_of(model) if model is not None else None
        return cls(place, revision, code, blocks, access, settings, components, rest)


def _refuse(unknown: dict[str, Any]) -> None:
    if "custom_pipeline" in unknown:
        raise OptionError(
            "custom_pipeline names a pipeline, and a modular pipeline is made of blocks",
            ref=str(unknown["custom_pipeline"]),
            next_step="Pass blocks= for code with blocks, or call DiffusionPipeline.from_pretrained for a pipeline.",
        )
    if unknown:
        raise TypeError(
            f"ModularPipeline.from_pretrained() got unexpected arguments: {', '.join(sorted(unknown))}; components are"
            " put in with update_components(), and load_components() takes arguments for loading them"
        )
