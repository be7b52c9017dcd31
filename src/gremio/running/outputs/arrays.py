"""Writing one array, never as a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gremio.running.outputs.artifact import Artifact


def write_npy(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A .npy."""
    import numpy as np

    np.save(path, artifact.value, allow_pickle=False)


def write_npz(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A compressed .npz with the array as ``array``."""
    import numpy as np

    np.savez_compressed(path, allow_pickle=False, array=artifact.value)
