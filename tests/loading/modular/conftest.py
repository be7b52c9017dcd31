"""A repository with everything, and a model without code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.samples.modular import CODE_OF_BLOCKS, INDEX, modular_index, net


@pytest.fixture
def castle(put: Callable[..., str]) -> str:
    """The commit of maria/castle, which has blocks, an index, and in its folder a net that triples."""
    return put("maria/castle", {**CODE_OF_BLOCKS, INDEX: modular_index("maria/castle"), **net(weight=3, folder="net")})


@pytest.fixture(scope="session")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion 3, for which diffusers has blocks; look, don't write."""
    from tests.samples import tiny_sd3

    return tiny_sd3(tmp_path_factory.mktemp("models") / "sd3")
