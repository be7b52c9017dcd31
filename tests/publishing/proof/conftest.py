"""Code that is loaded as a component, as blocks and alone."""

from __future__ import annotations

MODEL = '''
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from .layers import WIDTH

class Gate(ModelMixin, ConfigMixin):
    """A linear layer."""

    @register_to_config
    def __init__(self, width: int = WIDTH):
        super().__init__()
        self.layer = torch.nn.Linear(width, width)

    def forward(self, sample):
        return self.layer(sample)
'''
SCHEDULER = '''
from diffusers import DDIMScheduler
from diffusers.configuration_utils import register_to_config

class Slow(DDIMScheduler):
    """DDIM with a setting of its own."""

    @register_to_config
    def __init__(self, num_train_timesteps: int = 1000, patience: float = 1.0):
        super().__init__(num_train_timesteps)
'''
BLOCKS = '''
from diffusers.modular_pipelines import InputParam, ModularPipelineBlocks, OutputParam

class Shout(ModularPipelineBlocks):
    """Makes a prompt loud."""

    @property
    def inputs(self):
        return [InputParam("prompt")]

    @property
    def intermediate_outputs(self):
        return [OutputParam("loud")]
'''
