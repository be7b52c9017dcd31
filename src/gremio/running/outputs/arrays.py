"""Writing one array, never as a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.placing import Writer


def write_npy(artifact: Artifact, metadata: Mapping[str, str]) -> Writer:
    """A .npy."""

    def write(path: Path) -> None:
        import numpy as np

        np.save(path, artifact.value, allow_pickle=False)

    return write


def write_npz(artifact: Artifact, metadata: Mapping[str, str]) -> Writer:
    """A compressed .npz with the array as ``array``."""

    def write(path: Path) -> None:
        import numpy as np

        np.savez_compressed(path, allow_pickle=False, array=artifact.value)

    return write
