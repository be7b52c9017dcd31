"""Arrays in the layouts that pipelines return, made into pictures and films.

An axis of colour has 3 entries, or 1 for grey; 4 are colour and alpha only as the last axis of bytes or of values from
0 to 1, for anywhere else four channels are latents.

    2 axes  (H, W)                                            one grey picture
    3 axes  (H, W, C) or (C, H, W)                            one picture
            (N, H, W)                                         N grey pictures
    4 axes  (N, H, W, C) or (N, C, H, W)                      N pictures, or one film of N frames
    5 axes  (N, F, H, W, C) or (N, F, C, H, W) or (N, C, F, H, W)   N films of F frames, tried in this order

Values: bool; integers from 0 to 255; floats from 0 to 1; floats from -1 to 1 when some are below 0. NaN is black.
Decoders overshoot, so three colours are clipped up to half a unit beyond, and go from -1 only with values below -0.1.
Without a colour axis values must be bool, uint8 or floats from 0 to 1. Anything else is not recognisably a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Bytes = NDArray[np.uint8]

_ROUNDING = 1e-3
_OVERSHOOT = 0.5
_UNDERSHOOT = 0.1


def as_clips(array: Array) -> Bytes | None:
    """The array as (N, F, H, W, C) bytes with C of 1, 3 or 4, or None when it is not recognisably pictures.

    What has no axis of frames comes back with F = 1.
    """
    if array.size == 0:
        return None
    moved = _move_axes(array)
    return None if moved is None else _as_bytes(moved, grey_only=array.ndim == 2 or _has_no_channels(array))


def _has_no_channels(array: Array) -> bool:
    return array.ndim == 3 and array.shape[-1] not in (1, 3, 4) and array.shape[0] not in (1, 3)


def _move_axes(array: Array) -> Array | None:
    shape = array.shape
    if array.ndim == 2:
        return array[None, None, :, :, None]
    if array.ndim not in (3, 4, 5):
        return None
    if shape[-1] in (1, 3) or (shape[-1] == 4 and _may_have_alpha(array)):
        return _expand(array)
    if shape[-3] in (1, 3):
        return _expand(_channels_last(array, -3))
    if array.ndim == 5 and shape[1] in (1, 3):
        return _channels_last(array, 1)
    return array[:, None, :, :, None] if array.ndim == 3 else None


def _channels_last(array: Array, axis: int) -> Array:
    import numpy as np

    return np.moveaxis(array, axis, -1)


def _expand(array: Array) -> Array:
    """(H, W, C), (N, H, W, C) or (N, F, H, W, C) to five axes."""
    if array.ndim == 3:
        return array[None, None]
    return array[:, None] if array.ndim == 4 else array


def _may_have_alpha(array: Array) -> bool:
    if array.dtype.kind == "f":
        return float(array.min()) >= -_ROUNDING and float(array.max()) <= 1 + _ROUNDING
    return array.dtype.kind in "ui"


def _as_bytes(array: Array, *, grey_only: bool) -> Bytes | None:
    import numpy as np

    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "ui":
        is_byte = array.dtype == np.uint8 or (not grey_only and array.min() >= 0 and array.max() <= 255)
        return array.astype(np.uint8) if is_byte else None
    if array.dtype.kind != "f" or np.isinf(array).any():
        return None
    # float32 is plenty for bytes and keeps a film of doubles or halves from costing more than it should.
    values = np.nan_to_num(array.astype(np.float32, copy=False))
    return _floats_as_bytes(values, least=0.0 if grey_only else -1.0)


def _floats_as_bytes(values: Array, *, least: float) -> Bytes | None:
    import numpy as np

    low, high = float(values.min()), float(values.max())
    beyond, below = (_OVERSHOOT, _UNDERSHOOT) if values.shape[-1] == 3 else (_ROUNDING, _ROUNDING)
    if low < least - beyond or high > 1 + beyond:
        return None
    if low < -below:
        values = values / 2 + 0.5
    return (values.clip(0, 1) * 255).round().astype(np.uint8)


def has_nan(array: Array) -> bool:
    """Whether some values are no numbers, as half precision leaves them when it overflows."""
    import numpy as np

    return array.dtype.kind == "f" and bool(np.isnan(array).any())
