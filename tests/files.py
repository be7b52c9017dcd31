"""Files that a test needs, written into a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def lay(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files by their paths in ``folder``, which is returned; what is neither text nor bytes becomes JSON."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
