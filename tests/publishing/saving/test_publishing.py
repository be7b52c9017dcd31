"""From memory to the local Hub and back, by Gremio and by plain diffusers, with the real client and real processes."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import diffusers
import pytest
import torch
from huggingface_hub import HfApi
from tests.publishing.saving.conftest import AUTHOR
from transformers import CLIPImageProcessor, T5EncoderModel, T5Tokenizer

import gremio
from gremio import DiffusionPipeline
from gremio.errors import BranchMoved, MissingPackages, NotProven, PublishError, SecretsFound
from gremio.publishing import publish as publishing
from gremio.publishing.proof.facts import differences
from gremio.publishing.proof.object_facts import facts_of

SHELF = Path(__file__).parents[3] / "shelf"

pytestmark = [
    # diffusers passes the Hub's client an argument that it no longer takes, and numpy tensors of torch.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument:UserWarning"),
]


@pytest.fixture(autouse=True)
def _logged_in(one_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As maria."""
    monkeypatch.setenv("HF_TOKEN", one_hub.token)


def push(obj: Any, repo_id: str = "maria/work", **how: Any) -> Any:
    """Without the proof by processes, which takes ten seconds; ``loads`` does the same in this one."""
    return gremio.push_to_hub(obj, repo_id, **{"verify": False, **how})


def loads(obj: Any, done: Any, *, plain: bool = True, **how: Any) -> Any:
    """The commit is the object, by Gremio, pinned to exactly that code, and by plain diffusers."""
    expected = facts_of(obj)
    grant = [done.digest] if done.digest else None
    ours = DiffusionPipeline.from_pretrained(done.repo_id, revision=done.commit, trust_remote_code=grant, **how)
    assert differences(expected, facts_of(ours)) == ()
    if plain:
        theirs = diffusers.DiffusionPipeline.from_pretrained(
            done.repo_id, revision=done.commit, trust_remote_code=True, **how
        )
        assert differences(expected, facts_of(theirs)) == ()
    return ours


@pytest.mark.usefixtures("loads")
def test_the_tutorial_from_step_one_to_a_pinned_load(
    put: Callable[..., str],
    api: HfApi,
    show_one_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    forget_imports: None,
) -> None:
    """Custom UNet and custom pipeline by plain imports, pushed in one step, loaded by commit by anybody (D28)."""
    put("showlab/show-1-base", show_one_folder)
    here = tmp_path / "here"
    here.mkdir()
    for file in show_one_folder.rglob("*.py"):
        shutil.copy(file, here)
    monkeypatch.syspath_prepend(str(here))
    pipeline_id = "showlab/show-1-base"
    from pipeline_t2v_base_pixel import TextToVideoIFPipeline  # type: ignore[import-not-found]
    from showone_unet_3d_condition import ShowOneUNet3DConditionModel  # type: ignore[import-not-found]

    pipeline = TextToVideoIFPipeline(
        unet=ShowOneUNet3DConditionModel.from_pretrained(pipeline_id, subfolder="unet"),
        text_encoder=T5EncoderModel.from_pretrained(pipeline_id, subfolder="text_encoder"),
        tokenizer=T5Tokenizer.from_pretrained(pipeline_id, subfolder="tokenizer"),
        scheduler=diffusers.DPMSolverMultistepScheduler.from_pretrained(pipeline_id, subfolder="scheduler"),
        feature_extractor=CLIPImageProcessor.from_pretrained(pipeline_id, subfolder="feature_extractor"),
    )
    done = gremio.push_to_hub(pipeline, "custom-t2v-pipeline")
    assert done.repo_id == "maria/custom-t2v-pipeline"
    assert [attempt.verdict for attempt in done.proof.attempts] == ["ok", "ok"]
    ours = DiffusionPipeline.from_pretrained(done.repo_id, trust_remote_code=True, revision=done.commit)
    theirs = diffusers.DiffusionPipeline.from_pretrained(done.repo_id, trust_remote_code=True, revision=done.commit)
    films = [
        pipe("a red cat", num_inference_steps=2, generator=torch.manual_seed(0), output_type="pt").frames
        for pipe in (pipeline, ours, theirs)
    ]
    assert torch.equal(films[0], films[1])
    assert torch.equal(films[0], films[2])
    assert len(api.list_repo_commits(done.repo_id)) == 2  # the empty repository, and what was published


def test_an_authors_own_pipeline_and_unet(authors: dict[str, Any], sd_folder: Path) -> None:
    """Helpers that import helpers, a base class in another file; downloaded by both loaders."""
    pipe = authors["AuthorPipeline"].from_pretrained(str(sd_folder))
    pipe.register_modules(unet=authors["FinalNet"].from_pretrained(sd_folder, subfolder="unet"))
    done = push(pipe)
    assert done.publication.limits == ()
    for name in AUTHOR:
        sys.modules.pop(name.removesuffix(".py"), None)
    loads(pipe, done)


def test_a_pipeline_of_the_shelf_in_shards_of_a_variant(sd_folder: Path) -> None:
    """With the weights of a model but for a component that is None, pinned to what was pushed.

    A push saves into a folder first: what each pipeline and option make of that is asked in ``test_pipelines``.
    """
    how = {"custom_pipeline": SHELF / "long_prompt", "dtype": torch.float16, "feature_extractor": None}
    pipe = DiffusionPipeline.from_pretrained(sd_folder, **how)
    done = push(pipe, variant="fp16", max_shard_size=20_000)
    assert "unet/diffusion_pytorch_model.fp16.safetensors" not in done.publication.files
    assert loads(pipe, done, variant="fp16").feature_extractor is None


def test_the_scheduler_of_the_shelf(sd_folder: Path) -> None:
    """In a pipeline, and by itself."""
    ember = gremio.load_class(SHELF / "ember_scheduler" / "scheduler" / "ember_scheduler.py")
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    pipe.scheduler = ember.from_config(pipe.scheduler.config)
    loads(pipe, push(pipe))
    alone = push(pipe.scheduler, "maria/ember")
    loaded = gremio.load_class(alone.repo_id, custom_revision=alone.commit, trust_remote_code=[alone.digest])
    again = loaded.from_pretrained(alone.repo_id, revision=alone.commit)
    assert differences(facts_of(pipe.scheduler), facts_of(again)) == ()


def test_names_that_clash(authors: dict[str, Any], modules: Callable[..., list[ModuleType]], sd_folder: Path) -> None:
    """``layers.py`` of the UNet and of the VAE, downloaded and copied into one folder by plain diffusers."""
    source = "from diffusers import {base}\nfrom .layers import mark\n\n\nclass {name}({base}):\n    mark = mark\n"
    files = {
        "north/__init__.py": "",
        "north/model.py": source.format(base="UNet2DConditionModel", name="NorthNet"),
        "north/layers.py": "mark = 1\n",
        "south/__init__.py": "",
        "south/model.py": source.format(base="AutoencoderKL", name="SouthVae"),
        "south/layers.py": "mark = 2\n",
    }
    unet, vae = modules(files, "north.model", "south.model")
    pipe = authors["AuthorPipeline"].from_pretrained(str(sd_folder))
    pipe.register_modules(
        unet=unet.NorthNet.from_pretrained(sd_folder, subfolder="unet"),
        vae=vae.SouthVae.from_pretrained(sd_folder, subfolder="vae"),
    )
    done = push(pipe)
    loads(pipe, done)
    theirs = diffusers.DiffusionPipeline.from_pretrained(done.repo_id, revision=done.commit, trust_remote_code=True)
    assert (theirs.unet.mark, theirs.vae.mark) == (1, 2)


def test_an_option_that_there_is_not() -> None:
    """It is refused by its name, before anything is done."""
    with pytest.raises(TypeError, match=r"push_to_hub\(\) got unexpected arguments: privat$"):
        push(object(), privat=True)


def test_publishing_again(api: HfApi, modules: Callable[..., list[ModuleType]], sd_folder: Path) -> None:
    """Nothing new is nothing sent and no commit; a change is one commit, and what it no longer needs goes with it."""
    (module,) = modules(AUTHOR, "author_pipeline")
    pipe = module.AuthorPipeline.from_pretrained(str(sd_folder))
    first = push(pipe)
    assert push(pipe).commit == first.commit
    assert push(pipe).pushed.uploaded == ()
    api.upload_file(path_or_fileobj=b"a picture", path_in_repo="castle.png", repo_id="maria/work")
    for name in ("author_pipeline", "wrapping", "brackets"):
        del sys.modules[name]
    text = AUTHOR["author_pipeline.py"].replace("import wrapping\n", "").replace('wrapping.wrapped("plain")', '"plain"')
    (module,) = modules({"author_pipeline.py": text}, "author_pipeline")
    pipe = module.AuthorPipeline(**pipe.components)
    second = push(pipe)
    assert set(second.pushed.uploaded) == {"author_pipeline.py", "model_index.json", "README.md"}
    assert set(second.pushed.deleted) == {"wrapping.py", "brackets.py"}
    assert "castle.png" in api.list_repo_files("maria/work")
    assert loads(pipe, second).style == "plain"
    old = DiffusionPipeline.from_pretrained("maria/work", revision=first.commit, trust_remote_code=[first.digest])
    assert old.style == "(plain)"


def test_two_publishers_at_once(sd_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them publishes all of hers; the other is told, and nothing of his is there."""
    pipes = [
        DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / name)
        for name in ("long_prompt", "prompt_walk")
    ]
    push(DiffusionPipeline.from_pretrained(sd_folder))
    waiting = threading.Barrier(2)
    uploading = publishing.upload

    def together(*args: Any, **kwargs: Any) -> Any:
        waiting.wait(30)
        return uploading(*args, **kwargs)

    monkeypatch.setattr(publishing, "upload", together)
    ended: list[Any] = []

    def run(pipe: Any) -> None:
        try:
            ended.append(push(pipe))
        except BranchMoved as error:
            ended.append(error)

    threads = [threading.Thread(target=run, args=(pipe,)) for pipe in pipes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (refused,) = [each for each in ended if isinstance(each, BranchMoved)]
    (done,) = [each for each in ended if not isinstance(each, BranchMoved)]
    assert "nothing was published" in str(refused)
    monkeypatch.setattr(publishing, "upload", uploading)
    winner = next(pipe for pipe in pipes if type(pipe).__name__ == done.publication.class_name)
    loads(winner, done)


def test_a_pull_request(api: HfApi, sd_folder: Path) -> None:
    """The branch stays; what the request has can be loaded by its commit."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    before = push(pipe)
    painter = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt")
    done = push(painter, create_pr=True)
    assert done.pushed.pull_number == 1
    assert api.repo_info("maria/work").sha == before.commit
    loads(painter, done)


@pytest.mark.usefixtures("loads")
def test_what_does_not_load_is_told_with_the_reason(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path
) -> None:
    """A class that only works on its author's machine."""
    source = (
        "import sys\nfrom diffusers import StableDiffusionPipeline\n\n"
        'if "pytest" not in sys.modules:\n    raise OSError("not at home")\n\n\n'
        "class Homebound(StableDiffusionPipeline):\n    pass\n"
    )
    (module,) = modules({"homebound.py": source}, "homebound")
    pipe = module.Homebound.from_pretrained(str(sd_folder))
    with pytest.raises(NotProven, match="not at home") as caught:
        push(pipe, verify=True)
    assert "maria/work" in str(caught.value)


def test_what_can_not_be_proven_is_not_uploaded(
    modules: Callable[..., list[ModuleType]], api: HfApi, sd_folder: Path
) -> None:
    """A package that is no package is seen by reading, before anything is sent; ``verify=False`` leaves it to her."""
    sys.modules["only_here"] = ModuleType("only_here")
    source = "from diffusers import StableDiffusionPipeline as Base\nimport only_here\n\n\nclass Lost(Base): ...\n"
    try:
        (module,) = modules({"lost.py": source}, "lost")
        pipe = module.Lost.from_pretrained(str(sd_folder))
    finally:
        del sys.modules["only_here"]
    with pytest.raises(MissingPackages, match="only_here"):
        push(pipe, verify=True)
    assert not api.repo_exists("maria/work")
    push(pipe)
    assert api.repo_exists("maria/work")


def test_a_secret_stops_it(api: HfApi, modules: Callable[..., list[ModuleType]], sd_folder: Path) -> None:
    """File and line, and no repository was made."""
    token = "hf_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz1"
    text = AUTHOR["author_pipeline.py"] + f'\nTOKEN = "{token}"\n'
    (module,) = modules({**AUTHOR, "author_pipeline.py": text}, "author_pipeline")
    pipe = module.AuthorPipeline.from_pretrained(str(sd_folder))
    with pytest.raises(SecretsFound, match=r"author_pipeline\.py") as caught:
        push(pipe)
    assert token not in str(caught.value)
    assert not api.repo_exists("maria/work")


def test_other_python_files_of_the_repository(put: Callable[..., str], sd_folder: Path) -> None:
    """They would be part of what people trust: refused, or deleted where that is asked for."""
    put("maria/work", {"train.py": "print('training')\n"})
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt")
    with pytest.raises(PublishError, match=r"train\.py"):
        push(pipe)
    done = push(pipe, replace_code=True)
    assert done.pushed.deleted == ("train.py",)
    loads(pipe, done)


def test_where_it_came_from_is_in_the_index_and_in_the_card(
    put: Callable[..., str], api: HfApi, sd_folder: Path
) -> None:
    """Commit and digest of the code, and the model that the weights are of."""
    code = put("ana/painter", {"pipeline.py": (SHELF / "long_prompt" / "pipeline.py").read_text()})
    weights = put("ana/weights", sd_folder)
    pipe = DiffusionPipeline.from_pretrained(
        "ana/weights", revision=weights, custom_pipeline="ana/painter", custom_revision=code, trust_remote_code=True
    )
    done = push(pipe)
    card = Path(api.hf_hub_download(done.repo_id, "README.md")).read_text()
    index = json.loads(Path(api.hf_hub_download(done.repo_id, "model_index.json")).read_text())
    for text in (card, json.dumps(index)):
        assert code in text
        assert str(pipe.gremio.digest) in text
    assert "base_model: ana/weights" in card
    assert done.pushed.tag in card
    assert api.repo_info(done.repo_id, revision=done.pushed.tag).sha == done.commit
    again = DiffusionPipeline.from_pretrained(done.repo_id, revision=done.commit, trust_remote_code=True)
    assert again.gremio.pipeline.before[0]["repo"] == "ana/painter"


def test_with_install_the_plain_methods_do_it(one_hub: Any, sd_folder: Path, tmp_path: Path) -> None:
    """``pipe.save_pretrained`` and ``push_to_hub`` of pipelines and components, and afterwards diffusers' own again."""
    painter = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt")
    gremio.install()
    try:
        painter.save_pretrained(tmp_path / "saved")
        url = painter.save_pretrained(tmp_path / "pushed", push_to_hub=True, repo_id="maria/work", verify=False)
        page = painter.unet.push_to_hub("maria/unet", "Add it", verify=False)
    finally:
        gremio.uninstall()
    assert (tmp_path / "saved" / "pipeline.py").is_file()
    assert url is None  # as in diffusers
    assert page.startswith(f"{one_hub.endpoint}/maria/unet")
    assert diffusers.DiffusionPipeline.save_pretrained.__module__ == "diffusers.pipelines.pipeline_utils"
    painter.save_pretrained(tmp_path / "plain")
    assert not (tmp_path / "plain" / "pipeline.py").exists()
