"""The tutorial's code, letter for letter; the name of each snippet says where it stands."""

# ruff: noqa: W291

SNIPPETS = {
    "custom_pipeline": """
import torch
from diffusers import DiffusionPipeline

pipeline = DiffusionPipeline.from_pretrained(
    "stabilityai/stable-diffusion-3-medium-diffusers",
    custom_pipeline="pipeline_stable_diffusion_3_instruct_pix2pix",
    torch_dtype=torch.float16,
    device_map="cuda"
)
""",
    "custom_revision": """
pipeline = DiffusionPipeline.from_pretrained(
    "stabilityai/stable-diffusion-3-medium-diffusers",
    custom_pipeline="pipeline_stable_diffusion_3_instruct_pix2pix",
    custom_revision="main",
    torch_dtype=torch.float16,
    device_map="cuda"
)
""",
    "local folder": """
pipeline = DiffusionPipeline.from_pretrained(
    "stabilityai/stable-diffusion-3-medium-diffusers",
    custom_pipeline="ruta/a/tu/carpeta",
    torch_dtype=torch.float16,
    device_map="cuda"
)
""",
    "from_pipe": """
pipeline_sd = DiffusionPipeline.from_pretrained(
    "emilianJR/CyberRealistic_V3",
    torch_dtype=torch.float16,
    device_map="cuda"
)

pipeline_lpw = DiffusionPipeline.from_pipe(
    pipeline_sd,
    custom_pipeline="lpw_stable_diffusion",
    device_map="cuda"
)
""",
    "from_pipe, short": """
# Reutiliza los pesos de un modelo ya cargado para un pipeline de "Long Prompt Weighting"
pipeline_lpw = DiffusionPipeline.from_pipe(
    pipeline_original, custom_pipeline="lpw_stable_diffusion"
)
""",
    "components 1": """
from transformers import T5Tokenizer, T5EncoderModel, CLIPImageProcessor
from diffusers import DPMSolverMultistepScheduler

pipeline_id = "showlab/show-1-base"

tokenizer = T5Tokenizer.from_pretrained(pipeline_id, subfolder="tokenizer")
text_encoder = T5EncoderModel.from_pretrained(pipeline_id, subfolder="text_encoder")
scheduler = DPMSolverMultistepScheduler.from_pretrained(pipeline_id, subfolder="scheduler")
feature_extractor = CLIPImageProcessor.from_pretrained(pipeline_id, subfolder="feature_extractor")
""",
    "components 2": """
from showone_unet_3d_condition import ShowOneUNet3DConditionModel

unet = ShowOneUNet3DConditionModel.from_pretrained(
    pipeline_id,
    subfolder="unet"
)
""",
    "components 3": """
from pipeline_t2v_base_pixel import TextToVideoIFPipeline

pipeline = TextToVideoIFPipeline(
    unet=unet,
    text_encoder=text_encoder,
    tokenizer=tokenizer,
    scheduler=scheduler,
    feature_extractor=feature_extractor,
    device_map="cuda",
    torch_dtype=torch.float16
)
""",
    "trust_remote_code": """
pipeline = DiffusionPipeline.from_pretrained(
    "tu-repo",
    trust_remote_code=True,
    torch_dtype=torch.float16
)
""",
    "trust_remote_code, pinned": """
pipeline = DiffusionPipeline.from_pretrained(
    "usuario/modelo-comunitario", 
    trust_remote_code=True, 
    revision="1234567" # Commit específico por seguridad
)
""",
}


def run(name, given=None, **replaced):
    """Run a snippet after ``given`` names, for the CPU and with Gremio's import line; return the names it leaves.

    ``replaced`` maps the name of a placeholder to what stands in for it: ``commit`` for the tutorial's "1234567".
    """
    code = SNIPPETS[name].replace("from diffusers import DiffusionPipeline", "from gremio import DiffusionPipeline")
    code = code.replace('"cuda"', '"cpu"').replace("1234567", replaced.get("commit", "1234567"))
    names = _names() | (given or {})
    exec(compile(code, f"tutorial: {name}", "exec"), names)
    return names


def _names():
    """What the tutorial's first snippet has imported, which the later ones use."""
    import torch

    from gremio import DiffusionPipeline

    return {"torch": torch, "DiffusionPipeline": DiffusionPipeline}
