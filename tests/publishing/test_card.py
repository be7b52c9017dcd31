"""The card: what is told, what is kept, and that it comes out the same again."""

from __future__ import annotations

import json
import subprocess
import sys
from difflib import ndiff
from typing import Any

import pytest
from huggingface_hub import ModelCard

from gremio.code import CodeTree, Origin
from gremio.code.review import read
from gremio.errors import PublishError
from gremio.publishing.card.card import BEGIN, END, card
from gremio.publishing.card.recorded_files import recorded_files
from gremio.publishing.publication import Edit, Publication
from gremio.sources.record import CodeSource

CODE = '''
import torchsde
from diffusers import DiffusionPipeline


class CastlePipeline(DiffusionPipeline):
    """Draws castles.

    And nothing else <!-- at all -->.
    """

    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    def __call__(self, prompt, height=64):
        return prompt
'''


def published(kind: Any = "code", code: str = CODE, name: str = "CastlePipeline", **more: Any) -> Publication:
    """A publication of one file, read as it is read for publishing."""
    files = {"pipeline.py": code.encode(), **more.pop("files", {})}
    tree = CodeTree({"pipeline.py": code.encode()}, "pipeline.py", Origin("local", "castle"))
    return Publication(kind, name, files, tree, read(tree), **more)


def test_a_new_card() -> None:
    """Metadata, what it is, both ways to use it, packages, digest, provenance."""
    source = CodeSource("", "CastlePipeline", "hub", "ana/castle", "c" * 40, "pipeline.py", "sha256:" + "d" * 64)
    publication = published(
        model=("ana/weights", "b" * 40),
        sources=(source,),
        edits=(Edit("pipeline.py", 2, "from x import y", "from .x import y"),),
    )
    text = card(publication, repo_id="maria/castle", license="mit")
    data = ModelCard(text).data.to_dict()
    assert data == {
        "library_name": "diffusers",
        "pipeline_tag": "text-to-image",
        "base_model": "ana/weights",
        "tags": ["diffusers", "gremio", "custom-pipeline"],
        "license": "mit",
    }
    digest = str(publication.tree.digest) if publication.tree else ""
    for wanted in (
        "# castle",
        "Draws castles.",
        f'custom_revision="{publication.tag}"',
        f'trust_remote_code=["{digest}"]',
        'custom_pipeline="maria/castle"',
        '"ana/weights",',
        "trust_remote_code=True",
        "pip install torchsde",
        f"[ana/castle](https://huggingface.co/ana/castle/tree/{'c' * 40})",
        "weights: [ana/weights]",
        "from x import y → from .x import y",
    ):
        assert wanted in text, wanted
    assert "And nothing else" not in text
    assert recorded_files(text) == {"pipeline.py"}


@pytest.mark.parametrize(
    ("kind", "index", "wanted"),
    [
        ("pipeline", "model_index.json", "DiffusionPipeline.from_pretrained("),
        ("code", "", "DiffusionPipeline.from_pretrained("),
        ("component", "", "load_class("),
        ("blocks", "", "blocks = load_blocks("),
        ("blocks", "modular_model_index.json", "ModularPipeline.from_pretrained("),
    ],
)
def test_the_snippets_are_python(kind: Any, index: str, wanted: str) -> None:
    """Whatever is published, what a reader copies is code, and the first is Gremio's."""
    text = card(published(kind, files={index: b"{}"} if index else {}), repo_id="maria/castle")
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    assert len(blocks) == 2
    assert wanted in blocks[0]
    for block in blocks:
        compile(block, "card", "exec")


def test_what_plain_diffusers_cannot_do_is_said() -> None:
    """In place of a snippet that would fail."""
    text = card(published(limits=("it imports a package of helpers",)), repo_id="maria/castle")
    assert "Diffusers alone can't load it:\n\n- it imports a package of helpers" in text
    assert text.count("```python") == 1


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (
            {"config.json": b"{}", "model.safetensors": b"w"},
            ["AutoModel.from_pretrained", "CastlePipeline.from_pretrained"],
        ),
        ({"config.json": b"{}"}, ["get_class_from_dynamic_module", "load_class"]),
        ({"scheduler_config.json": b"{}"}, ["pipe.scheduler = CastlePipeline", "get_class_from_dynamic_module"]),
    ],
)
def test_how_a_component_is_loaded(files: dict[str, bytes], wanted: list[str]) -> None:
    """diffusers has an automatic class for models with weights alone; of a class without weights there is the class."""
    text = card(published("component", files=files), repo_id="maria/castle")
    for part in wanted:
        assert part in text
    assert ("component = " in text) is ("model.safetensors" in files)


def test_a_pull_request_has_no_tag() -> None:
    """Merging makes another commit; the code is pinned all the same."""
    publication = published("pipeline")
    text = card(publication, repo_id="maria/castle", tagged=False)
    assert publication.tag not in text
    assert f'trust_remote_code=["{publication.tree.digest if publication.tree else ""}"]' in text


def test_a_variant_has_to_be_asked_for() -> None:
    """Where there are no other weights."""
    one = {"unet/diffusion_pytorch_model.fp16.safetensors": b"w"}
    assert card(published("pipeline", files=one), repo_id="m/c").count('variant="fp16"') == 2
    both = {**one, "vae/diffusion_pytorch_model.safetensors": b"w"}
    assert "variant=" not in card(published("pipeline", files=both), repo_id="m/c")


def test_the_record_stands_in_one_place() -> None:
    """In the index if it is there, else in the card, where two hyphens must not end the comment."""
    index = json.dumps({"_gremio": {"files": ["pipeline.py", "model_index.json"]}}).encode()
    assert recorded_files(index) == {"pipeline.py", "model_index.json"}
    assert not recorded_files(card(published("pipeline", files={"model_index.json": index}), repo_id="m/c"))
    assert recorded_files(card(published(files={"a-->b.txt": b""}), repo_id="m/c")) == {"pipeline.py", "a-->b.txt"}
    assert (
        recorded_files(b"[]") == recorded_files(b"\xff") == recorded_files("x") == recorded_files(None) == frozenset()
    )


EXISTING = """---
# what I chose
license:   mit   # really
language: [en, es]
tags:
  - castle  # mine
  - diffusers

# odd spacing stays
widget:
- text: "a  castle"
library_name: other
---

#  My castle

Hand-made --- all of it.
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_the_author_wrote_stays(newline: str) -> None:
    """Byte for byte: comments, order, spacing; only what is missing is added."""
    existing = EXISTING.replace("\n", newline)
    text = card(published(), repo_id="maria/castle", existing=existing)
    lost = [line for line in ndiff(existing.split(newline), text.split(newline)) if line.startswith("- ")]
    assert lost == []
    assert "\n" not in text.replace(newline, "")
    data = ModelCard(text).data.to_dict()
    assert data["tags"] == ["castle", "diffusers", "gremio", "custom-pipeline"]
    assert (data["library_name"], data["license"], data["pipeline_tag"]) == ("other", "mit", "text-to-image")


@pytest.mark.parametrize("existing", [None, "", EXISTING, "no metadata at all", EXISTING.replace("\n", "\r\n")])
def test_publishing_twice_gives_the_same_card(existing: str | None) -> None:
    """Nothing is added again."""
    first = card(published(), repo_id="maria/castle", existing=existing)
    assert card(published(), repo_id="maria/castle", existing=first) == first


def test_our_part_is_replaced_where_it_stands() -> None:
    """What the author wrote below it stays below."""
    first = card(published(), repo_id="maria/castle") + "\nMy thanks.\n"
    changed = card(published(code=CODE.replace("castles", "forts")), repo_id="maria/castle", existing=first)
    assert changed.endswith(f"{END}\n\nMy thanks.\n")
    assert "Draws forts." in changed
    assert "Draws castles." not in changed


def test_what_is_passed_wins() -> None:
    """Over the card that is there; tags are joined."""
    text = card(published(), repo_id="m/c", existing=EXISTING, license="apache-2.0", tags=["fort"], base_model="a/b")
    data = ModelCard(text).data.to_dict()
    assert (data["license"], data["base_model"]) == ("apache-2.0", "a/b")
    assert data["tags"][-1] == "fort"
    assert "# odd spacing stays" in text


@pytest.mark.parametrize("existing", ["---\n{license: mit, tags: [a]}\n---\nx\n", "---\na: &x [b]\ntags: *x\n---\nx\n"])
def test_metadata_without_lines_of_its_own(existing: str) -> None:
    """It is written anew, with all that was in it."""
    text = card(published(), repo_id="m/c", existing=existing)
    before, data = ModelCard(existing).data.to_dict(), ModelCard(text).data.to_dict()
    assert {**data, "tags": before["tags"]} == {**data, **before}
    assert set(before["tags"]) < set(data["tags"])


@pytest.mark.parametrize(
    "existing",
    [
        "---\nlicense: [mit\n---\nx\n",
        "---\n- a\n---\nx\n",
        "---\nlicense: mit\n\n# no end\n",
        f"x\n{BEGIN}\n",
        f"{END}\n{BEGIN}\n",
        f"{BEGIN}\n{BEGIN}\n{END}\n",
    ],
)
def test_what_cannot_be_extended_is_left_alone(existing: str) -> None:
    """With the place to mend."""
    with pytest.raises(PublishError, match=r"maria/castle: [\s\S]*Nothing was changed"):
        card(published(), repo_id="maria/castle", existing=existing)


@pytest.mark.parametrize(
    ("signature", "name", "task"),
    [
        ("prompt", "CastlePipeline", "text-to-image"),
        ("prompt, image=None, mask_image=None", "CastlePipeline", "text-to-image"),
        ("prompt, image", "CastlePipeline", "image-to-image"),
        ("prompt, image=None", "CastleImg2ImgPipeline", "image-to-image"),
        ("prompt, num_frames=16", "CastlePipeline", "text-to-video"),
        ("image, num_frames=16", "CastlePipeline", "image-to-video"),
        ("video, prompt, num_frames=16", "CastlePipeline", "video-to-video"),
        ("prompt, audio_length_in_s=5", "CastlePipeline", "text-to-audio"),
        ("batch_size=1, num_inference_steps=5", "CastlePipeline", "unconditional-image-generation"),
        ("prompt, image", "CastleControlNetPipeline", None),
        ("sample", "CastlePipeline", None),
    ],
)
def test_the_task(signature: str, name: str, task: str | None) -> None:
    """Told by the call and the name, left out where they don't say."""
    code = CODE.replace("prompt, height=64", signature).replace("CastlePipeline", name).replace("return prompt", "pass")
    assert ModelCard(card(published(code=code, name=name), repo_id="m/c")).data.get("pipeline_tag") == task


def test_no_torch_is_loaded() -> None:
    """Publishing belongs to the half that manages."""
    code = (
        "import sys, gremio.publishing.upload.upload, gremio.publishing.card.card, gremio.publishing.secrets;"
        "print({'torch', 'diffusers', 'transformers', 'huggingface_hub'} & sys.modules.keys() or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
