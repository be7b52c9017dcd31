"""Modular blocks with a helper, a component with a helper, and what a model says of both; it multiplies numbers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.files import lay

BLOCKS = """
from diffusers import AutoModel, ModularPipelineBlocks
from diffusers.modular_pipelines import ComponentSpec, InputParam, OutputParam

from .arithmetic import added


class AddBlock(ModularPipelineBlocks):
    model_name = "adding"

    @property
    def description(self):
        return "Sends a number through a net and adds one."

    @property
    def expected_components(self):
        return [ComponentSpec("net", AutoModel)]

    @property
    def inputs(self):
        return [InputParam("number", type_hint=float, required=True)]

    @property
    def intermediate_outputs(self):
        return [OutputParam("number", type_hint=float)]

    def __call__(self, components, state):
        block_state = self.get_block_state(state)
        block_state.number = added(components.net(block_state.number))
        self.set_block_state(state, block_state)
        return components, state
"""
HELPER = "def added(number):\n    return number + 1\n"
NET = """
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

from .factor import FACTOR


class LittleNet(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, width: int = 1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, number):
        return float(self.weight.sum()) * FACTOR * number
"""
INDEX = "modular_model_index.json"
CODE_OF_BLOCKS = {
    "add_block.py": BLOCKS,
    "arithmetic.py": HELPER,
    "modular_config.json": json.dumps(
        {"_class_name": "AddBlock", "auto_map": {"ModularPipelineBlocks": "add_block.AddBlock"}}
    ),
}


def net(*, weight: float = 1, factor: int = 10, folder: str = "") -> dict[str, bytes]:
    """The files of a component with code, which multiplies by both."""
    from safetensors.torch import save
    from torch import full

    config = {"_class_name": "LittleNet", "width": 1, "auto_map": {"AutoModel": "little_net.LittleNet"}}
    files = {
        "little_net.py": NET.encode(),
        "factor.py": f"FACTOR = {factor}\n".encode(),
        "config.json": json.dumps(config).encode(),
        "diffusion_pytorch_model.safetensors": save({"weight": full((1,), weight)}, {"format": "pt"}),
    }
    return {f"{folder}/{path}" if folder else path: data for path, data in files.items()}


def modular_index(repo: str, *, folder: str = "net", **more: object) -> str:
    """An index of the blocks above whose net lies in a folder of a repository."""
    spec = {"pretrained_model_name_or_path": repo, "subfolder": folder, "variant": None, "revision": None}
    entry = [None, None, {"type_hint": ["diffusers", "AutoModel"], **spec, **more}]
    return json.dumps({"_class_name": "ModularPipeline", "_blocks_class_name": "AddBlock", "net": entry})


def written(files: dict[str, bytes | str], folder: Path) -> Path:
    """The files in a folder."""
    return lay(folder, files)
