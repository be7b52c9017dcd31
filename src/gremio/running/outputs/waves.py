"""Writing one sound."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

from gremio.running.outputs.artifact import Artifact


def write_wav(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A WAV of 16 bit from (channels, samples)."""
    channels = artifact.value
    with path.open("wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(channels.shape[0])
        sound.setsampwidth(2)
        sound.setframerate(artifact.rate)
        sound.writeframes(channels.T.astype("<i2").tobytes())
