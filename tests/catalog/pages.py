"""A community folder with a page, made up."""

PAINTER = '''# Copyright 2025 Maria Castaño and The HuggingFace Team. All rights reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
import no_such_package
from diffusers import StableDiffusionXLPipeline


class CastlePainterPipeline(StableDiffusionXLPipeline):
    """Paints castles."""

    def __call__(self, prompt, num_inference_steps: int = 20, strength: float = 0.5, generator=None, mask_image=None):
        return prompt
'''
OLDER = PAINTER.replace("strength", "force")
WALKER = '''"""Walks."""
from diffusers import DiffusionPipeline

EXAMPLE_DOC_STRING = """
    Examples:
        ```py
        >>> import torch
        >>> from diffusers import WalkerPipeline

        >>> pipe = WalkerPipeline.from_pretrained("maria/walks", torch_dtype=torch.float16).to("cuda")
        >>> video = pipe("a castle", num_frames=8, guide=pipe.guide()).frames[0]
        ```
"""


class WalkerPipeline(DiffusionPipeline):
    """Pipeline for text-to-video generation.

    And more.
    """

    def __init__(self, transformer: "WanTransformer3DModel"):
        pass

    def __call__(self, prompt: str, num_frames: int = 16, guide=None):
        """Walk."""
'''
PAGE = """# Community

| Example | Description | Code Example | Colab | Author |
|:---|:---|:---|:---|:---|
| [Castle Painter](https://a.org) | **Paints** castles [over](https://a.org) pictures. | [x](#castle-painter) | - | \
[Maria Castaño](https://a.org), and [Ana](https://a.org) |

## Examples

### Castle Painter

![a castle](https://example.org/castle.png)

#### Usage

```python
# no heading
from diffusers import DiffusionPipeline
import torch

generator = torch.Generator("cuda").manual_seed(7)
pipe = DiffusionPipeline.from_pretrained("maria/castles", custom_pipeline="painter", torch_dtype=torch.float16)
pipe = pipe.to("cuda")
pipe(prompt="a 'red' castle", strength=0.25, num_inference_steps=4, generator=generator).images[0].save("a.png")
```

### Another thing

Nothing of the folder.
"""
FOLDER = {"main/painter.py": PAINTER, "main/walker.py": WALKER, "main/README.md": PAGE}
