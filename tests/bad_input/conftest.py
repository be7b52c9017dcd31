"""What bad input is tried on."""

import pytest

PLAIN = """
from diffusers import StableDiffusionPipeline

class Plain(StableDiffusionPipeline):
    pass
"""


@pytest.fixture
def write(tmp_path):
    """Write a file into the folder ``code`` and return its path."""

    def write(text, name="pipeline.py"):
        file = tmp_path / "code" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def leftovers(home, tmp_path):
    """Half-written files: what is temporary, by name, in our store and in the Hub's cache."""

    def leftovers():
        places = (home, tmp_path / "hub-cache")
        return [
            p for place in places for p in place.rglob("*") if p.name.startswith(".new-") or p.suffix == ".incomplete"
        ]

    return leftovers
