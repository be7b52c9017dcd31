"""Telling values of torch, numpy and PIL apart without importing what nobody imported."""

from __future__ import annotations

import sys
from typing import Any


def is_picture(value: object) -> bool:
    """Whether this is a PIL image."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)


def is_array(value: object) -> bool:
    """Whether this is a torch tensor, a numpy array or scalar, or another library's array (by numpy's protocol)."""
    return not is_picture(value) and hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype")


def to_numpy(value: Any) -> Any:
    """The array in numpy, brought to the CPU; floats that numpy lacks, such as bfloat16, become float32."""
    import numpy as np

    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return np.asarray(value)
    tensor = value.detach().cpu().resolve_conj().resolve_neg()
    has_twin = tensor.dtype in (torch.float16, torch.float32, torch.float64) or not tensor.is_floating_point()
    return (tensor if has_twin else tensor.float()).numpy()
