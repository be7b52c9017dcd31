"""A model that costs nothing to load, and one process that workers are forked from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremio.sandbox.confinement.tiers import layers

HERE = Path(__file__).parent

if not all(layers().values()):
    collect_ignore_glob = ["test_attacks.py", "test_sandbox.py", "test_abuse.py"]


@pytest.fixture(scope="session", autouse=True)
def _zygote():
    """Ended with the session."""
    yield
    from gremio.sandbox.forks import forks

    forks.stop()


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """A model that is a scheduler alone."""
    from diffusers import DDIMScheduler

    folder = tmp_path_factory.mktemp("small")
    (folder / "model_index.json").write_text('{"_class_name": "Attack", "scheduler": ["diffusers", "DDIMScheduler"]}')
    DDIMScheduler().save_pretrained(folder / "scheduler")
    return folder


@pytest.fixture
def sandbox(small):
    """``sandbox("attack_pipeline.py", …)``: the small model in a class of one of the files here; closed afterwards."""
    from gremio import Sandbox

    made = []

    def make(file="attack_pipeline.py", **arguments):
        made.append(Sandbox.from_pretrained(small, custom_pipeline=HERE / file, **arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()
