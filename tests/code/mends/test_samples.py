"""For each mend a sample that fails as it is written and runs when it is mended."""

from __future__ import annotations

import pytest

import gremio
from gremio.checking.tiny import tiny
from gremio.code.mends import MENDS

HEAD = """
import torch
from diffusers import DiffusionPipeline
from diffusers.utils import USE_PEFT_BACKEND

class Sample(DiffusionPipeline):
    def __init__(self, part):
        super().__init__()
        self.part = part
        self.unet = self.text_encoder = part

    def __call__(self):
"""

TEXT = """        tokens = torch.ones(1, 77, dtype=torch.long)
        return self.text_encoder.text_model.embeddings(tokens).shape
"""
FEATURES = "        return self.part.get_text_features(torch.ones(1, 77, dtype=torch.long)).norm(dim=-1).shape\n"
PIXELS = '        return torch.from_numpy({"pixel_values": [torch.ones(2)]}["pixel_values"][0]).shape\n'
MOTION = """        # UNetMotionModel
        latents, text = torch.zeros(1, 4, 3, 8, 8), torch.zeros(1, 77, 32)
        return self.unet(latents, 1, encoder_hidden_states=text).sample.shape
"""
LORA = """        args = () if USE_PEFT_BACKEND else (1.0,)
        return self.part.to_q(torch.ones(1, self.part.to_q.in_features), *args).shape
"""
CUDA = '        return torch.ones(2).to("cuda").shape\n'
OFFLOAD = "        self.enable_model_cpu_offload()\n        return (2,)\n"
ONNX = """        # OnnxRuntimeModel
        self.unet.config.in_channels = 4
        return (self.unet.config.in_channels,)
"""
OUTPUT = """        from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput
        return StableDiffusionPipelineOutput([1]).images
"""
CONSTRUCTOR = """
class Sample(Sample):
    def __init__(self, part):
        super()._init_(part)
"""
POSITIONS = """
import torch
from diffusers import StableDiffusionInpaintPipeline

class Sample(StableDiffusionInpaintPipeline):
    def __init__(self, part):
        self.vae_scale_factor = 8

    def __call__(self, prompt=None, image=None, mask_image=None, height=8, width=8, strength=1.0, callback_steps=None,
                 output_type="pil", negative_prompt=None, prompt_embeds=torch.ones(1, 2, 3),
                 negative_prompt_embeds=torch.ones(1, 2, 3), callback_on_step_end_tensor_inputs=("latents",),
                 padding_mask_crop=None):
        self.check_inputs(prompt, image, mask_image, height, width, strength, callback_steps, negative_prompt,
                          prompt_embeds, negative_prompt_embeds, callback_on_step_end_tensor_inputs, padding_mask_crop)
        return (1,)
"""

TIME_IDS = """
import torch
from diffusers import StableDiffusionXLPipeline

class Sample(StableDiffusionXLPipeline):
    def __init__(self, part):
        self.unet, self.text_encoder_2 = part["unet"], part["text_encoder_2"]

    def __call__(self):
        return self._get_add_time_ids((8, 8), (0, 0), (8, 8), dtype=torch.float32).shape
"""

DEPRECATIONS = """        from diffusers.utils import deprecate
        deprecate("enable_vae_tiling", "0.10.0", "It is gone.", standard_warn=False)
        return (1,)
"""
FORWARDS = """        import types
        self.part.forward = types.MethodType(own_forward, self.part)
        return self.part(torch.ones(2), 1, "newer", scale=2).shape

def own_forward(self, states, index):
    return states * index
"""
MODULE_DEVICE = """
from diffusers import DiffusionPipeline
from torch import nn

class Layer(nn.Linear):
    @property
    def dtype(self):
        return self.weight.dtype

class Sample(DiffusionPipeline):
    def __init__(self, part):
        super().__init__()
        self.register_modules(part=Layer(2, 2))

    def __call__(self):
        return (self.device,)
"""
DECODED = """        image = self.part.decode()
        return self.run_safety_checker(image)

    def run_safety_checker(self, image):
        return self.numpy_to_pil(image)
"""
EMPTY = """        return self.prepare(torch.zeros(1, 3, 8, 8), 2)

    def prepare(self, image, batch_size):
        latents = [self.part.encode(image[i : i + 1]) for i in range(batch_size)]
        return torch.cat(latents).repeat_interleave(batch_size, dim=0).shape
"""

TOKENIZER = """
import transformers

class Sample(transformers.PreTrainedTokenizer):
    vocab_size = 9

    def __init__(self, part):
        super().__init__(padding_side="left", pad_token="0")

    def __call__(self):
        found = super().__call__("12", padding="max_length", max_length=4).input_ids
        assert found == [0, 0, 1, 2], found
        return found

    def get_vocab(self):
        return {str(number): number for number in range(9)}

    def _tokenize(self, text):
        return list(text)

    def _convert_token_to_id(self, token):
        return self.get_vocab().get(token, 0)

    def _pad(self, encoded_inputs, max_length=None, padding_strategy=None, pad_to_multiple_of=None,
             return_attention_mask=None):
        assert self.padding_side == "left"
        return {"input_ids": [0] * (max_length - len(encoded_inputs["input_ids"])) + encoded_inputs["input_ids"]}
"""
CACHE = """
import transformers

class Sample(transformers.PreTrainedModel):
    def __init__(self, part):
        super().__init__(transformers.PretrainedConfig(use_cache=True))

    def __call__(self):
        return (1,) if self.config.use_cache else ()
"""


class Plain:
    """A model without a config."""


class Decoder:
    """Gives pictures from -1 to 1."""

    def decode(self):
        """One."""
        import torch

        return torch.zeros(1, 3, 8, 8)


class Encoder:
    """Sees a picture as torch's own attention has it."""

    def encode(self, image):
        """Latents of the same size."""
        return image.view(len(image), -1, 8, 8)


def layer():
    """A layer of torch."""
    import torch

    return torch.nn.Linear(2, 2)


def attention():
    """An attention layer of the installed diffusers."""
    from diffusers.models.attention_processor import Attention

    return Attention(query_dim=8, heads=2, dim_head=4)


def clip():
    """A tiny CLIP of both halves."""
    from transformers import CLIPConfig, CLIPModel

    halves = tiny("kandinsky-prior")
    text, vision = (halves[name].config.to_dict() for name in ("text_encoder", "image_encoder"))
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))


def motion_unet():
    """A tiny UNet for films, whose texts are 32 wide."""
    from diffusers import UNetMotionModel

    kind = tiny("animatediff")
    return UNetMotionModel.from_unet2d(kind["unet"], kind["motion_adapter"])


SAMPLES = {
    "tokenizers": (TOKENIZER, Plain),
    "model-cache": (CACHE, Plain),
    "clip-models": (HEAD + TEXT, lambda: tiny("sd15")["text_encoder"]),
    "features": (HEAD + FEATURES, clip),
    "pixel-values": (HEAD + PIXELS, Plain),
    "motion": (HEAD + MOTION, motion_unet),
    "positions": (POSITIONS, Plain),
    "lora-layers": (HEAD + LORA, attention),
    "time-ids": (TIME_IDS, lambda: tiny("sdxl")),
    "cuda": (HEAD + CUDA, Plain),
    "offload": (HEAD + OFFLOAD, Plain),
    "constructor": (HEAD + "        return (1,)\n" + CONSTRUCTOR, Plain),
    "onnx-config": (HEAD + ONNX, Plain),
    "outputs": (HEAD + OUTPUT, Plain),
    "deprecations": (HEAD + DEPRECATIONS, Plain),
    "forwards": (HEAD + FORWARDS, layer),
    "module-device": (MODULE_DEVICE, Plain),
    "decoded-pictures": (HEAD + DECODED, Decoder),
    "empty-batches": (HEAD + EMPTY, Encoder),
}


def test_every_mend_has_a_sample():
    """A new mend comes with one."""
    assert SAMPLES.keys() == {mend.name for mend in MENDS}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_runs_mended_and_only_mended(write, name):
    """The mend, and no other, makes the difference."""
    import torch

    if name in ("cuda", "offload") and torch.accelerator.is_available():
        pytest.skip("here is what the code asks for")
    code, part = SAMPLES[name]
    file, made = write(code), part()
    assert len(gremio.load_class(file)(made)()) > 0
    assert {repair.mend for repair in gremio.read(file).mends} == {name}
    with pytest.raises(Exception):  # noqa: B017, PT011  each fails in its own way
        gremio.load_class(file, mend=False)(Plain() if name == "onnx-config" else made)()
