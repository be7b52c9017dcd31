"""From code, and what people wrote of it, to an entry."""

from __future__ import annotations

import shlex

import pytest
from tests.catalog.pages import PAGE, PAINTER, WALKER

from gremio.catalog.entry import Example, Needed
from gremio.catalog.examples import Subject, example_of, found_in
from gremio.catalog.kinds import family_of, tasks_of
from gremio.catalog.markdown import plain_text, sections, shortened
from gremio.catalog.reading import About, read_entry
from gremio.catalog.readme import of_card, of_folder
from gremio.code import CodeTree, Origin
from gremio.code.review import ComponentSlot, Parameter


def _read(text: str, name: str = "painter", **about):
    tree = CodeTree({f"{name}.py": text.encode()}, f"{name}.py", Origin("mirror", "m", "1" * 40))
    return read_entry(tree, About(name, "mirror", name, **about))


def test_what_people_wrote_and_what_the_code_says_are_joined():
    """Title, description, credits and pictures are of the page; the rest is read from the code."""
    entry = _read(PAINTER, told=of_folder(PAGE, ["painter", "walker"])["painter"])
    assert (entry.title, entry.description) == ("Castle Painter", "Paints castles over pictures.")
    assert entry.authors == ("Maria Castaño", "Ana")
    assert (entry.tasks, entry.family, entry.kind) == (
        ("text-to-image", "inpainting", "image-to-image"),
        "stable-diffusion-xl",
        "pipeline",
    )
    assert entry.arguments == ("prompt", "num_inference_steps", "strength", "generator", "mask_image")
    assert {"vae", "unet", "text_encoder_2"} <= set(entry.components)
    assert entry.packages == (Needed("no_such_package", "no-such-package"),)
    assert (entry.licence, entry.model) == ("apache-2.0", "maria/castles")
    assert entry.pictures == ("https://example.org/castle.png",)


def test_its_own_example_becomes_a_command_that_means_the_same():
    """Texts, numbers and the seed are options; quotes survive a shell."""
    example = _read(PAINTER, told=of_folder(PAGE, ["painter"])["painter"]).example
    assert (example.kind, example.made_from) == ("command", "README")
    assert shlex.split(example.text) == [
        *("gremio", "run", "painter", "--model", "maria/castles", "--prompt", "a 'red' castle"),
        *("--set", "strength=0.25", "--steps", "4", "--seed", "7"),
    ]


def test_what_a_command_cannot_say_is_python_that_loads_by_gremio():
    """The class of the file is loaded by the file's name; without a page the docstring speaks."""
    entry = _read(WALKER, "walker")
    assert entry.example == Example(
        "python",
        "from gremio import DiffusionPipeline\n"
        "import torch\n"
        "pipe = DiffusionPipeline.from_pretrained('maria/walks', custom_pipeline='walker', torch_dtype=torch.float16)"
        ".to('cuda')\n"
        "video = pipe('a castle', num_frames=8, guide=pipe.guide()).frames[0]\n",
        "docstring",
    )
    assert (entry.description, entry.tasks, entry.family) == (
        "Pipeline for text-to-video generation.",
        ("text-to-video",),
        "wan",
    )


def test_what_changes_on_the_way_is_no_value():
    """A list that is filled later is not empty, and a name that is assigned twice is neither."""
    load = "pipe = DiffusionPipeline.from_pretrained('maria/walks', custom_pipeline='walker')\n"
    subject = Subject("walker", frozenset({"walker"}), "W", (Parameter("prompt", "", None, "positional", True),))
    for lines in ("a = []\na.append('x')", "a = 'x'\na = 'y'", "a = ['x']\na[0] = 'y'", "a = 'x'\nfor a in 'yz': pass"):
        assert [use.values for _, use in found_in(subject, [("README", f"{load}{lines}\npipe(a)")])] == [None]
    assert [use.values for _, use in found_in(subject, [("README", f"{load}a = 'x'\npipe(a)")])] == [{"prompt": "x"}]


@pytest.mark.parametrize(
    "line",
    [
        "pipe('a', guide=undefined)",
        "pipe('a', nothing_like_it=1, guide=pipe.x)",
        "pipe('a', guide=Image.open('mine.png'))",
        "pipe('a', guide=eval('1'))",
        "import os; pipe('a', guide=os.system('true'))",
        "from somewhere import x; pipe('a', guide=x)",
        "pipe('a', guide=load_image('./mine.png'))",
        "from diffusers import NothingLikeIt as N; pipe('a', guide=N)",
        "1 +",
    ],
)
def test_an_example_that_would_not_work_as_printed_is_left_out(line):
    """Names without a meaning, arguments that the call lacks, files that nobody has, packages that few have."""
    parameters = tuple(Parameter(name, "", None, "positional", name == "prompt") for name in ("prompt", "guide"))
    subject = Subject("walker", frozenset({"walker"}), "WalkerPipeline", parameters)
    load = "from PIL import Image\nfrom diffusers import DiffusionPipeline\nfrom diffusers.utils import load_image\n"
    load += "pipe = DiffusionPipeline.from_pretrained('maria/walks', custom_pipeline='walker')\n"
    assert example_of(subject, found_in(subject, [("README", f"{load}pipe('a', guide=pipe.x)")]))
    assert example_of(subject, found_in(subject, [("README", load + line)])) is None


@pytest.mark.parametrize(
    ("types", "bases", "names", "model", "family"),
    [
        (["ChatGLMModel", "UNet2DConditionModel"], ["DiffusionPipeline"], ["KolorsXLPipeline"], "", "kolors"),
        (["FluxTransformer2DModel"], [], ["Thing"], "", "flux"),
        ([], ["StableDiffusionXLPipeline"], ["Painter"], "", "stable-diffusion-xl"),
        (["UNet2DConditionModel", "CLIPTextModel"], ["DiffusionPipeline"], ["Painter"], "", "stable-diffusion"),
        ([], [], ["StableDiffusion3DPipeline"], "", "stable-diffusion"),
        ([], [], ["Thing"], "stabilityai/sdxl-turbo", "stable-diffusion-xl"),
        ([], [], ["Swan", "Plan9"], "google/ddpm-cifar10-32", ""),
    ],
)
def test_families_are_told_by_types_then_names_then_the_model(types, bases, names, model, family):
    """Where nothing tells, it is unknown."""
    slots = [ComponentSlot(f"part_{number}", (f"diffusers.{name}",), False) for number, name in enumerate(types)]
    assert family_of(slots, bases, names, model) == family


@pytest.mark.parametrize(
    ("call", "names", "card", "tasks"),
    [
        ("prompt", ["Thing"], "", ("text-to-image",)),
        ("prompt image mask_image", ["thing_inpaint"], "", ("inpainting", "image-to-image")),
        ("prompt init_image", ["lpw"], "", ("text-to-image", "image-to-image")),
        ("prompt image", ["thing_controlnet"], "", ("text-to-image", "image-to-image")),
        ("prompt", ["Upscaler"], "image-to-image", ("image-to-image", "upscaling")),
        ("prompt num_frames", ["Wan"], "", ("text-to-video",)),
        ("models alpha", ["CheckpointMerger"], "", ()),
    ],
)
def test_tasks_are_told_by_the_card_then_names_then_the_call(call, names, card, tasks):
    """The main one first; none where nothing tells."""
    parameters = [Parameter(name, "", "None", "positional", False) for name in call.split()]
    assert tasks_of(parameters, [], names, card=card) == tasks


def test_a_file_is_found_on_the_page_by_what_names_it():
    """By its code, by a title that is its name, by words of its name that one row alone has; else not at all."""
    page = PAGE + "\n### Castle Walk Pipeline\n\nThis one walks through all of the castles.\n"
    page = page.replace(
        "\n## Examples", "| Misty moors (MM) | Mist over moors. | [x](#x) | - | [Eva](https://e) |\n\n## E"
    )
    told = of_folder(page, ["painter", "castle_walk", "pipeline_misty_moors", "pipeline_misty_flux", "other"])
    assert told["castle_walk"].description == "This one walks through all of the castles."
    assert told["pipeline_misty_moors"].authors == ("Eva",)
    assert told.keys() == {"painter", "castle_walk", "pipeline_misty_moors"}


def test_markdown_is_taken_apart():
    """Code is no heading, marks and tags are no text, long texts end with a sentence."""
    found = sections("---\n# One\n```\n# two\n```\n## *Three* <b>3</b> ![x](y)\ntext")
    assert [each.title for each in found] == ["", "One", "Three 3"]
    assert plain_text("[![b](https://x/b.svg)](https://x) see <https://example.org> &amp; `more`") == (
        "see https://example.org & more"
    )
    assert shortened("One. " * 200).endswith("One.")
    assert of_card("---\nlicense: mit\n---\n# A *title*\n\nIt paints all of the castles.\n").title == "A title"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def (:", "not Python"),
        ("x = 1", "defines no"),
        (f"x = {'-' * 5000}1", "nested too deeply"),
        ("class A(DiffusionPipeline): pass\nclass B(DiffusionPipeline): pass", "has several"),
    ],
)
def test_code_that_cannot_be_read_is_an_entry_with_the_reason(text, problem):
    """A catalogue with a broken file in it is still a catalogue."""
    entry = _read(text, "broken")
    assert problem in entry.problem
    assert entry.digest


def test_what_code_would_do_is_counted():
    """Each finding of the review by its code; what a person has to look at apart."""
    entry = _read("import os, urllib.request\nos.system('x')\nurllib.request.urlopen('https://example.org')\n")
    assert any(code.startswith("process/") for code in entry.grave)
    assert any(code.startswith("network/") for code in entry.findings)
