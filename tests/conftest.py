"""What every test stands on: a home of its own, loopback only, one local Hub a session."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# huggingface_hub reads these once, when it is first imported, so they are set before any test module is.
_SESSION = Path(tempfile.mkdtemp(prefix="gremio-tests-"))
os.environ["HF_HOME"] = str(_SESSION / "hf")
os.environ["HOME"] = str(_SESSION / "home")
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["DIFFUSERS_VERBOSITY"] = "error"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
for _name in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "GREMIO_POLICY", "DIFFUSERS_DISABLE_REMOTE_CODE"):
    os.environ.pop(_name, None)
(_SESSION / "home").mkdir()

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if host and not (host == "localhost" or host.startswith("127.") or host == "::1"):
        raise AssertionError(f"a test tried to reach {host}: tests use loopback only")
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _loopback_only  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gremio's state and the Hub's cache, fresh for each test."""
    monkeypatch.setenv("GREMIO_HOME", str(tmp_path / "gremio-home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    return tmp_path / "gremio-home"


@pytest.fixture(scope="session", autouse=True)
def _clean_session() -> Iterator[None]:
    """Remove the session's folders at the end."""
    import shutil

    yield
    shutil.rmtree(_SESSION, ignore_errors=True)
