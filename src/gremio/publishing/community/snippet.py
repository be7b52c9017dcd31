"""A snippet that shows how a pipeline is called, made from its signature and from what it returns."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from gremio.code import CodeTree
from gremio.code.review import Parameter, Review
from gremio.code.review.classes import ClassReader
from gremio.code.syntax.parsing import dotted

MODEL = "owner/model"
_PROMPT = '"a lighthouse at dusk, oil on canvas"'
_STEPS = ("num_inference_steps",)
_ONE_IMAGE = re.compile(r"(^|_)(image|img|picture)$")
_MASK = re.compile(r"(^|_)mask(_image)?$|^map$")
_IMAGES_FIRST = frozenset({"ImagePipelineOutput", "StableDiffusionPipelineOutput", "StableDiffusionXLPipelineOutput"})


@dataclass(frozen=True)
class Snippet:
    """The snippet, the arguments that still need a value, and the pictures that it could be given but is not."""

    source: str
    open: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def snippet(tree: CodeTree, review: Review, *, name: str, base_model: str) -> Snippet:
    """Load by name, call with what is required, and save what comes back."""
    optional = ("prompt", *_STEPS) if any(p.name == "prompt" for p in review.call) else ("image", *_STEPS)
    shown = [p for p in review.call if p.required or p.name in optional]
    left_out = tuple(p.name for p in review.call if p not in shown and _is_picture(p.name))
    values = {p.name: _value(p) for p in shown}
    helpers = []
    result = _returned(tree, review)
    if result == "frames":
        helpers.append("export_to_video")
    if any(value.startswith("load_image") for value in values.values()):
        helpers.append("load_image")
    lines = ["import torch", "from diffusers import DiffusionPipeline"]
    lines += [f"from diffusers.utils import {', '.join(helpers)}"] if helpers else []
    lines += ["", "pipe = DiffusionPipeline.from_pretrained("]
    lines += [f'    "{base_model or MODEL}", custom_pipeline="{name}", dtype=torch.float16', ")", 'pipe.to("cuda")', ""]
    lines.append(f"output = pipe({'' if shown else ')'}")
    lines += [f"    {_argument(p, values[p.name])}" for p in shown]
    lines += [")"] if shown else []
    if result == "images":
        lines.append(f'output.images[0].save("{name}.png")')
    elif result == "frames":
        lines.append(f'export_to_video(output.frames[0], "{name}.mp4")')
    return Snippet("\n".join(lines) + "\n", tuple(p.name for p in shown if values[p.name] == "..."), left_out)


def _is_picture(name: str) -> bool:
    return bool(_ONE_IMAGE.search(name) or _MASK.search(name))


def _argument(parameter: Parameter, value: str) -> str:
    written = f"{value}," if parameter.kind == "positional_only" else f"{parameter.name}={value},"
    wanted = f"  # {' '.join(parameter.annotation.split())}" if value == "..." and parameter.annotation else ""
    return written + wanted


def _value(parameter: Parameter) -> str:
    """A value that is right whatever the pipeline does; ``...`` where only its author knows one."""
    name = parameter.name
    if name in ("prompt", "prompts"):
        return _PROMPT if name == "prompt" or not parameter.annotation.startswith(("list", "List")) else f"[{_PROMPT}]"
    if name == "num_inference_steps":
        return parameter.default if parameter.default and parameter.default.isdigit() else "30"
    if _is_picture(name):
        return f'load_image("{name}.png")'
    return "..."


def own_method(tree: CodeTree, review: Review, name: str) -> ast.FunctionDef | None:
    """A method that the pipeline's class itself defines."""
    node = ClassReader(tree).nodes(tree.entry).get(review.class_name or "")
    methods = (item for item in (node.body if node else ()) if isinstance(item, ast.FunctionDef))
    return next((item for item in methods if item.name == name), None)


def _returned(tree: CodeTree, review: Review) -> str:
    """The field of the output that the class's own ``__call__`` fills: ``images``, ``frames`` or nothing known."""
    call = own_method(tree, review, "__call__")
    returns = [node.value for node in ast.walk(call) if isinstance(node, ast.Return)] if call else []
    for made in reversed([value for value in returns if isinstance(value, ast.Call)]):
        named = {keyword.arg for keyword in made.keywords} & {"images", "frames"}
        if named:
            return str(named.pop())
        if dotted(made.func).rpartition(".")[2] in _IMAGES_FIRST and made.args:
            return "images"
    return ""
