"""What the tests of loading share."""

import pytest

PLAIN = """
from diffusers import StableDiffusionPipeline

class Plain(StableDiffusionPipeline):
    pass
"""


@pytest.fixture
def plain_code(tmp_path):
    """A file with the smallest community pipeline: Stable Diffusion under another name."""
    file = tmp_path / "code" / "plain.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(PLAIN)
    return file
