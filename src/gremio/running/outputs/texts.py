"""Writing one text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gremio.running.outputs.artifact import Artifact


def write_text(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """UTF-8, as it is, with a newline at its end."""
    text = artifact.value if artifact.value.endswith("\n") else artifact.value + "\n"
    path.write_bytes(text.encode("utf-8", "replace"))
