"""What the tests of loading share."""

import pytest
from tests.samples.code import PLAIN


@pytest.fixture
def plain_code(write):
    """A file with the smallest community pipeline: Stable Diffusion under another name."""
    return write(PLAIN, "plain.py")
