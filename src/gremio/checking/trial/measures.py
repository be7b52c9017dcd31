"""How large a picture and how long a film a pipeline can make, as small as its components allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

_DENOISERS = ("unet", "transformer", "decoder", "prior")
_LEAST = 64  # below this, UNets with four levels run out of pixels


@dataclass(frozen=True)
class Measures:
    """``side`` in pixels; ``frames`` of a film; ``native`` is the side when the pipeline isn't told one."""

    side: int
    frames: int
    native: int
    steps: int = 2

    @classmethod
    def of(cls, pipeline: Any) -> Measures:
        """Read off the components' configs."""
        scale = _spatial_scale(pipeline)
        unit = math.lcm(scale * _patch(pipeline), 8)
        native = _native(pipeline, scale)
        side = math.ceil(_LEAST / unit) * unit
        return cls(side, _frames(pipeline), native or side)


def parts(pipeline: Any) -> dict[str, Any]:
    """The components that a pipeline has; its own ``components`` refuses where a subclass takes fewer."""
    names = [name for name in getattr(pipeline, "config", {}) if not name.startswith("_")]
    return {name: part for name in names if (part := vars(pipeline).get(name)) is not None}


def _config(thing: Any) -> dict[str, Any]:
    config: Any = getattr(thing, "config", None)
    return dict(config) if hasattr(config, "keys") else dict(getattr(config, "__dict__", {}))


def _spatial_scale(pipeline: Any) -> int:
    for name in ("vae_scale_factor", "vae_scale_factor_spatial", "vae_spatial_compression_ratio"):
        found = getattr(pipeline, name, None)
        if isinstance(found, int) and found > 0:
            return found
    blocks = _config(getattr(pipeline, "vae", None)).get("block_out_channels")
    return 2 ** (len(blocks) - 1) if blocks else 1


def _patch(pipeline: Any) -> int:
    sizes = _config(getattr(pipeline, "transformer", None)).get("patch_size", 1)
    if isinstance(sizes, (list, tuple)):
        sizes = max((each for each in sizes if isinstance(each, int)), default=1)
    # Flux packs two by two latents without calling it a patch.
    return max(2, sizes) if getattr(pipeline, "transformer", None) is not None and isinstance(sizes, int) else 1


def _native(pipeline: Any, scale: int) -> int:
    for name in _DENOISERS:
        size = _config(getattr(pipeline, name, None)).get("sample_size")
        if isinstance(size, (list, tuple)) and size:
            size = size[-1]
        if isinstance(size, int) and size > 0:
            return size * scale
    return 0


def _frames(pipeline: Any) -> int:
    """One more than what the VAE makes one latent frame of: the shortest film that is no still."""
    for name in ("vae_scale_factor_temporal", "vae_temporal_compression_ratio", "vae_temporal_scale_factor"):
        found = getattr(pipeline, name, None)
        if isinstance(found, int) and found > 0:
            return found + 1
    return 4
