"""A pipeline that tells who answered, as slowly as it is asked to."""

import os
import random
import time

import numpy as np
import torch
from diffusers import DiffusionPipeline


class Echo(DiffusionPipeline):
    """Gives back what it gets."""

    def __init__(self, scheduler):
        super().__init__()
        self.register_modules(scheduler=scheduler)

    def __call__(self, value=None, seconds=0.0, generator=None):
        """With the number of its process, a number from the generator and one from torch's own randomness."""
        for _ in self.progress_bar(range(1)):
            time.sleep(seconds)
        noise = torch.randn(3, generator=generator)
        own = [*torch.randn(3).tolist(), *np.random.rand(2), random.random()]
        return {"value": value, "worker": os.getpid(), "noise": noise, "own": own}
