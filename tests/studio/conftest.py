"""One studio and one browser for the tests of a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gremio.demo.places import MODEL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TROUBLED = Path(__file__).with_name("troubled.py")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 40_000  # milliseconds: a machine that is busy with something else is no failure


@dataclass
class Studio:
    """A running ``gremio ui``: its address and its home."""

    url: str
    home: Path
    process: subprocess.Popen[str]


def started(home: Path, *options: str) -> Studio:
    """Start one and wait until its page can be asked for."""
    command = [sys.executable, "-m", "gremio", "ui", *options, "--no-browser"]
    environment = {**os.environ, "GREMIO_HOME": str(home), "PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1"}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, (line, (home / "log").read_text())
    return Studio(found[0], home, process)


def ended(studio: Studio) -> int:
    """End one as Ctrl-C does; its exit code."""
    studio.process.send_signal(signal.SIGINT)
    code = studio.process.wait(60)
    assert studio.process.stdout is not None
    studio.process.stdout.close()
    return code


@pytest.fixture(scope="session")
def bringer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model, with a pipeline of its own in it, which nobody has allowed to run."""
    folder = tmp_path_factory.mktemp("models") / "bringer"
    shutil.copytree(MODEL, folder)
    shutil.copy(TROUBLED, folder / "pipeline.py")
    index = json.loads((folder / "model_index.json").read_text())
    parts = {name: index[name] for name in ("unet", "scheduler")}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": ["pipeline", "TroubledPipeline"], **parts}))
    return folder


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, bringer: Path) -> Iterator[Studio]:
    """A studio that was started with a pipeline that has troubles, and a model that brings the same."""
    pytest.importorskip("gradio", reason="the extra ui is not installed: make browser")
    running = started(tmp_path_factory.mktemp("studio"), str(TROUBLED), "--model", str(bringer))
    yield running
    ended(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's browser; none is downloaded."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make browser")

    with api.sync_playwright() as playwright:
        # Tests run as root in containers, where the browser's own sandbox can't be made.
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A fresh visitor, who fails where anything is loaded from elsewhere or a script of the page breaks."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-US")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(_PATIENCE)
    found = context.new_page()
    foreign: list[str] = []
    broken: list[str] = []
    found.on("request", lambda asked: foreign.append(asked.url) if _is_foreign(asked.url, studio) else None)
    found.on("pageerror", lambda error: broken.append(str(error)))
    yield found
    context.close()
    assert not foreign
    assert not broken


def _is_foreign(url: str, studio: Studio) -> bool:
    return url.startswith(("http", "ws")) and not url.startswith(studio.url)
