"""Mends as a person meets them: loads that fail with mend=False and work without it."""

import json
import logging
import pickle

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from diffusers.pipelines.deprecated.unclip import UnCLIPTextProjModel
from tests.samples.code import PLAIN

import gremio
from gremio import DiffusionPipeline
from gremio.errors import GremioError

OLD = """
import torch
from diffusers import StableDiffusionPipeline

class Old(StableDiffusionPipeline):
    def __call__(self, prompt):
        tokens = self.tokenizer(prompt, padding="max_length", return_tensors="pt").input_ids.to("cuda")
        states = self.text_encoder(tokens).last_hidden_state
        return self.text_encoder.text_model.final_layer_norm(states)
"""

OWN_SCHEDULER = """
from diffusers import ConfigMixin, SchedulerMixin, StableDiffusionPipeline
from diffusers.configuration_utils import register_to_config

class MyScheduler(SchedulerMixin, ConfigMixin):
    @register_to_config
    def __init__(self, num_train_timesteps: int = 1000, beta_start: float = 0.1): ...
    def set_timesteps(self, mine, steps): ...
    def step(self, output): ...

class Mine(StableDiffusionPipeline):
    def __init__(self, vae, text_encoder, tokenizer, unet, scheduler: MyScheduler, safety_checker, feature_extractor):
        super().__init__(vae, text_encoder, tokenizer, unet, scheduler, safety_checker, feature_extractor,
                         requires_safety_checker=False)
"""

WITH_PROJECTION = """
from diffusers import DiffusionPipeline

class Projecting(DiffusionPipeline):
    def __init__(self, text_proj):
        super().__init__()
        self.register_modules(text_proj=text_proj)
"""

LEAVING_OUT = """
from diffusers import StableDiffusionPipeline

class Lean(StableDiffusionPipeline):
    def __init__(self, vae, text_encoder, tokenizer, unet, scheduler):
        super().__init__(vae, text_encoder, tokenizer, unet, scheduler, None, None, requires_safety_checker=False)
"""

RENAMING = """
from diffusers import DiffusionPipeline

class Renaming(DiffusionPipeline):
    def __init__(self, unet, vae):
        super().__init__()
        self.register_modules(painter=unet, vae=vae)
"""


def test_old_code_runs(write, sd_folder, caplog):
    """What transformers 5 and a machine without CUDA would stop runs, and says once what was mended."""
    code = write(OLD)
    with caplog.at_level(logging.INFO, "gremio"):
        pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
        DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
    assert pipe("a hall").shape[0] == 1
    assert [(r.mend, r.line) for r in pipe.gremio.pipeline.mends] == [("cuda", 7), ("clip-models", 9)]
    told = [record.getMessage() for record in caplog.records if "mended" in record.getMessage()]
    assert len(told) == 1
    assert "clip-models (line 9)" in told[0]
    assert [each.line for each in gremio.read(code).mends] == [7, 9]


def test_mend_false_runs_what_was_written(write, sd_folder):
    """As written it fails; both classes live side by side and are found again by a worker."""
    code = write(OLD)
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, mend=False)
    assert pipe.gremio.pipeline.mends == ()
    with pytest.raises((AssertionError, RuntimeError, AttributeError)):
        pipe("a hall")
    as_written, mended = gremio.load_class(code, mend=False), gremio.load_class(code)
    assert type(pipe) is as_written is not mended
    for cls in (as_written, mended):
        assert pickle.loads(pickle.dumps(cls)) is cls


def test_outputs_are_the_same_with_mends_on_and_off(write, sd_folder):
    """Code that runs as it is gives the same pixels."""
    code = write(PLAIN)
    pictures = []
    for mend in (True, False):
        pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, mend=mend)
        generator = torch.Generator().manual_seed(0)
        pictures.append(pipe("a hall", num_inference_steps=2, generator=generator, output_type="pt").images)
    assert torch.equal(*pictures)


@pytest.mark.parametrize("way", ["from_pretrained", "from_pipe"])
def test_a_file_that_brings_its_scheduler_gets_it(write, sd_folder, way):
    """The index can only name a scheduler of diffusers; the file's own is made from its config."""
    code = write(OWN_SCHEDULER)

    def load(**options):
        if way == "from_pretrained":
            return DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, **options)
        source = StableDiffusionPipeline.from_pretrained(sd_folder)
        return DiffusionPipeline.from_pipe(source, custom_pipeline=code, **options)

    pipe = load()
    assert type(pipe.scheduler).__name__ == "MyScheduler"
    assert pipe.scheduler.config.beta_start == pytest.approx(0.00085)
    assert pipe.config["scheduler"][1] == "MyScheduler"
    assert [r.mend for r in pipe.gremio.mends] == ["own-scheduler"]
    assert type(load(mend=False).scheduler).__name__ != "MyScheduler"
    own = type(pipe.scheduler)()
    if way == "from_pretrained":
        given = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, scheduler=own)
        assert given.scheduler is own


def test_an_explicit_class_keeps_its_scheduler(sd_folder):
    """Classes of diffusers ask for nothing of the kind."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, scheduler=DDIMScheduler(steps_offset=1, clip_sample=False))
    assert type(pipe.scheduler) is DDIMScheduler
    assert pipe.gremio.mends == ()


def test_a_library_that_diffusers_moved_is_found(write, tmp_path):
    """The index says `unclip`, which diffusers 0.38 moved below its deprecated pipelines."""
    model = tmp_path / "model"
    UnCLIPTextProjModel(clip_embeddings_dim=8, time_embed_dim=8, cross_attention_dim=8).save_pretrained(
        model / "text_proj"
    )
    index = {"_class_name": "Projecting", "text_proj": ["unclip", "UnCLIPTextProjModel"]}
    (model / "model_index.json").write_text(json.dumps(index))
    code = write(WITH_PROJECTION)
    pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline=code)
    assert isinstance(pipe.text_proj, UnCLIPTextProjModel)
    (repair,) = pipe.gremio.mends
    assert (repair.mend, repair.file) == ("moved-library", "model_index.json")
    assert "deprecated.unclip" in repair.new
    with pytest.raises(GremioError, match="unclip"):
        DiffusionPipeline.from_pretrained(model, custom_pipeline=code, mend=False)


@pytest.mark.filterwarnings("ignore:Accessing config attribute:FutureWarning")  # what diffusers does before it raises
def test_a_class_may_leave_optional_components_of_its_base_out(write, sd_folder):
    """Its base registers a safety checker that its constructor never heard of; diffusers calls that an error."""
    code = write(LEAVING_OUT)
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
    assert set(pipe.components) == {"vae", "text_encoder", "tokenizer", "unet", "scheduler"}
    assert len(pipe("a hall", num_inference_steps=1).images) == 1
    assert [r.mend for r in pipe.gremio.pipeline.mends] == ["left-out-components"]
    as_written = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code, mend=False)
    with pytest.raises(ValueError, match="incorrectly"):
        as_written.components  # noqa: B018


def test_a_class_may_register_under_other_names(write, sd_folder):
    """Moving a pipeline asks for its components, whatever names they were registered under."""
    source = StableDiffusionPipeline.from_pretrained(sd_folder)
    mended = gremio.load_class(write(RENAMING))(source.unet, source.vae)
    assert mended.to("cpu").components == {"painter": source.unet, "vae": source.vae}
    as_written = gremio.load_class(write(RENAMING), mend=False)(source.unet, source.vae)
    with pytest.raises(ValueError, match="incorrectly"):
        as_written.components  # noqa: B018
