"""Small JSON documents by kind and key."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from gremio.machine.writing import store_errors, write_file


class Records:
    """One file per record under ``home/records/<kind>``; the key is kept inside, its hash is the file's name."""

    def __init__(self, home: Path) -> None:
        self._root = home / "records"

    def _path(self, kind: str, key: str) -> Path:
        return self._root / kind / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record, or None when there is none or it can't be read as one."""
        path = self._path(kind, key)
        with store_errors(path):
            document = _document(path)
        return document["value"] if document and document.get("key") == key else None

    def put(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Write or replace the record.

        Raises:
            StoreError: it can't be written.
        """
        document = json.dumps({"key": key, "value": value}, ensure_ascii=False, indent=1)
        write_file(self._path(kind, key), document.encode())

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every record of a kind that can be read, in no order that means anything."""
        folder = self._root / kind
        with store_errors(folder):
            documents = [_document(path) for path in sorted(folder.glob("*.json"))]
        return [document["value"] for document in documents if document]

    def remove(self, kind: str, key: str) -> None:
        """Forget a record, if there is one."""
        path = self._path(kind, key)
        with store_errors(path):
            path.unlink(missing_ok=True)


def _document(path: Path) -> dict[str, Any] | None:
    """A record's file; None where there is none, or it can't be read as one."""
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    whole = isinstance(document, dict) and isinstance(document.get("value"), dict)
    return document if whole else None
