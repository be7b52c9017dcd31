"""A form from any signature, and what it means when it is filled in."""

from pathlib import Path

import pytest
from PIL import Image

from gremio.code.review import Parameter as ReadParameter
from gremio.errors import OptionError
from gremio.running.calls import CallSignature, build
from gremio.running.form import Form, fill
from gremio.running.form.limits import choices, limits

DOCSTRING = """Draw.

Args:
    strength (`float`, *optional*, defaults to 0.8):
        How much changes. Must be between 0 and 1.
    mode (`str`, *optional*, defaults to "fast"):
        How to draw. Choose between `fast` and `good`.
"""


def form(*parameters: str, docstring: str = DOCSTRING) -> Form:
    """Of ``"name: annotation = default"``; what has no default is required."""
    read = []
    for text in parameters:
        left, equals, default = text.partition(" = ")
        name, _, annotation = left.partition(": ")
        read.append(ReadParameter(name, annotation, default or None, "positional", not equals))
    return Form.of(CallSignature.read("Pipeline", read, docstring))


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [
        ("prompt: str | list[str]", "prompt"),
        ("negative_prompt: Optional[Union[str, List[str]]] = None", "prompt"),
        ("prompt = None", "prompt"),
        ("prompt: list[str] | list[list[str]]", "prompt"),
        ("image: PipelineImageInput = None", "picture"),
        ("image: Union[torch.FloatTensor, PIL.Image.Image]", "picture"),
        ("image: torch.FloatTensor = None", "picture"),
        ("mask_image: PipelineImageInput = None", "mask"),
        ("multiple_images: list[PIL.Image.Image]", "pictures"),
        ("frames: list[PIL.Image.Image]", "video"),
        ("video_path: str", "video"),
        ("guidance_scale: float = 7.5", "number"),
        ("eta = 0.5", "number"),
        ("num_inference_steps: int = 50", "integer"),
        ("clip_skip: Optional[int] = None", "integer"),
        ("mode: Literal['a', 'b'] = 'a'", "choice"),
        ("output_type: str = 'pil'", "choice"),
        ("flag: bool = False", "boolean"),
        ("flag: Optional[bool] = None", "choice"),
        ("sigmas: List[float] = None", "list"),
        ("original_size: Tuple[int, int] = None", "list"),
        ("boxes = [[0, 0, 1, 1]]", "list"),
        ("cross_attention_kwargs: Optional[Dict[str, Any]] = None", "json"),
        ("something = None", "json"),
        ("name: str = 'x'", "text"),
    ],
)
def test_every_kind_of_parameter_gets_the_control_that_fits(parameter: str, kind: str) -> None:
    """By its annotation, its default, and what its name means everywhere."""
    [control] = form(parameter).controls
    assert control.kind == kind


@pytest.mark.parametrize(
    ("parameter", "why"),
    [
        ("latents: torch.FloatTensor = None", "a tensor"),
        ("prompt_embeds = None", "a tensor"),
        ("ip_adapter_image_embeds: PipelineImageInput = None", "a tensor"),
        ("callback_on_step_end: Callable[[int], None] = None", "a function"),
        ("callback_steps: int = 1", "goes with a function"),
        ("scorer: torch.nn.Module = None", "a torch.nn.Module"),
    ],
)
def test_what_no_form_can_hold_is_named(parameter: str, why: str) -> None:
    """With the reason, and it has no control."""
    found = form(parameter)
    assert (found.controls, found.left_out[0].why) == ((), why)
    assert not found.lacking
    assert bool(found.tensors) == (why == "a tensor")


def test_a_form_says_what_it_lacks() -> None:
    """A call that needs a function can't be made by any form; one that needs a tensor takes a file."""
    found = form("prompt: str", "measurement: torch.Tensor", "loss: Callable")
    assert [each.name for each in found.lacking] == ["loss"]
    assert [each.name for each in found.tensors] == ["measurement"]


def test_what_matters_comes_first_and_the_seed_is_a_field_of_its_own() -> None:
    """Prompts, then pictures, then numbers; a generator is what the seed fills."""
    found = form("eta = 0.0", "width: int = 64", "generator = None", "image: PIL.Image.Image", "prompt: str = ''")
    assert [each.name for each in found.main] == ["prompt", "image", "width"]
    assert ([each.name for each in found.more], found.seed) == (["eta"], "generator")


def test_a_mask_is_drawn_on_the_main_picture() -> None:
    """And on none where there are two that could be meant."""
    assert (
        form("image: PIL.Image.Image", "mask_image: PIL.Image.Image", "prompt: str").get("mask_image").over == "image"
    )
    assert form("style: PIL.Image.Image", "depth: PIL.Image.Image", "mask: PIL.Image.Image").get("mask").over == ""


def test_ranges_and_choices_come_from_the_docstring() -> None:
    """The range of a number, the words to choose from."""
    strength, mode = form("strength: float = 0.8", "mode: str = 'fast'").controls
    assert (strength.least, strength.most, strength.tip) == (0, 1, "How much changes. Must be between 0 and 1.")
    assert (mode.kind, mode.choices) == ("choice", ("fast", "good"))


@pytest.mark.parametrize(
    ("text", "default", "ends"),
    [
        ("Must be between 0 and 1.", 0.8, (0, 1)),
        ("must be between `0.0` and `1.0`, larger is stronger", None, (0, 1)),
        ("A value in the range [0, 1].", 0.5, (0, 1)),
        ("Share of the steps, in (0, 1]; less keeps more.", 1.0, (0, 1)),
        ("Should be at least 3 frames", 8, (3, None)),
        ("must be non-negative", 1, (0, None)),
        ("Between 0 and 1, it must be.", 7.5, (None, None)),
        ("Interpolates between 1 and 2 prompts", 4, (None, None)),
        ("The paper uses 0.5.", 0.5, (None, None)),
    ],
)
def test_a_range_is_what_the_text_says_and_the_default_allows(text: str, default: object, ends: object) -> None:
    """A range that the code's own default breaks is about something else."""
    found = limits(text, default)
    assert (found.least, found.most) == ends


def test_words_that_do_not_hold_the_default_are_no_choices() -> None:
    """They are examples of something."""
    assert choices("Choose between `PIL.Image` or `np.array`.", "pil") == ()


def test_what_is_filled_in_becomes_what_gremio_run_takes(tmp_path: Path) -> None:
    """Options by their names, the rest as settings, pictures as files; what is untouched is left to the code."""
    picture = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(picture)
    found = form(
        "prompt: str | list[str]",
        "num_inference_steps: int = 50",
        "guidance_scale: float = 7.5",
        "flag: bool = False",
        "sigmas: list[float] = None",
        "image: PIL.Image.Image = None",
        "name: str = 'x'",
    )
    values = {
        "prompt": "a fox",
        "num_inference_steps": 20.0,
        "guidance_scale": 7.5,
        "flag": True,
        "sigmas": "[1, 0.5]",
        "image": [picture],
        "name": "@/etc/passwd",
    }
    filled = fill(found, values)
    assert filled.options == {"prompt": "a fox", "steps": 20}
    assert filled.settings == {"flag": "true", "sigmas": "[1, 0.5]", "name": "@@/etc/passwd"}
    called = build(found.signature, **filled.given())
    assert called.pop("image").size == (4, 4)
    assert called == {
        "prompt": "a fox",
        "num_inference_steps": 20,
        "flag": True,
        "sigmas": [1, 0.5],
        "name": "@/etc/passwd",
    }


def test_several_lines_are_several_prompts_where_the_call_takes_them() -> None:
    """And one text where it takes one."""
    several = fill(form("prompt: str | list[str]"), {"prompt": "a fox\na hen\n"})
    assert several.settings == {"prompt": '["a fox", "a hen"]'}
    rows = fill(form("prompt: list[list[str]]"), {"prompt": '[["a fox"], ["a hen"]]'})
    assert rows.settings == {"prompt": '[["a fox"], ["a hen"]]'}
    assert fill(form("prompt: str"), {"prompt": "a fox\na hen"}).options == {"prompt": "a fox\na hen"}


@pytest.mark.parametrize(
    ("parameter", "nonsense"),
    [
        ("guidance_scale: float = 7.5", "much"),
        ("guidance_scale: float = 7.5", float("nan")),
        ("num_inference_steps: int = 50", -3),
        ("num_inference_steps: int = 50", 2.5),
        ("clip_skip: Optional[int] = None", "1e999"),
        ("sigmas: list[float] = None", "[1, 'x'"),
        ("sigmas: list[float] = None", '{"a": 1}'),
        ("original_size: Tuple[int, int] = None", "[1]"),
        ("kwargs_: dict = None", "[1]"),
        ("mode: Literal['a', 'b'] = 'a'", "c"),
        ("flag: Optional[bool] = None", "perhaps"),
        ("image: PIL.Image.Image = None", ["/nowhere.png"]),
        ("prompt: str", ""),
    ],
)
def test_nonsense_is_refused_as_gremio_run_refuses_it(parameter: str, nonsense: object) -> None:
    """With an error that names the parameter, before anything is loaded."""
    found = form(parameter)
    with pytest.raises(OptionError) as refused:
        fill(found, {found.controls[0].name: nonsense}).check(found.signature)
    name = found.controls[0].name
    assert name in str(refused.value) or "--steps" in str(refused.value) or "/nowhere" in str(refused.value)


def test_values_go_over_to_another_pipeline_as_far_as_it_takes_them() -> None:
    """And what it does not take is told."""
    filled = fill(form("prompt: str", "tile: str = 'x'", "eta: float = 0.0"), {"prompt": "a", "tile": "y", "eta": 1.0})
    kept, lost = filled.for_another(form("prompt: str", "eta: float = 0.0").signature)
    assert (kept.options, kept.settings, lost) == ({"prompt": "a"}, {"eta": "1.0"}, ("tile",))
