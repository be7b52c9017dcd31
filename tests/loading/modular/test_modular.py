"""Modular pipelines: blocks and components, each through the gate, each from its own place."""

from __future__ import annotations

import json

import diffusers
import pytest
import torch
from tests.samples.modular import BLOCKS, CODE_OF_BLOCKS, HELPER, INDEX, modular_index, net, written

import gremio
from gremio import ModularPipeline
from gremio.errors import CodeChanged, ComponentMissing, NotTrusted, Unavailable


def _drawn(pipe):
    generator = torch.Generator().manual_seed(0)
    return pipe(prompt="a fox", num_inference_steps=1, height=32, width=32, generator=generator, output="images")[0]


@pytest.mark.parametrize("modular", [False, True])
def test_a_model_without_code_is_what_diffusers_makes(sd3, tmp_path, modular):
    """From an ordinary index and from a modular one: class, specs, components, and what is drawn."""
    folder = sd3
    if modular:
        folder = tmp_path / "modular"
        saved = diffusers.ModularPipeline.from_pretrained(str(sd3))
        saved.load_components()
        saved.save_pretrained(str(folder), overwrite_modular_index=True)
    ours, theirs = (each.from_pretrained(str(folder)) for each in (ModularPipeline, diffusers.ModularPipeline))
    for each in (ours, theirs):
        each.load_components(dtype=torch.float32)
    assert isinstance(ours, diffusers.StableDiffusion3ModularPipeline)
    assert isinstance(ours, ModularPipeline)
    assert {n: type(c) for n, c in ours.components.items()} == {n: type(c) for n, c in theirs.components.items()}
    assert dict(ours.config) == dict(theirs.config)
    assert _drawn(ours).tobytes() == _drawn(theirs).tobytes()
    assert ours.gremio.pipeline is None


def test_blocks_and_a_component_of_one_repository(castle, hub, put):
    """Both of one commit with their helpers: one resolution, and the second time no request at all."""
    put("maria/castle", {**net(weight=5, folder="net"), "arithmetic.py": "1 / 0"})
    for resolutions in (1, 0):
        del hub.requests[:]
        pipe = ModularPipeline.from_pretrained("maria/castle", revision=castle, trust_remote_code=True)
        pipe.load_components()
        assert pipe(number=2, output="number") == 61
        assert len([path for _, path in hub.requests if "/revision/" in path]) == resolutions
        assert bool(hub.requests) == bool(resolutions)
    made = pipe.gremio
    assert (made.model_commit, made.commit, made.components["net"].commit, made.weights["net"].commit) == (castle,) * 4
    assert (made.pipeline.class_name, made.components["net"].entry) == ("AddBlock", "net/little_net.py")
    assert str(made.digest) == gremio.read("maria/castle", custom_revision=castle).digest


def test_offline_what_was_loaded_loads(castle, put):
    """By commit and by branch, from the cache alone; what was never here is unavailable."""
    put("ana/other", {INDEX: modular_index("ana/other")})
    loading = {"trust_remote_code": True, "local_files_only": True}
    ModularPipeline.from_pretrained("maria/castle", trust_remote_code=True).load_components()
    for revision in (castle, None):
        pipe = ModularPipeline.from_pretrained("maria/castle", revision=revision, **loading)
        pipe.load_components()
        assert pipe.net is not None
    with pytest.raises(Unavailable):
        ModularPipeline.from_pretrained("ana/other", **loading)


@pytest.mark.parametrize("local", [False, True])
def test_nothing_of_a_model_runs_unasked(put, tmp_path, local):
    """Neither blocks nor components, wherever the model lies; and code that changed is refused with its diff."""
    ran = tmp_path / "ran"
    mark = f"open({str(ran)!r}, 'a').close()\n"
    files = {**CODE_OF_BLOCKS, INDEX: modular_index("maria/castle"), **net(folder="net")}
    files |= {"add_block.py": mark + BLOCKS, "net/factor.py": mark + "FACTOR = 1\n"}
    put("maria/castle", files)
    model = str(written(files, tmp_path / "castle")) if local else "maria/castle"
    with pytest.raises(NotTrusted, match="entry add_block") as refused:
        ModularPipeline.from_pretrained(model)
    assert "trust_remote_code=True" in refused.value.next_step
    blocks = gremio.load_blocks(written(CODE_OF_BLOCKS, tmp_path / "mine"))
    pipe = ModularPipeline.from_pretrained(model, blocks=blocks)
    with pytest.raises(NotTrusted, match=r"net/little_net\.py"):
        pipe.load_components()
    assert not ran.exists()
    ModularPipeline.from_pretrained(model, trust_remote_code=[refused.value.digest]).load_components()
    assert ran.exists()
    put("maria/castle", {"arithmetic.py": "def added(number):\n    return number + 2\n"})
    if not local:
        with pytest.raises(CodeChanged, match=r"\+    return number \+ 2"):
            ModularPipeline.from_pretrained(model, trust_remote_code=True)


def test_code_of_another_repository_is_granted_by_its_name(put):
    """Neither call's True reaches it; the refusal names the component, the repository and the argument."""
    put("ana/net", net(weight=2))
    put("maria/castle", {**CODE_OF_BLOCKS, INDEX: modular_index("ana/net", folder="")})
    pipe = ModularPipeline.from_pretrained("maria/castle", trust_remote_code=True)
    with pytest.raises(NotTrusted, match="for the component net") as refused:
        pipe.load_components(trust_remote_code=True)
    assert refused.value.ref == "ana/net"
    assert "trust_remote_code=['ana/net']" in refused.value.next_step
    assert "revision={'net': '" in refused.value.next_step
    assert pipe.net is None
    for grant in (["ana/net"], [refused.value.digest]):
        again = ModularPipeline.from_pretrained("maria/castle", trust_remote_code=True)
        again.load_components(trust_remote_code=grant)
        assert again(number=1, output="number") == 21
    made = again.gremio
    assert (made.components["net"].repo, made.components["net"].reason) == ("ana/net", "granted by digest")
    assert made.weights["net"].repo == "ana/net"
    assert again.config["net"][2]["pretrained_model_name_or_path"] == "ana/net"


def test_true_means_the_code_that_the_call_names(castle, put):
    """Blocks from elsewhere take the grant with them; said to ``load_components``, it means the model."""
    put("ana/blocks", CODE_OF_BLOCKS)
    pipe = ModularPipeline.from_pretrained("maria/castle", blocks="ana/blocks", trust_remote_code=True)
    assert pipe.gremio.pipeline.repo == "ana/blocks"
    with pytest.raises(NotTrusted):
        pipe.load_components()
    pipe.load_components(trust_remote_code=True)
    assert pipe(number=1, output="number") == 31


def test_a_commit_in_a_spec_pins_its_component(put):
    """Another repository's, in the index or in the call."""
    old = put("ana/net", net(weight=2))
    put("ana/net", net(weight=7))
    put("maria/castle", {**CODE_OF_BLOCKS, INDEX: modular_index("ana/net", folder="", revision=old)})
    pipe = ModularPipeline.from_pretrained("maria/castle", trust_remote_code=[True, "ana/net"])
    pipe.load_components()
    assert pipe(number=1, output="number") == 21
    pipe.load_components("net", revision={"net": "main"})
    assert pipe(number=1, output="number") == 71
    assert pipe.get_component_spec("net").revision == "main"


def test_blocks_put_among_others(put, tmp_path):
    """Two files of one name stay two; each is told by its place, and the components go through the gate."""
    doubling = HELPER.replace("number + 1", "2 * number")
    mine = written({**CODE_OF_BLOCKS, "arithmetic.py": doubling}, tmp_path / "mine")
    put("ana/blocks", CODE_OF_BLOCKS)
    put("maria/castle", {INDEX: modular_index("maria/castle"), **net(folder="net")})
    theirs = gremio.load_blocks("ana/blocks", trust_remote_code=True)
    both = diffusers.SequentialPipelineBlocks.from_blocks_dict({"add": theirs, "double": gremio.load_blocks(mine)})
    pipe = ModularPipeline.from_pretrained("maria/castle", blocks=both)
    assert {name: code.repo for name, code in pipe.gremio.blocks.items()} == {"add": "ana/blocks", "double": str(mine)}
    with pytest.raises(NotTrusted):
        pipe.load_components()
    pipe.load_components(trust_remote_code=True)
    assert pipe(number=1, output="number") == 220


def test_blocks_make_a_pipeline_with_the_same_gate(put):
    """``init_pipeline`` of what ``load_blocks`` gives is ours, with managers as in diffusers."""
    put("ana/net", net())
    put("maria/castle", {**CODE_OF_BLOCKS, INDEX: modular_index("ana/net", folder="")})
    blocks = gremio.load_blocks("maria/castle", trust_remote_code=True)
    manager = diffusers.ComponentsManager()
    pipe = blocks.init_pipeline("maria/castle", components_manager=manager, collection="mine", local_files_only=False)
    assert pipe.blocks is not blocks
    with pytest.raises(NotTrusted):
        pipe.load_components()
    pipe.load_components(trust_remote_code=["ana/net"], dtype={"net": "float16"})
    assert pipe.net.dtype == torch.float16
    assert list(manager.collections) == ["mine"]
    assert blocks.init_pipeline().net is None


WORDS = """
from diffusers import ModularPipelineBlocks
from diffusers.modular_pipelines import ComponentSpec
from transformers import AutoTokenizer


class WordsBlock(ModularPipelineBlocks):
    @property
    def expected_components(self):
        return [ComponentSpec("tokenizer", AutoTokenizer, pretrained_model_name_or_path="ana/words")]
"""


def test_code_that_transformers_would_ask_about(put, write, monkeypatch):
    """Nothing is asked on the terminal, and the code that a spec of the blocks' own leads to needs a grant."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked"))
    config = {"tokenizer_class": "Mine", "auto_map": {"AutoTokenizer": ["mine.Mine", None]}}
    code = "from transformers import BertTokenizer\n\n\nclass Mine(BertTokenizer):\n    pass\n"
    put("ana/words", {"mine.py": code, "tokenizer_config.json": json.dumps(config), "vocab.txt": "[UNK]\n[PAD]\nfox\n"})
    pipe = gremio.load_blocks(write(WORDS)).init_pipeline()
    with pytest.raises(NotTrusted, match="for the component tokenizer"):
        pipe.load_components()
    pipe.load_components(trust_remote_code=["ana/words"])
    assert type(pipe.tokenizer).__name__ == "Mine"
    assert pipe.gremio.components["tokenizer"].repo == "ana/words"


def test_blocks_bring_what_lies_in_their_repository(put):
    """By the commit and the grant of their code, whether it is named as blocks or as a model without an index."""
    place = 'ComponentSpec("net", AutoModel, pretrained_model_name_or_path="ana/blocks", subfolder="net")'
    blocks = BLOCKS.replace('ComponentSpec("net", AutoModel)', place)
    old = put("ana/blocks", {**CODE_OF_BLOCKS, "add_block.py": blocks, **net(weight=2, folder="net")})
    put("ana/blocks", net(weight=7, folder="net"))
    loaded = gremio.load_blocks("ana/blocks", custom_revision=old, trust_remote_code=True).init_pipeline()
    found = ModularPipeline.from_pretrained("ana/blocks", revision=old, trust_remote_code=True)
    for pipe in (loaded, found):
        pipe.load_components()
        assert pipe(number=1, output="number") == 21
        assert pipe.gremio.weights["net"].commit == old


@pytest.mark.parametrize("where", ["community", "file"])
def test_blocks_in_one_file(put, write, where):
    """Of Diffusers' community folder by name, or of one's own by path: both run as pipelines there do."""
    code = BLOCKS.replace("from .arithmetic import added", "added = abs")
    put("diffusers/community-pipelines-mirror", {"main/add_block.py": code}, repo_type="dataset")
    ref = "add_block" if where == "community" else write(code, "add_block.py")
    pipe = ModularPipeline.from_pretrained(None, blocks=ref)
    pipe.update_components(net=torch.nn.Identity())
    assert pipe(number=-3, output="number") == 3
    assert pipe.gremio.pipeline.source == ("mirror" if where == "community" else "local")


def test_blocks_that_were_put_together_come_back_as_the_default(sd3, tmp_path, caplog):
    """Of such blocks nothing is saved; diffusers takes those of the class, and here that is told."""
    saved = diffusers.ModularPipeline.from_pretrained(str(sd3), workflow="text2image")
    saved.save_pretrained(str(tmp_path / "saved"), overwrite_modular_index=True)
    pipe = ModularPipeline.from_pretrained(tmp_path / "saved")
    assert isinstance(pipe.blocks, diffusers.StableDiffusion3AutoBlocks)
    assert "taking StableDiffusion3AutoBlocks" in caplog.text


def test_blocks_as_the_first_were_published(put, caplog):
    """Named in ``config.json``; what their author says that they need is told where it is not here."""
    config = json.loads(CODE_OF_BLOCKS["modular_config.json"]) | {"requirements": {"torch": ">=99", "json": "1"}}
    files = {path: data for path, data in CODE_OF_BLOCKS.items() if path != "modular_config.json"}
    put("ana/blocks", {**files, "config.json": json.dumps(config)})
    pipe = ModularPipeline.from_pretrained("ana/blocks", trust_remote_code=True)
    assert type(pipe.blocks).__name__ == "AddBlock"
    assert "asks for torch >=99, and" in caplog.text
    assert "asks for json 1, and none is installed" in caplog.text


def test_what_is_said_once_holds_until_it_is_said_otherwise(castle):
    """The dtype by either name, and where things may come from."""
    pipe = ModularPipeline.from_pretrained("maria/castle", torch_dtype="float16", trust_remote_code=True)
    pipe.load_components(device_map="cpu")
    assert pipe.net.dtype == torch.float16
    pipe.load_components("net", dtype=torch.float32)
    assert pipe.net.dtype == torch.float32
    cached = ModularPipeline.from_pretrained("maria/castle", local_files_only=True, trust_remote_code=True)
    with pytest.raises(Unavailable, match="the component net is said to lie there"):
        cached.load_components("net", pretrained_model_name_or_path="ana/never")
    cached.load_components()


def test_a_copy_of_a_repository_takes_what_lies_in_it(castle, api, put, tmp_path):
    """Its index still names the Hub; as in diffusers, what lies beside it comes first."""
    folder = tmp_path / "copy"
    api.snapshot_download("maria/castle", revision=castle, local_dir=folder)
    put("maria/castle", net(weight=5, folder="net"))
    pipe = ModularPipeline.from_pretrained(folder, trust_remote_code=True)
    pipe.load_components()
    assert pipe(number=1, output="number") == 31
    assert pipe.gremio.weights["net"].source == "local"


def test_a_folder_here_is_not_what_an_index_on_the_hub_means(castle, put, tmp_path, monkeypatch):
    """``ana/net`` of an index is the repository, whatever lies in the current directory."""
    put("ana/net", net(weight=2))
    commit = put("maria/castle", {INDEX: modular_index("ana/net", folder="")})
    written(net(weight=9), tmp_path / "here" / "ana" / "net")
    monkeypatch.chdir(tmp_path / "here")
    pipe = ModularPipeline.from_pretrained("maria/castle", revision=commit, trust_remote_code=[True, "ana/net"])
    pipe.load_components()
    assert pipe(number=1, output="number") == 21


def test_a_call_without_components_names_them(castle):
    """And what loads them; once they are there an error is the blocks' own."""
    pipe = ModularPipeline.from_pretrained("maria/castle", trust_remote_code=True)
    with pytest.raises(ComponentMissing, match="AddBlock failed without net") as missing:
        pipe(number=1)
    assert missing.value.names == ("net",)
    assert "load_components()" in missing.value.next_step
    pipe.load_components()
    with pytest.raises(TypeError):
        pipe(number=[])
