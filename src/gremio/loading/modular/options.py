"""The arguments of ``load_components``: for all components, or by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from gremio.loading.modular.places import Places
from gremio.loading.pipelines.options import for_component, take_dtype
from gremio.sources import Access
from gremio.sources.access import ARGUMENTS
from gremio.trust import Grant

PLACE = ("pretrained_model_name_or_path", "subfolder", "variant", "revision")
"""What a spec says of where a component lies, and the call may say otherwise."""


@dataclass(frozen=True)
class LoadOptions:
    """``place`` overrides specs; ``dtype``, ``use_safetensors`` and ``rest`` are for the loading of each component."""

    access: Access
    granted: Grant
    dtype: Any
    use_safetensors: Any
    place: Mapping[str, Any]
    rest: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, arguments: Mapping[str, Any], places: Places) -> LoadOptions:
        """Read the arguments of one call; what it leaves out is as it was when the pipeline was made.

        Raises:
            OptionError: one of them can't work.
        """
        given, usual, access = dict(arguments), dict(places.defaults), places.access
        dtype, usual_dtype = take_dtype(given), take_dtype(usual)
        given = usual | given
        if given.keys() & set(ARGUMENTS):
            access = Access.take({name: getattr(access, name) for name in ARGUMENTS} | given, places.settings)
            given = {name: value for name, value in given.items() if name not in ARGUMENTS}
        return cls(
            access,
            Grant.parse(given.pop("trust_remote_code", None)),
            usual_dtype if dtype is None else dtype,
            given.pop("use_safetensors", None),
            {key: given.pop(key) for key in PLACE if key in given},
            given,
        )

    def of(self, name: str, value: Any) -> Any:
        """A value for one component, as diffusers reads it: a dict has values by name, or under ``default``."""
        return for_component(value, name)

    def placed(self, name: str, spec: Any) -> tuple[Any, bool]:
        """The spec with what the call says of its place, and whether it names the repository."""
        told = {key: value for key in self.place if (value := self.of(name, self.place[key])) is not None}
        return (replace(spec, **told) if told else spec), "pretrained_model_name_or_path" in told

    def arguments(self, name: str) -> dict[str, Any]:
        """What the component's own ``from_pretrained`` gets as it is."""
        found = {key: self.of(name, value) for key, value in self.rest.items()}
        return {key: value for key, value in found.items() if value is not None}

    def dtype_of(self, name: str) -> torch.dtype | None:
        """The dtype of one component."""
        found: torch.dtype | None = self.of(name, self.dtype)
        return found
