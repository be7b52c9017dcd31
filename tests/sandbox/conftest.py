"""A model that costs nothing to load, in sandboxes that are closed afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremio.sandbox.confinement.tiers import layers

HERE = Path(__file__).parent

if not all(layers().values()):
    collect_ignore_glob = ["test_attacks.py", "test_sandbox.py", "test_abuse.py"]


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """A model that is a scheduler alone."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "model_index.json").write_text('{"_class_name": "Attack", "scheduler": ["diffusers", "DDIMScheduler"]}')
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "DDIMScheduler"}')
    return folder


@pytest.fixture
def sandbox(small, zygote):
    """``sandbox("attack_pipeline.py", …)``: the small model in a class of one of the files here; closed afterwards."""
    from gremio import Sandbox

    made = []

    def make(file="attack_pipeline.py", **arguments):
        made.append(Sandbox.from_pretrained(small, custom_pipeline=HERE / file, **arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()
