"""Pipelines that do what honest ones do, beside words that would be grave elsewhere. None may meet a high finding."""

from __future__ import annotations

HEAD = """
import inspect
import math
import os
from typing import Callable, Optional, Union

import numpy as np
import PIL.Image
import torch
import torch.nn as nn
import torch.nn.functional as F
from diffusers import DiffusionPipeline, UNet2DConditionModel
from diffusers.utils import is_xformers_available, logging, replace_example_docstring
from transformers import CLIPTextModel, CLIPTokenizer

logger = logging.get_logger(__name__)  # pylint: disable=invalid-name

"""

LOOK_ALIKES: dict[str, str] = {
    "eval of a model": "def f(unet):\n    unet.eval()\n    return torch.compile(unet).eval()\n",
    "compile of a pattern": "import re\nWORDS = re.compile(r'\\w+')\n\ndef f(x): return WORDS.findall(x)\n",
    "system of a platform": "import platform\nIS_MAC = platform.system() == 'Darwin'\n",
    "a system prompt": (
        "class P(DiffusionPipeline):\n    system = 'You draw.'\n\n    def __call__(self, prompt):\n"
        "        return [{'role': 'system', 'content': self.system}, {'role': 'user', 'content': prompt}]\n"
    ),
    "words in docstrings": (
        'class P(DiffusionPipeline):\n    """Never calls os.system("rm -rf"), eval or pickle.load.\n\n'
        '    >>> exec("import os")\n    See ~/.ssh and /etc/passwd.\n    """\n'
    ),
    "words in errors": "def f(x):\n    raise ValueError(f'{x} can not eval or exec; see https://example.org/pickle')\n",
    "example docstring": (
        "EXAMPLE_DOC_STRING = '''\n    Examples:\n        >>> import torch\n"
        "        >>> from diffusers import DiffusionPipeline\n"
        "        >>> pipe = DiffusionPipeline.from_pretrained('a/b', trust_remote_code=True)\n'''\n\n\n"
        "class P(DiffusionPipeline):\n    @torch.no_grad()\n    @replace_example_docstring(EXAMPLE_DOC_STRING)\n"
        "    def __call__(self, prompt): ...\n"
    ),
    "settings by name": (
        "def f(self, scheduler, eta, **kwargs):\n"
        "    extra = {}\n"
        "    if 'eta' in set(inspect.signature(scheduler.step).parameters.keys()):\n        extra['eta'] = eta\n"
        "    for name, value in kwargs.items():\n        setattr(self, name, value)\n"
        "    return getattr(scheduler.config, 'steps_offset', 1), {k: locals()[k] for k in ('eta',)}\n"
    ),
    "paths": (
        "def f(folder, name):\n    os.makedirs(folder, exist_ok=True)\n    path = os.path.join(folder, f'{name}.png')\n"
        "    return PIL.Image.open(path).convert('RGB'), os.path.exists(path), os.listdir(folder)\n"
    ),
    "files of its own": (
        "WORDS = os.path.join(os.path.dirname(__file__), 'words.txt')\n\ndef f():\n"
        "    with open(WORDS, encoding='utf-8') as file:\n        return file.read().splitlines()\n"
    ),
    "results": (
        "def f(images, folder):\n    for number, image in enumerate(images):\n"
        "        image.save(f'{folder}/{number}.png')\n"
        "    with open(f'{folder}/seeds.txt', 'w') as file:\n        file.write('1')\n"
    ),
    "picture by its address": (
        "import requests\nfrom io import BytesIO\n\ndef f(url):\n"
        "    return PIL.Image.open(BytesIO(requests.get(url, timeout=9).content))\n"
    ),
    "weights": (
        "from huggingface_hub import hf_hub_download\nfrom safetensors.torch import load_file\n\n"
        "def f(repo, path):\n    a = load_file(hf_hub_download(repo, 'w.safetensors'))\n"
        "    return a, torch.load(path, map_location='cpu', weights_only=True), np.load('a.npy'), torch.load(path)\n"
    ),
    "components": (
        "class P(DiffusionPipeline):\n"
        "    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel):\n"
        "        super().__init__()\n        self.register_modules(unet=unet, text_encoder=text_encoder)\n"
        "        self.tokenizer = CLIPTokenizer.from_pretrained('openai/clip-vit-base-patch32')\n"
        "        self.unet.forward = self.traced\n"
    ),
    "hooks of a module": (
        "class Block(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.proj = nn.Linear(4, 4)\n"
        "        self.register_buffer('scale', torch.ones(1))\n"
        "        self.proj.register_forward_hook(lambda *a: None)\n\n"
        "    def forward(self, x):\n        return F.scaled_dot_product_attention(x, x, x) * self.scale\n"
    ),
    "optional packages": (
        "try:\n    import xformers.ops as xops\nexcept ImportError:\n"
        "    xops = None\n\nif is_xformers_available():\n    import xformers\n"
        "import importlib.util\nHAS_COMPEL = importlib.util.find_spec('compel') is not None\n"
    ),
    "quiet": (
        "import warnings\nwarnings.filterwarnings('ignore')\nos.environ['TOKENIZERS_PARALLELISM'] = 'false'\n"
        "torch.backends.cuda.matmul.allow_tf32 = True\nDEBUG = os.environ.get('PAINTER_DEBUG', '0') == '1'\n"
    ),
    "table of classes": (
        "class Euler: ...\n\n\nclass Heun: ...\n\n\n"
        "KINDS = {'euler': Euler, 'heun': Heun}\nDTYPES = {'half': torch.float16}\n\n"
        "def f(name): return KINDS[name](), getattr(torch, 'float' + '32'), globals()['KINDS']\n"
    ),
    "letters of formulas": "def f(σ, Δt, β=0.1):\n    α_t = 1 - β\n    return σ * Δt * α_t  # naïve, «así»: 你好 ⚠️\n",  # noqa: RUF001
    "yaml and JSON": (
        "import json\n\ndef f(text):\n    import yaml\n    return yaml.safe_load(text), json.loads(text)\n"
    ),
    "script below": (
        "def main():\n    import argparse\n    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--steps', type=int)\n"
        "    args = parser.parse_args()\n    open('out.txt', 'w').write(str(args.steps))\n\n\n"
        "if __name__ == '__main__':\n    main()\n"
    ),
    "callback of the caller": (
        "def f(callback: Optional[Callable] = None, fns=()):\n    if callback is not None:\n        callback(1)\n"
        "    return [fn(2) for fn in fns], gelu_or(F)(3)\n\n\ndef gelu_or(module): return module.gelu\n"
    ),
    "decorator of its own": (
        "import functools\n\n\ndef timed(fn):\n    @functools.wraps(fn)\n"
        "    def wrapped(*args, **kwargs):\n        return fn(*args, **kwargs)\n\n"
        "    return wrapped\n\n\n@timed\ndef f(x): return math.sqrt(x)\n"
    ),
    "garbage": "import gc\n\ndef f(pipe):\n    del pipe\n    gc.collect()\n    torch.cuda.empty_cache()\n",
}
