"""Arrays that are sound, and writing one."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.running.outputs.artifact import Artifact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_MOST_CHANNELS = 8
_FEWEST_SAMPLES = 1000
_FULL = 32767
_NO_RATE = "its sampling rate is not known, so this sound was kept as numbers"


def looks_like_sound(array: Array) -> bool:
    """Whether an array that nobody named may be sound: (samples,), (N, samples) or (N, 1 or 2, samples), and long."""
    few = array.ndim < 3 or (array.ndim == 3 and array.shape[1] <= 2)
    return array.ndim > 0 and few and array.dtype.kind in "fi" and array.shape[-1] >= _FEWEST_SAMPLES


def sounds(array: Array, rate: float) -> Iterator[Artifact]:
    """The sounds of an array, or the array itself when the rate is 0 or the layout is none of these:

    (samples,); (N, samples), N of one channel; (samples, 1 or 2), one sound; (N, channels, samples) or
    (N, samples, channels) with at most 8 channels.
    """
    layout = _by_channel(array)
    if rate <= 0 or layout is None:
        yield Artifact("array", array, note="" if rate > 0 else _NO_RATE)
        return
    for sound in layout:
        yield _sound(sound, rate)


def _by_channel(array: Array) -> Array | None:
    """The array as (N, channels, samples), or None."""
    if array.size == 0 or array.dtype.kind not in "fi":
        return None
    if array.ndim == 1:
        return array[None, None]
    if array.ndim == 2:
        return array.T[None] if array.shape[1] <= 2 < array.shape[0] else array[:, None]
    if array.ndim == 3 and min(array.shape[1:]) <= _MOST_CHANNELS:
        return array if array.shape[1] <= array.shape[2] else array.swapaxes(1, 2)
    return None


def _sound(channels: Array, rate: float) -> Artifact:
    """(channels, samples) as 16 bit. Floats are from -1 to 1; a louder sound is made quieter rather than cut."""
    import numpy as np

    if channels.dtype == np.int16:
        return Artifact("audio", channels, rate)
    if channels.dtype.kind == "i":
        channels = channels / float(np.iinfo(channels.dtype).max)
    values = np.nan_to_num(channels.astype(np.float64), posinf=1.0, neginf=-1.0)
    peak = float(np.abs(values).max())
    note = f"it peaked at {peak:.2f} and was made quieter to fit" if peak > 1 + 1e-3 else ""
    return Artifact("audio", (values / max(peak, 1.0) * _FULL).round().astype(np.int16), rate, note)


def write_wav(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A WAV of 16 bit from (channels, samples)."""
    channels = artifact.value
    with path.open("wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(channels.shape[0])
        sound.setsampwidth(2)
        sound.setframerate(artifact.rate)
        sound.writeframes(channels.T.astype("<i2").tobytes())
