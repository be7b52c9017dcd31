"""Components for the slots of a class."""

from __future__ import annotations

import diffusers
import numpy as np
import pytest
import torch
import transformers
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from PIL import Image
from tests.checking.tiny.stock import MASK, PICTURE, SIZE

from gremio.checking.tiny import fit
from gremio.checking.tiny.community_classes import numbers_of
from gremio.code.review import ComponentSlot
from gremio.errors import OptionError

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The decode_latents method is deprecated:FutureWarning"),
]

KARRAS = "diffusers.schedulers.KarrasDiffusionSchedulers"
SD = {
    "vae": "diffusers.AutoencoderKL",
    "text_encoder": "transformers.CLIPTextModel",
    "tokenizer": "transformers.CLIPTokenizer",
    "unet": "diffusers.UNet2DConditionModel",
    "scheduler": KARRAS,
}
SDXL = SD | {"text_encoder_2": "transformers.CLIPTextModelWithProjection", "tokenizer_2": "transformers.CLIPTokenizer"}
FLUX = {
    "scheduler": "diffusers.FlowMatchEulerDiscreteScheduler",
    "vae": "diffusers.AutoencoderKL",
    "text_encoder": "transformers.CLIPTextModel",
    "tokenizer": "transformers.CLIPTokenizer",
    "text_encoder_2": "transformers.T5EncoderModel",
    "tokenizer_2": "transformers.T5TokenizerFast",
    "transformer": "diffusers.models.transformers.FluxTransformer2DModel",
}
SD3 = {
    "transformer": "diffusers.models.SD3Transformer2DModel",
    "scheduler": "diffusers.FlowMatchEulerDiscreteScheduler",
    "vae": "diffusers.AutoencoderKL",
    "text_encoder": "transformers.CLIPTextModelWithProjection",
    "tokenizer": "transformers.CLIPTokenizer",
    "text_encoder_2": "transformers.CLIPTextModelWithProjection",
    "tokenizer_2": "transformers.CLIPTokenizer",
    "text_encoder_3": "transformers.T5EncoderModel",
    "tokenizer_3": "transformers.T5TokenizerFast",
}
SAFETY = {"safety_checker": "diffusers.pipelines.stable_diffusion.safety_checker.StableDiffusionSafetyChecker"}
FEATURES = {"feature_extractor": "transformers.CLIPImageProcessor"}
NAMED = {"unet": None, "scheduler": None}


def slots(types, *optional):
    """A slot for each type or types; those named after them are optional."""
    return [
        ComponentSlot(name, tuple([one] if isinstance(one, str) else one or ()), name in optional)
        for name, one in types.items()
    ]


def drawn(pipe, **arguments):
    """Two steps at one seed."""
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(0)
    return pipe(num_inference_steps=2, generator=generator, output_type="pt", **arguments)[0]


def test_stable_diffusion():
    """What may be empty and belongs to no kind stays empty; a safety checker always does."""
    made = fit(
        slots(
            SD | SAFETY | FEATURES | {"image_encoder": "transformers.CLIPVisionModelWithProjection"},
            "feature_extractor",
            "image_encoder",
        )
    )
    assert [name for name, one in made.items() if one is None] == [
        "safety_checker",
        "feature_extractor",
        "image_encoder",
    ]
    assert drawn(diffusers.StableDiffusionPipeline(**made), prompt="a").shape == (1, 3, 64, 64)


def test_an_image_processor_that_is_required_is_built():
    """Whether or not there is something to check."""
    processor = fit(slots(SD | FEATURES))["feature_extractor"]
    assert processor(Image.new("RGB", (50, 70)))["pixel_values"][0].shape[-2:] == (224, 224)


@pytest.mark.parametrize(
    ("pipeline", "types", "control", "call"),
    [
        (
            "StableDiffusionControlNetPipeline",
            SD,
            ["diffusers.ControlNetModel", "typing.List", "diffusers.MultiControlNetModel"],
            {"image": PICTURE},
        ),
        (
            "StableDiffusionXLControlNetPipeline",
            SDXL,
            ["diffusers.models.ControlNetModel", "list", "tuple"],
            {"image": PICTURE},
        ),
        (
            "StableDiffusionXLControlNetUnionPipeline",
            SDXL,
            "diffusers.ControlNetUnionModel",
            {"control_image": PICTURE, "control_mode": 0},
        ),
        ("FluxControlNetPipeline", FLUX, "diffusers.FluxControlNetModel", {"control_image": PICTURE, **SIZE}),
        ("StableDiffusion3ControlNetPipeline", SD3, "diffusers.SD3ControlNetModel", {"control_image": PICTURE, **SIZE}),
    ],
)
def test_a_controlnet_goes_with_its_kind(pipeline, types, control, call):
    """And how much it counts changes the picture."""
    made = fit(slots(types | {"controlnet": control}))
    if types is SD:
        made |= {"safety_checker": None, "feature_extractor": None}
    pipe = getattr(diffusers, pipeline)(**made)
    strong, weak = (drawn(pipe, prompt="a", controlnet_conditioning_scale=scale, **call) for scale in (1.0, 0.1))
    assert strong.shape == (1, 3, 64, 64)
    assert torch.isfinite(strong).all()
    assert not torch.equal(strong, weak)


@pytest.mark.parametrize(
    ("types", "pipeline"), [(SD, "StableDiffusionAdapterPipeline"), (SDXL, "StableDiffusionXLAdapterPipeline")]
)
def test_an_adapter_goes_with_its_kind(types, pipeline):
    """Its features are those that the UNet adds."""
    made = fit(slots(types | {"adapter": ["diffusers.T2IAdapter", "diffusers.MultiAdapter"]}))
    if pipeline == "StableDiffusionAdapterPipeline":
        made |= {"safety_checker": None, "feature_extractor": None}
    image = torch.as_tensor(drawn(getattr(diffusers, pipeline)(**made), prompt="a", image=PICTURE, **SIZE))
    assert image.numel() == 3 * 64 * 64
    assert torch.isfinite(image).all()


def test_several_controlnets_when_only_they_are_asked_for():
    """Two of them."""
    made = fit(slots(SD | {"controlnet": "diffusers.MultiControlNetModel"}))
    assert len(made["controlnet"].nets) == 2


def test_the_family_says_what_the_unet_takes():
    """Nine channels to inpaint; the pipeline that demands them runs."""
    made = fit(slots(SD | SAFETY | FEATURES), family="MyInpaintingPipeline StableDiffusionMixin")
    assert made["unet"].config.in_channels == 9
    pipe = diffusers.StableDiffusionInpaintPipeline(**made)
    assert drawn(pipe, prompt="a", image=PICTURE, mask_image=MASK, **SIZE).shape == (1, 3, 64, 64)


@pytest.mark.parametrize(
    ("types", "family", "slot", "key", "value"),
    [
        (SD, "StableDiffusionInstructPix2PixPipeline", "unet", "in_channels", 8),
        (SD, "MarigoldPipeline", "unet", "in_channels", 8),
        (SD, "LatentConsistencyModelPipeline", "unet", "time_cond_proj_dim", 256),
        (SD, "StableDiffusionRepaintPipeline: inpainting by repainting", "unet", "in_channels", 4),
        (SD, "", "unet", "in_channels", 4),
        (SD3, "StableDiffusion3InstructPix2PixPipeline", "transformer", "in_channels", 32),
        (FLUX, "FluxFillPipeline", "transformer", "in_channels", 384),
        ({"transformer": None, "text_encoder": None}, "flux.my_pipeline", "transformer", "num_single_layers", 1),
        (SDXL | {"text_encoder": "diffusers.pipelines.kolors.ChatGLMModel"}, "", "unet", "encoder_hid_dim", 4096),
    ],
)
def test_configuration_by_family(types, family, slot, key, value):
    """What names and bases tell."""
    assert fit(slots(types), family=family)[slot].config[key] == value


@pytest.mark.parametrize(
    ("types", "built"),
    [
        (KARRAS, "DDIMScheduler"),
        (["diffusers.EulerDiscreteScheduler", "diffusers.PNDMScheduler"], "PNDMScheduler"),
        (["diffusers.schedulers.UniPCMultistepScheduler"], "UniPCMultistepScheduler"),
        (["diffusers.LCMScheduler"], "LCMScheduler"),
        ([], "DDIMScheduler"),
    ],
)
def test_schedulers(types, built):
    """One of those that are allowed, with the kind's numbers."""
    scheduler = fit(slots(SD | {"scheduler": types}))["scheduler"]
    assert type(scheduler).__name__ == built
    assert scheduler.config.beta_start == 0.00085


def test_a_unet_alone_needs_no_text():
    """It is called with pictures and times."""
    made = fit(slots(NAMED))
    picture = torch.zeros(1, 3, 16, 16)
    assert made["unet"](picture, 1).sample.shape == picture.shape


def test_what_pipelines_have_besides():
    """Speech, translation, segmentation and detection work together with their processors."""
    made = fit(
        slots(
            {
                "speech_model": "transformers.WhisperForConditionalGeneration",
                "speech_processor": "transformers.WhisperProcessor",
                "translation_model": "transformers.MBartForConditionalGeneration",
                "translation_tokenizer": "transformers.MBart50TokenizerFast",
                "detection_pipeline": "transformers.pipeline",
                "segmentation_model": "transformers.CLIPSegForImageSegmentation",
                "segmentation_processor": "transformers.CLIPSegProcessor",
                "clip_model": None,
            }
        )
    )
    assert made["detection_pipeline"]("un gato", top_k=1)[0]["label"] in {"en", "es"}
    spanish = made["translation_tokenizer"]("un gato", return_tensors="pt")
    english = made["translation_model"].generate(**spanish, max_new_tokens=1000)
    assert made["translation_tokenizer"].batch_decode(english, skip_special_tokens=True)[0]
    sound = made["speech_processor"].feature_extractor(np.zeros(16_000), sampling_rate=16_000, return_tensors="pt")
    heard = made["speech_model"].generate(sound.input_features, max_length=480_000)
    assert made["speech_processor"].tokenizer.batch_decode(heard, skip_special_tokens=True, normalize=True)[0]
    pair = made["segmentation_processor"](text=["a cat"], images=[PICTURE], padding="max_length", return_tensors="pt")
    assert made["segmentation_model"](**pair).logits.shape == (1, 224, 224)
    assert made["clip_model"].config.projection_dim == 32


def test_projections_by_name():
    """From the width of T5 to that of what the UNet attends to."""
    types = SDXL | {"t5_encoder": None, "t5_projection": None, "t5_pooled_projection": None}
    made = fit(slots(types, "t5_encoder", "t5_projection", "t5_pooled_projection"))
    states = made["t5_encoder"](torch.tensor([[3, 4]])).last_hidden_state
    assert made["t5_projection"](states).shape == (1, 2, made["unet"].config.cross_attention_dim)
    assert made["t5_pooled_projection"](states.mean(1)).shape == (1, made["text_encoder_2"].config.projection_dim)
    assert made["t5_projection"].dtype == torch.float32


def test_config_overrides():
    """By slot, of models, tokenizers and schedulers."""
    config = {"unet": {"in_channels": 5}, "scheduler": {"eta": 1}, "tokenizer": {"model_max_length": 20}}
    with pytest.raises(OptionError, match="scheduler can't be built with eta: DDIMScheduler has none"):
        fit(slots(SD), config=config)
    config["scheduler"] = {"prediction_type": "v_prediction"}
    made = fit(slots(SD), config=config)
    assert made["unet"].config.in_channels == 5
    assert made["tokenizer"].model_max_length == 20
    assert made["scheduler"].config.prediction_type == "v_prediction"
    with pytest.raises(OptionError, match="unet can't be built with"):
        fit(slots(SD), config={"unet": {"no_such_key": 5}})
    with pytest.raises(OptionError, match=r"no component 'uent'(.|\n)*The class takes: vae"):
        fit(slots(SD), config={"uent": {}})


class PoseProjection(ModelMixin, ConfigMixin):
    """A layer of a community file."""

    @register_to_config
    def __init__(self, in_channel=772, out_channel=768):
        super().__init__()
        self.projection = torch.nn.Linear(in_channel, out_channel)


class PatchedUNet(diffusers.UNet2DConditionModel):
    """A UNet that hands its arguments on."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.patched = True


class OwnScheduler(diffusers.DDIMScheduler):
    """A scheduler of a community file."""


class Stubborn:
    def __init__(self, secret=None):
        raise RuntimeError("the secret is missing")


def test_own_classes():
    """Each gets the numbers of what stands there otherwise, as far as it takes them."""
    types = {
        **SD,
        "scheduler": "tree.file.OwnScheduler",
        "cc_projection": "tree.file.PoseProjection",
        "unet": "tree.file.PatchedUNet",
    }
    own = {"scheduler": OwnScheduler, "cc_projection": PoseProjection, "unet": PatchedUNet}
    made = fit(slots(types, "scheduler"), own=own)
    assert made["unet"].patched
    assert made["unet"].config.block_out_channels == (32, 64)
    assert made["cc_projection"].projection.weight.shape == (32, 36)
    assert type(made["scheduler"]) is OwnScheduler
    assert made["scheduler"].config.beta_start == 0.00085
    again = fit(slots(types, "scheduler"), own=own)
    assert torch.equal(made["cc_projection"].projection.weight, again["cc_projection"].projection.weight)


class DownBlock3D(torch.nn.Module): ...


class Film(ModelMixin, ConfigMixin):
    """A UNet that was made of Stable Diffusion's, with blocks of its own, and settings that only it has."""

    @register_to_config
    def __init__(
        self,
        in_channels=4,
        out_channels=4,
        sample_size=None,
        down_block_types=("CrossAttnDownBlock3D", "CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D", "CrossAttnUpBlock3D"),
        block_out_channels=(320, 640, 1280),
        layers_per_block=2,
        norm_num_groups=32,
        attention_head_dim=8,
        cross_attention_dim=1280,
        per_block=(1, 2, 4),
        motion_dim=640,
        motion_kwargs=None,
    ):
        super().__init__()
        self.linear = torch.nn.Linear(motion_dim, len(down_block_types))


class Guider(torch.nn.Module):
    def __init__(self, channels: int, heads: int, use_more: bool, widths=(16, 32, 96, 256)):
        super().__init__()
        self.linear = torch.nn.Linear(channels, widths[-1])


class OwnConfig(transformers.PretrainedConfig):
    model_type = "own"

    def __init__(self, hidden_size=4096, num_layers=28, vocab_size=100, **kwargs):
        self.hidden_size, self.num_layers, self.vocab_size = hidden_size, num_layers, vocab_size
        super().__init__(**kwargs)


class OwnEncoder(transformers.PreTrainedModel):
    """A model of transformers whose memory nobody fills."""

    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        self.layers = torch.nn.ModuleList(torch.nn.LayerNorm(config.hidden_size) for _ in range(config.num_layers))
        self.words = torch.nn.Parameter(torch.full((config.vocab_size, config.hidden_size), float("nan")))


class OwnTokenizer(transformers.CLIPTokenizer):
    """One that needs files."""


def test_a_repository_s_own_models_are_small():
    """Numbers of the stock one that takes the same, names of blocks in their own words, and everything else shrunk."""
    types = {**SD, "denoising_unet": "tree.Film", "guider": (), "text_encoder": "tree.Own", "tokenizer": "tree.Own"}
    own = {"denoising_unet": Film, "guider": Guider, "text_encoder": OwnEncoder, "tokenizer": OwnTokenizer}
    seen = {"guider": {0: 320, "use_more": True}}
    seen["denoising_unet"] = {"motion_kwargs": {"num_heads": 8}, "in_channels": 9}
    made = fit(slots(types), own=own, seen=seen)
    config = made["denoising_unet"].config
    assert config.down_block_types == ("CrossAttnDownBlock3D", "DownBlock3D")
    assert config.up_block_types == ("UpBlock3D", "CrossAttnUpBlock3D")
    assert (config.block_out_channels, config.per_block) == ((32, 64), (1, 2))
    assert (config.in_channels, config.motion_dim, config.motion_kwargs) == (9, 32, {"num_heads": 4})
    assert made["guider"].linear.weight.shape == (32, 32)
    assert numbers_of(made["guider"]) == {"channels": 32, "heads": 2, "use_more": True, "widths": (16, 32, 32, 32)}
    assert len(made["text_encoder"].layers) == 2
    assert made["text_encoder"].words.isfinite().all()
    assert type(made["tokenizer"]) is OwnTokenizer
    assert made["tokenizer"]("a cat").input_ids[0] == 49406


def test_a_tokenizer_of_pieces():
    """One that derives from none of the libraries' is given a model of SentencePiece."""
    pytest.importorskip("sentencepiece")

    class Pieces(transformers.PreTrainedTokenizer):
        def __init__(self, vocab_file, **kwargs):
            import sentencepiece

            self.model = sentencepiece.SentencePieceProcessor(model_file=vocab_file)
            super().__init__(**kwargs)

        vocab_size = property(lambda self: self.model.get_piece_size())

        def get_vocab(self):
            return {}

        def _tokenize(self, text):
            return self.model.encode(text, out_type=str)

    made = fit(slots({"tokenizer": "tree.Pieces"}), own={"tokenizer": Pieces})["tokenizer"]
    assert made.tokenize("cat")


def test_a_class_of_the_libraries_that_no_table_has():
    """Is built with its own defaults made small."""
    made = fit(slots({"unet": "diffusers.UNet3DConditionModel", "vae": "diffusers.AutoencoderKLAllegro"}))
    assert type(made["unet"]) is diffusers.UNet3DConditionModel
    assert made["unet"].config.block_out_channels == (32, 64)
    assert type(made["vae"]) is diffusers.AutoencoderKLAllegro


def test_an_optional_component_that_cannot_be_built_is_left_out():
    """The class can do without."""
    assert fit(slots({"own": "tree.Stubborn"}, "own"), own={"own": Stubborn})["own"] is None


@pytest.mark.filterwarnings("ignore:.*OnnxRuntimeModel:FutureWarning")
def test_onnx_models():
    """The four of them, from words to a picture."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    roles = ("text_encoder", "vae_encoder", "vae_decoder", "unet")
    made = fit(slots(dict.fromkeys(roles, "diffusers.OnnxRuntimeModel")))
    states = made["text_encoder"](input_ids=np.ones((1, 77), dtype=np.int32))[0]
    latents = made["vae_encoder"](sample=np.ones((1, 3, 64, 64), dtype=np.float32))[0]
    time = np.array([1], dtype=np.float32)
    noise = made["unet"](sample=latents, timestep=time, encoder_hidden_states=states)[0]
    assert noise.shape == latents.shape == (1, 4, 8, 8)
    assert made["vae_decoder"](latent_sample=noise)[0].shape == (1, 3, 64, 64)


def test_what_cannot_be_fitted_is_named_in_one_error():
    """Every slot, its types, and the way out."""
    types = SD | {
        "engine": "tree.file.Engine",
        "runtime": ["diffusers.NoSuchModel", "onnx.Other"],
        "own": "tree.file.Stubborn",
    }
    with pytest.raises(OptionError) as caught:
        fit(slots(types), own={"own": Stubborn})
    assert "engine (tree.file.Engine)" in str(caught.value)
    assert "runtime (diffusers.NoSuchModel or onnx.Other)" in str(caught.value)
    assert "the secret is missing" in str(caught.value)
    assert "--model" in str(caught.value)


def test_fitting_draws_nothing_and_is_the_same_whatever_else_is_asked():
    """The weights of a slot depend on its name and the seed."""
    state = torch.get_rng_state()
    alone = fit(slots(SD))
    beside = fit(slots({"controlnet": "diffusers.ControlNetModel"} | SD))
    assert torch.equal(torch.get_rng_state(), state)
    for key, weight in alone["unet"].state_dict().items():
        assert torch.equal(weight, beside["unet"].state_dict()[key])
    assert not torch.equal(alone["vae"].quant_conv.weight, fit(slots(SD), seed=1)["vae"].quant_conv.weight)
