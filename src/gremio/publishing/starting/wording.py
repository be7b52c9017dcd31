"""The parts of a pipeline's template that depend on its family: parameters, what they mean, how a test calls it."""

from __future__ import annotations

from collections.abc import Iterator

from gremio.publishing.starting.families import Family


def values(family: Family) -> dict[str, str]:
    """What is filled in for a family."""
    shape, dims, example = family.latents
    parameters = list(_parameters(family))
    return {
        "base": family.base,
        "title": family.title,
        "model": family.model,
        "shape": shape,
        "dims": str(dims),
        "latents": ", ".join(map(str, example)),
        "thing": family.thing,
        "things": f"{family.thing}s",
        "parameters": _lines(f"{name}: {hint} = {default}," for name, hint, default, _ in parameters),
        "arguments": _lines((f"{name}={name}," for name, *_ in parameters), 12),
        "explanations": _lines((f"{name}: {words}" for name, _, _, words in parameters), 12),
        "mark": _MARK if family.noisy else "",
        **_of_tests(family),
    }


def _parameters(family: Family) -> Iterator[tuple[str, str, str, str]]:
    """Name, annotation, default and explanation."""
    side = "int | None" if family.size[0] is None else "int"
    if family.negative:
        yield "negative_prompt", "str | list[str] | None", "None", "What not to draw."
    yield "height", side, str(family.size[0]), f"Of the {family.thing} in pixels{_trained(family)}."
    yield "width", side, str(family.size[1]), "The same."
    if family.frames:
        yield "num_frames", "int", str(family.frames[0]), "How long the film is."
    yield "num_inference_steps", "int", str(family.steps), "How many steps to take."
    yield "guidance_scale", "float", str(family.guidance), "How closely to follow the prompt."
    yield "generator", _GENERATOR, "None", f"Where the noise is drawn from, for the same {family.thing} again."
    yield "output_type", "str", '"np"' if family.base == "WanPipeline" else '"pil"', "`pil`, `np`, `pt` or `latent`."


_MARK = """# In Diffusers' own scheduler for this family numpy complains of torch.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""
_GENERATOR = "torch.Generator | list[torch.Generator] | None"


def _trained(family: Family) -> str:
    return "; if not given, what the model was trained for" if family.size[0] is None else ""


def _of_tests(family: Family) -> dict[str, str]:
    small = f'"height": {family.small}, "width": {family.small}'
    if not family.frames:
        one = f"draw(pipe).shape == (1, 3, {family.small}, {family.small})"
        return {"small": small, "output": "images", "result": "image", "one": one}
    count = family.frames[1]
    one = f"draw(pipe).shape == (1, {count}, 3, {family.small}, {family.small})"
    return {"small": f'{small}, "num_frames": {count}', "output": "frames", "result": "frames", "one": one}


def _lines(lines: Iterator[str], indent: int = 8) -> str:
    return "\n".join(" " * indent + line for line in lines)
