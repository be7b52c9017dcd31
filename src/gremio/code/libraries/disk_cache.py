"""What was read in installed libraries, remembered between processes.

One small file per answer under ``index`` in Gremio's home. Each carries a stamp of what it was read from and counts for
nothing once the stamp differs.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from gremio.errors import StoreError
from gremio.machine.settings import Settings
from gremio.machine.writing import write_file


def recall(name: str, stamp: str) -> Any:
    """What was kept under that name and stamp; None when there is nothing."""
    try:
        held = json.loads(_path(name).read_bytes())
        return held["value"] if held["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(name: str, stamp: str, value: Any) -> None:
    """Keep plain data. Where nothing can be written the same is read again next time, nothing else."""
    with suppress(StoreError):
        write_file(_path(name), json.dumps({"stamp": stamp, "value": value}).encode())


def _path(name: str) -> Path:
    return Settings.from_environment().home / "index" / f"{name}.json"
