"""What a pull request to Diffusers' community folder needs, from code that nobody runs."""

from __future__ import annotations

import ast

import pytest

from gremio.code import CodeTree, Origin
from gremio.code.review import read
from gremio.errors import CodeError, NoClass, OptionError
from gremio.publishing.community.entry import COLUMNS, CommunityEntry, anchor, for_diffusers

PAINTER = '''
import torch
import kornia
from diffusers import DiffusionPipeline
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput


class LongPromptSDXLPipeline(DiffusionPipeline):
    """Paints long prompts,
    whose words may weigh | more.

    It knows two things:
    - words
    - weights

    This model inherits from [`DiffusionPipeline`], and so on.

    Args:
        unet: what denoises.
    """

    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    def __call__(self, prompt, strength: float, mask_image, num_inference_steps: int = 20, image=None, **kwargs):
        """Draw."""
        return ImagePipelineOutput(images=[])
'''
FILM = """
# Copyright 2026 Ana
from diffusers import StableDiffusionPipeline

class FilmPipeline(StableDiffusionPipeline):
    def __call__(self, image):
        return Output(frames=[])

class SecondPipeline(StableDiffusionPipeline):
    ...
"""


def entry(files: dict[str, str], *, class_name: str | None = None, **arguments: str) -> CommunityEntry:
    """The entry for a tree of these files."""
    tree = CodeTree({p: text.encode() for p, text in files.items()}, next(iter(files)), Origin("local", "somewhere"))
    facts = {"name": "long_prompt", "author": "ana"} | arguments
    return for_diffusers(tree, read(tree, class_name=class_name), **facts)  # type: ignore[arg-type]


def snippet(made: CommunityEntry) -> str:
    """The code of the section, which must be Python."""
    code = made.section.partition("```py\n")[2].partition("```")[0]
    ast.parse(code)
    return code


def test_file_row_and_section() -> None:
    """The class and its docstring become a row and a section; lists of arguments do not."""
    made = entry({"pipeline.py": PAINTER}, base_model="owner/sdxl")
    assert made.file == "examples/community/long_prompt.py"
    assert made.content == PAINTER
    assert made.row == (
        "| Long Prompt SDXL Pipeline | Paints long prompts, whose words may weigh &#124; more. "
        "| [Long Prompt SDXL Pipeline](#long-prompt-sdxl-pipeline) | - | [ana](https://github.com/ana) |"
    )
    assert made.row.count("|") == len(COLUMNS) + 1
    assert made.section.startswith("### Long Prompt SDXL Pipeline\n\nPaints long prompts, whose")
    assert "It knows two things:\n- words\n- weights" in made.section
    assert "`pip install kornia`" in made.section
    assert "inherits from" not in made.section
    assert "denoises" not in made.section


def test_the_snippet_calls_with_what_is_required() -> None:
    """What has no default is passed, and what only the author knows is left open and said."""
    made = entry({"pipeline.py": PAINTER}, base_model="owner/sdxl")
    code = snippet(made)
    assert '"owner/sdxl", custom_pipeline="long_prompt"' in code
    assert "strength=...,  # float" in code
    assert 'mask_image=load_image("mask_image.png")' in code
    assert "num_inference_steps=20" in code
    assert 'output.images[0].save("long_prompt.png")' in code
    assert "    image=" not in code
    assert any("leaves open: strength" in note for note in made.notes)
    assert any("leaves out image" in note for note in made.notes)


def test_films_are_exported_and_what_is_missing_is_said() -> None:
    """The output that __call__ builds decides how it is saved."""
    made = entry({"film.py": FILM}, class_name="FilmPipeline", name="film.py")
    code = snippet(made)
    assert "from diffusers.utils import export_to_video, load_image" in code
    assert 'export_to_video(output.frames[0], "film.mp4")' in code
    said = "\n".join(made.notes)
    assert "FilmPipeline has no docstring" in said
    assert "names no model" in said
    assert "one pipeline class in a file, and this one has FilmPipeline, SecondPipeline" in said
    assert "copyright" not in said
    assert "A pipeline that takes image." in made.row


@pytest.mark.parametrize(
    ("author", "written"),
    [
        ("@ana-lopez", "[ana-lopez](https://github.com/ana-lopez)"),
        ("Ana López (https://ana.example)", "[Ana López](https://ana.example)"),
        ("Ana López <https://ana.example>", "[Ana López](https://ana.example)"),
        ("[Ana](https://ana.example)", "[Ana](https://ana.example)"),
        ("Ana López", "Ana López"),
    ],
)
def test_authors(author: str, written: str) -> None:
    """A handle becomes a link to GitHub; a name may bring its own address."""
    assert entry({"pipeline.py": PAINTER}, author=author).row.endswith(f"| - | {written} |")


def test_several_files_are_refused_by_name() -> None:
    """A file that the entry imports can not come along; one that it does not import does no harm."""
    files = {"pipeline.py": f"from .helper import x\n{PAINTER}", "helper.py": "x = 1", "unused.py": ""}
    with pytest.raises(CodeError, match=r"takes single files, and pipeline\.py needs helper\.py too") as caught:
        entry(files)
    assert "Hub" in caught.value.next_step
    assert entry({"pipeline.py": PAINTER, "unused.py": ""}).file


def test_code_that_does_not_fit() -> None:
    """No pipeline, no possible name, no author."""
    with pytest.raises(NoClass, match="no pipeline class"):
        entry({"pipeline.py": "x = 1"})
    with pytest.raises(OptionError, match="can't be the name"):
        entry({"pipeline.py": PAINTER}, name="long-prompt")
    with pytest.raises(OptionError, match="author"):
        entry({"pipeline.py": PAINTER}, author=" ")


def test_what_the_guide_asks_of_code() -> None:
    """What only works under Gremio, or is not saved, is told before a reviewer does."""
    silent = PAINTER.replace("self.register_modules(unet=unet, scheduler=scheduler)", "self.unet = unet")
    assert any("register_modules" in note for note in entry({"pipeline.py": silent}).notes)
    old = PAINTER.replace("import torch\n", "from ...utils.torch_utils import randn_tensor\n")
    assert any("diffusers.utils.torch_utils.randn_tensor by now" in note for note in entry({"pipeline.py": old}).notes)


def test_anchors_are_those_of_github() -> None:
    """Lower case, hyphens, no punctuation; letters of any alphabet stay."""
    assert anchor("Señal de Paso (v1.1)") == "señal-de-paso-v11"
