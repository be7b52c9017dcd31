"""A running Hub, and the real client to talk to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, close_session, constants
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from gremio.localhub import LocalHub

OPTIONS: dict[str, Any] = {
    "users": {"maria": "hf_maria", "ana": "hf_ana", "luis": "hf_luis"},
    "orgs": {"guild": ["ana"]},
    "default_writes_anywhere": False,
}


@pytest.fixture(scope="session")
def session() -> Iterator[None]:
    """The client's pool of connections, closed at the end: making one costs more than most tests."""
    yield
    close_session()


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch, session: None) -> Iterator[None]:
    """A client that is online, quiet, and has no token of its own."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "")
    noisy = not are_progress_bars_disabled()
    disable_progress_bars()
    yield
    if noisy:
        enable_progress_bars()


@pytest.fixture
def start(tmp_path: Path, client: None) -> Iterator[Callable[..., LocalHub]]:
    """Start a Hub in the test's folder, with options; every one is stopped at the end."""
    with ExitStack() as running:

        def start_hub(**options: Any) -> LocalHub:
            return running.enter_context(LocalHub(tmp_path / "hub", **(OPTIONS | options)))

        yield start_hub


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory: pytest.TempPathFactory, session: None) -> Iterator[tuple[LocalHub, Path]]:
    """One Hub for all tests that need nothing special, and its folder."""
    folder = tmp_path_factory.mktemp("shared") / "hub"
    with LocalHub(folder, **OPTIONS) as running:
        yield running, folder


@pytest.fixture
def hub(shared_hub: tuple[LocalHub, Path], client: None) -> Iterator[LocalHub]:
    """A Hub with maria, ana (of the guild) and luis, and no repositories."""
    running, folder = shared_hub
    running.requests.clear()
    yield running
    if (folder / "repos").exists():
        (folder / "repos").rename(folder / f"repos-{time.monotonic_ns()}")


@pytest.fixture
def api(hub: LocalHub) -> HfApi:
    """Maria's client."""
    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def ana(hub: LocalHub) -> HfApi:
    """Ana's client."""
    return HfApi(endpoint=hub.endpoint, token=hub.token_of("ana"))


@pytest.fixture
def stranger(hub: LocalHub) -> HfApi:
    """A client without a token."""
    return HfApi(endpoint=hub.endpoint, token=False)


@pytest.fixture
def castle(api: HfApi) -> str:
    """A model repository of maria's with a few files."""
    api.create_repo("maria/castle")
    operations = [
        CommitOperationAdd("pipeline.py", b"x = 1\n"),
        CommitOperationAdd("unet/config.json", b"{}"),
        CommitOperationAdd("unet/w.safetensors", b"w" * 3000),
    ]
    api.create_commit("maria/castle", operations, commit_message="Build")
    return "maria/castle"
